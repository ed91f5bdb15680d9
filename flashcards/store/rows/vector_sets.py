"""Vector sets: their columns as Arrow has them, and how PostgreSQL records them."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

from flashcards.store.rows.schema import TableSpec
from flashcards.store.values import VectorSet, VectorSets
from memoryloop.embeddings.builtin import BuiltIn

# The column of the first model, of a time when there was only one; those of others have a number.
_FIRST_COLUMN = "embedding"


def field(of: VectorSet) -> pa.Field:
    """Return the column of a set.

    float16 finds the same neighbours as float32 in half the time where all vectors are compared.
    """
    number = pa.float32() if of.column == _FIRST_COLUMN else pa.float16()
    return pa.field(of.column, pa.list_(number, of.dimensions), nullable=True)


def first() -> VectorSets:
    """Return the sets of a store that was never written: the built-in model's."""
    column = f"{_FIRST_COLUMN}_1"
    serving = VectorSet(BuiltIn.name, BuiltIn.name, BuiltIn.dimensions, column, BuiltIn.unrelated)
    return VectorSets(serving, made=1)


def from_json(value: str | bytes | Mapping[str, Any] | None) -> VectorSets:
    """Return what PostgreSQL keeps, parsed or not; of a store that was never written, `first`."""
    if isinstance(value, str | bytes):
        return _parsed(value)
    return _made(value or {})


@functools.lru_cache(maxsize=8)
def _parsed(text: str | bytes) -> VectorSets:
    return _made(orjson.loads(text))


def _made(value: Mapping[str, Any]) -> VectorSets:
    if not value:
        return first()
    coming = value["coming"]
    return VectorSets(
        VectorSet(**value["serving"]),
        None if coming is None else VectorSet(**coming),
        tuple(value["given_up"]),
        tuple((column, since) for column, since in value["retired"]),
        value["made"],
    )


def no_rows(spec: TableSpec, columns: Sequence[str], sets: VectorSets) -> pa.Table:
    """Return an empty table of these columns, those of vectors among them."""
    vectors = {each.column: field(each) for each in sets.filled}
    return pa.schema([vectors.get(n) or spec.schema.field(n) for n in columns]).empty_table()
