"""The query over the rows of LanceDB and the images of the journal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from flashcards.store.journal.pending import read_pending
from flashcards.store.lance import sql, tables
from flashcards.store.lance.stored import table_of
from flashcards.store.pending import Pending
from flashcards.store.queries.record_query import RecordQuery
from flashcards.store.rows import codec
from flashcards.store.rows.schema import EVERYTHING

R = TypeVar("R")
# Rows in memory at a time while a table is read from its beginning to its end.
STREAMED_ROWS = 2_000


class LanceQuery(RecordQuery[R]):
    """Records of one owner.

    It reads what LanceDB held at the last checkpoint and lays the journal's pending images over it,
    so a learner sees their own writes at once. Costs one SQL query and one LanceDB read.
    """

    def _stream(self) -> Iterator[dict[str, Any]]:
        wanted, spec = self.wanted, self.wanted.spec
        pending = read_pending(wanted.owner_id)
        fresh = wanted.fresh(pending)
        yield from codec.to_plain(codec.to_table(spec, fresh, names=spec.columns))
        table = table_of(spec, wanted.owner_id, pending)
        if table is None:
            return
        where = self._where(pending, wanted.overlay(pending))
        scan = table.query().where(where).select(spec.columns).limit(EVERYTHING)
        for batch in tables.stream(scan, STREAMED_ROWS):
            yield from codec.to_plain(pa.Table.from_batches([batch]).select(spec.columns))

    def _count_all(self) -> int:
        wanted = self.wanted
        pending = read_pending(wanted.owner_id)
        overlay = wanted.overlay(pending)
        total = len(wanted.fresh(pending))
        table = table_of(wanted.spec, wanted.owner_id, pending)
        if table is not None:
            total += tables.wait_for(table.count_rows(self._where(pending, overlay)))
        return total

    def _arrow(self, columns: Sequence[str], *, ordered: bool) -> pa.Table:
        wanted, spec = self.wanted, self.wanted.spec
        order_by = wanted.order if ordered else ()
        needed = list(dict.fromkeys([*columns, *(f.lstrip("-") for f in order_by)]))
        schema = pa.schema([spec.schema.field(name) for name in needed])
        pending = read_pending(wanted.owner_id)
        overlay = wanted.overlay(pending)
        parts = [codec.to_table(spec, wanted.fresh(pending), names=needed)]
        table = table_of(spec, wanted.owner_id, pending)
        if table is not None:
            # Rows with a newer image leave here: LanceDB would compare each id with each.
            scan = table.query().where(self._where(pending, {})).limit(EVERYTHING)
            rows = tables.fetch(scan.select([*{"id", *needed}]))
            newer = pc.is_in(rows["id"], pa.array(map(str, overlay), pa.string()))
            parts.append(rows.filter(pc.invert(newer)).select(needed).cast(schema))
        merged = pa.concat_tables(parts)
        if not ordered:
            return merged.select(columns)
        order = pc.sort_indices(merged, sort_keys=[_arrow_key(n) for n in order_by])
        return merged.take(order).slice(wanted.offset, wanted.limit).select(columns)

    def _fetch(self) -> list[R]:
        wanted = self.wanted
        pending = read_pending(wanted.owner_id)
        overlay = wanted.overlay(pending)
        rows = wanted.fresh(pending)
        # Rows of LanceDB that precede the page whichever of the pending ones precede it too.
        passed = 0 if wanted.limit is None else max(wanted.offset - len(rows), 0)
        table = table_of(wanted.spec, wanted.owner_id, pending)
        if table is not None:
            rows += self._base_rows(table, pending, overlay, passed)
        rows = self._ordered(rows)
        start = wanted.offset - passed
        stop = None if wanted.limit is None else start + wanted.limit
        return rows[start:stop]

    def _base_rows(
        self, table: Any, pending: Pending, overlay: Mapping[UUID, Any], passed: int
    ) -> list[R]:
        wanted = self.wanted
        scan = table.query().select(wanted.spec.whole)
        if key := wanted.key:
            # The few rows of a key are judged here: an index of owners would first bring all of
            # theirs, which takes longer than reading the rows.
            found = codec.from_table(
                wanted.spec, tables.fetch(scan.where(sql.where(key)).limit(EVERYTHING))
            )
            rows = [
                row
                for row in found
                if row.id not in overlay and not _is_gone(row, pending) and wanted.matches(row)
            ]
            return self._ordered(rows)[passed:] if passed else rows
        scan = scan.where(self._where(pending, overlay))
        if wanted.limit is not None:
            # Pending rows may push some of these off the page, never pull later ones onto it.
            names = (name.lstrip("-") for name in self.wanted.order)
            # LanceDB 0.40 cannot sort a page by columns that are not read.
            scan = scan.select(list(dict.fromkeys([*wanted.spec.whole, *names])))
            scan = scan.order_by([tables.ordering(name) for name in self.wanted.order])
        stop = EVERYTHING if wanted.limit is None else wanted.offset + wanted.limit
        return codec.from_table(wanted.spec, tables.fetch(scan.limit(stop - passed).offset(passed)))

    def _where(self, pending: Pending, overlay: Mapping[UUID, Any]) -> str:
        return sql.where(*self.wanted.stored_conditions(pending, overlay))

    def _ordered(self, rows: Iterable[R]) -> list[R]:
        ordered = list(rows)
        for name in reversed(self.wanted.order):
            field, descending = name.lstrip("-"), name.startswith("-")
            ordered.sort(key=_sort_key(field), reverse=descending)
        return ordered


def _is_gone(row: Any, pending: Pending) -> bool:
    """Tell whether a stored row is of an owner or a card that is being erased."""
    card_id = getattr(row, "flashcard_id", row.id)
    return row.owner_id in pending.erased or card_id in pending.erased_cards


def _arrow_key(name: str) -> tuple[str, str, str]:
    """Return Arrow's form of `due` or `-due`. Missing values are the smallest."""
    if name.startswith("-"):
        return name[1:], "descending", "at_end"
    return name, "ascending", "at_start"


def _sort_key(field: str) -> Any:
    """Return a key that puts missing values first and orders ids as their text."""

    def key(record: Any) -> tuple[bool, Any]:
        value = getattr(record, field)
        if value is None:
            return False, 0
        return True, str(value) if isinstance(value, UUID) else value

    return key
