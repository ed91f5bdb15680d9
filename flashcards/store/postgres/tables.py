"""The tables of the PostgreSQL engine: their columns as Arrow has them, and whole records."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
from django.db import connection

from flashcards.domain.records import Flashcard
from flashcards.models import CardRow, ReviewRow
from flashcards.store.postgres import row_records, sql
from flashcards.store.rows import vector_sets
from flashcards.store.rows.filters import Expression, condition
from flashcards.store.rows.schema import FLASHCARDS, TableSpec
from flashcards.store.values import VectorSets

TABLES = {"flashcards": CardRow._meta.db_table, "review_logs": ReviewRow._meta.db_table}
# As it is sent in binary: as text a vector of 896 numbers takes fifty times as long.
_VECTOR = """(
    SELECT halfvec_send(v.vector) FROM flashcards_cardvector v
    WHERE v.card_id = flashcards_flashcard.id AND v."column" = '{column}'
)"""
# As every time has microseconds, this is exact.
_MICROS = "(extract(epoch FROM {name}) * 1000000)::int8"


def read(
    spec: TableSpec,
    columns: Sequence[str],
    conditions: Sequence[Expression],
    sets: VectorSets,
    *,
    more: str = "",
    values: Sequence[Any] = (),
) -> pa.Table:
    """Return columns of the rows for which the conditions hold, in the types of the spec's schema.

    `more` is what comes behind the conditions in SQL, with its `values`. A column of vectors may be
    among the columns. One SQL query.
    """
    schema = vector_sets.no_rows(spec, columns, sets).schema
    text, found = _select(spec, schema, conditions, more)
    with connection.cursor() as cursor:
        cursor.execute(text, [*found, *values])
        return _to_arrow(schema, cursor.fetchall())


def stream(
    spec: TableSpec, conditions: Sequence[Expression], sets: VectorSets, rows: int
) -> Iterator[pa.Table]:
    """Yield all columns of the rows, at most so many rows at a time, as of one moment."""
    schema = vector_sets.no_rows(spec, spec.columns, sets).schema
    text, values = _select(spec, schema, conditions, "")
    with connection.chunked_cursor() as cursor:
        cursor.execute(text, values)
        while found := cursor.fetchmany(rows):
            yield _to_arrow(schema, found)


def records(
    spec: TableSpec,
    conditions: Sequence[Expression],
    *,
    more: str = "",
    values: Sequence[Any] = (),
) -> list[Any]:
    """Return the records of the rows for which the conditions hold. One SQL query."""
    text, found = _select_names(spec, row_records.names(spec), conditions, more)
    with connection.cursor() as cursor:
        cursor.execute(text, [*found, *values])
        return row_records.from_rows(spec, cursor.fetchall())


def changed(
    spec: TableSpec, owner_id: UUID, after: int, until: int, most: int
) -> list[tuple[int, Any]]:
    """Return an owner's records whose row is of a change after one and up to another, with its
    number, oldest first.
    """
    more = "AND revision > %s AND revision <= %s ORDER BY revision LIMIT %s"
    names = [*row_records.names(spec), "revision"]
    text, values = _select_names(spec, names, [condition(spec, "owner_id", owner_id)], more)
    with connection.cursor() as cursor:
        cursor.execute(text, [*values, after, until, most])
        rows = cursor.fetchall()
    numbers = [row[-1] for row in rows]
    return list(zip(numbers, row_records.from_rows(spec, (row[:-1] for row in rows)), strict=True))


def cards_with(owner_id: UUID, ids: Collection[UUID]) -> list[Flashcard]:
    """Return the owner's cards with these ids, also those in the trash. One SQL query."""
    if not ids:
        return []
    wanted = condition(FLASHCARDS, "owner_id", owner_id), condition(FLASHCARDS, "id__in", ids)
    return records(FLASHCARDS, wanted)


def count(spec: TableSpec, conditions: Sequence[Expression]) -> int:
    """Return how many rows there are for which the conditions hold. One SQL query."""
    text, values = sql.where(*conditions)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {TABLES[spec.name]} WHERE {text}", values)  # noqa: S608 - our own names
        (number,) = cursor.fetchone()
    return int(number)


def order(spec: TableSpec, fields: Sequence[str]) -> str:
    """Return the SQL of an order as `due` or `-due`. Missing values are the smallest."""
    parts = []
    for name in fields:
        field = spec.schema.field(name.lstrip("-"))
        # Ids are in the order of their text.
        is_text = pa.types.is_string(field.type) and field.name not in spec.ids
        bytewise = ' COLLATE "C"' if is_text else ""
        descends = name.startswith("-")
        # Said where nothing is missing, it would keep an index from giving the order.
        missing = (" NULLS LAST" if descends else " NULLS FIRST") if field.nullable else ""
        parts.append(f"{field.name}{bytewise} {'DESC' if descends else 'ASC'}{missing}")
    return f"ORDER BY {', '.join(parts)}"


def _select(
    spec: TableSpec, schema: pa.Schema, conditions: Sequence[Expression], more: str
) -> tuple[str, list[Any]]:
    selected = []
    for field in schema:
        if field.name not in spec.schema.names:
            selected.append(_VECTOR.format(column=field.name))
        elif pa.types.is_timestamp(field.type):
            selected.append(_MICROS.format(name=field.name))
        elif field.name in spec.ids:
            is_list = pa.types.is_list(field.type)
            selected.append(f"{field.name}::text[]" if is_list else f"{field.name}::text")
        else:
            selected.append(field.name)
    # Without a column there is still a row for each.
    return _select_names(spec, selected or ["NULL"], conditions, more)


def _select_names(
    spec: TableSpec, names: Sequence[str], conditions: Sequence[Expression], more: str
) -> tuple[str, list[Any]]:
    text, values = sql.where(*conditions)
    return f"SELECT {', '.join(names)} FROM {TABLES[spec.name]} WHERE {text} {more}", values  # noqa: S608 - as above


def _to_arrow(schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    arrays = [_array(field, values) for field, values in zip(schema, columns, strict=False)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(field: pa.Field, values: Any) -> pa.Array:
    if pa.types.is_timestamp(field.type):
        return pa.array(values, pa.int64()).cast(field.type)
    if pa.types.is_fixed_size_list(field.type):
        return pa.array([None if each is None else _numbers(each) for each in values], field.type)
    if field.name == "memory":
        # Nearly always empty, which Arrow has as null.
        return pa.array([each or None for each in values], field.type)
    return pa.array(values, field.type)


def _numbers(sent: bytes) -> Any:
    """Return (n,) float16 of what pgvector's halfvec_send made, which has two counts before."""
    return np.frombuffer(sent, ">f2", offset=4).astype(np.float16)
