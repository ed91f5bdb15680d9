"""Read everything a query finds once, a few thousand rows at a time, as plain values."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flashcards.store.journal import journal
from flashcards.store.lance import codec, tables
from flashcards.store.lance.schema import EVERYTHING
from flashcards.store.repository.query import Query

_BATCH_ROWS = 2_000
# Arrow makes Python's values in one go, and no request beside it gets a turn meanwhile.
_SLICE_ROWS = 100


def rows(query: Query[Any]) -> Iterator[dict[str, Any]]:
    """Yield each row as a dictionary of JSON values, in no order; times as ISO 8601 in UTC.

    Pending changes are in it. Whatever a learner has, only a batch of it is in memory.
    """
    wanted = query.wanted
    spec, pending = wanted.spec, journal.read(wanted.owner_id)
    yield from _plain(codec.to_table(spec, wanted.fresh(pending)).select(spec.columns))
    table = tables.existing(spec, wanted.version(pending))
    if table is None or wanted.base_is_erased(pending):
        return
    where = wanted.base_filter(pending, wanted.overlay(pending))
    scan = table.search().where(where).select(spec.columns)
    with tables.translate_errors():
        for batch in scan.limit(EVERYTHING).to_batches(_BATCH_ROWS):
            yield from _plain(pa.Table.from_batches([batch]).select(spec.columns))


def _plain(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield rows with times as text, made a column at a time: Python's own times are slow."""
    for number, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            text = pc.strftime(table.column(number), format="%Y-%m-%dT%H:%M:%SZ")
            table = table.set_column(number, field.name, text)
    for start in range(0, table.num_rows, _SLICE_ROWS):
        yield from table.slice(start, _SLICE_ROWS).to_pylist()
