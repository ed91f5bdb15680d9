"""Rows that LanceDB holds of one owner, as Arrow tables, without what is pending."""

from typing import Any
from uuid import UUID

import pyarrow as pa

from flashcards.store.journal.pending import Pending
from flashcards.store.lance import tables, vector_sets
from flashcards.store.lance.filters import Condition, Expression, all_of, condition
from flashcards.store.lance.schema import EVERYTHING, TableSpec


def table_of(spec: TableSpec, owner_id: UUID | None, pending: Pending) -> Any | None:
    """Return LanceDB's table at the recorded version; None where nothing of the owner counts."""
    if owner_id in pending.erased:
        return None
    return tables.existing(spec, pending.version_of(spec), pending.stored.store_id)


def read(
    spec: TableSpec,
    owner_id: UUID,
    pending: Pending,
    columns: list[str],
    *conditions: Expression,
) -> pa.Table:
    """Return columns of the owner's rows for which the conditions hold, in no order. One read."""
    table = table_of(spec, owner_id, pending)
    if table is None:
        return _empty(spec, pending, columns)
    where = all_of([condition(spec, "owner_id", owner_id), *conditions])
    return tables.fetch(table.query().where(where.to_sql()).select(columns).limit(EVERYTHING))


def read_by_key(
    spec: TableSpec, owner_id: UUID, pending: Pending, columns: list[str], key: Condition
) -> pa.Table:
    """Return columns of the few rows of a key, as `id__in`, which the caller knows for theirs.

    The index of owners is not asked: it would bring all of their rows, which takes longer.
    """
    table = None if key.is_empty else table_of(spec, owner_id, pending)
    if table is None:
        return _empty(spec, pending, columns)
    return tables.fetch(table.query().where(key.to_sql()).select(columns).limit(EVERYTHING))


def _empty(spec: TableSpec, pending: Pending, columns: list[str]) -> pa.Table:
    vectors = {each.column: vector_sets.field(each) for each in pending.stored.vectors.filled}
    fields = [vectors.get(name) or spec.schema.field(name) for name in columns]
    return pa.schema(fields).empty_table()
