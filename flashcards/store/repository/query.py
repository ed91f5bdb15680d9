"""The query: lazy as Django's QuerySet, over the rows of LanceDB and the images of the journal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, overload
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Aggregate, F

from flashcards.store.errors import UnknownLookup
from flashcards.store.journal.pending import Pending, read_pending
from flashcards.store.lance import codec, tables
from flashcards.store.lance.filters import (
    Expression,
    Not,
    Or,
    all_of,
    condition,
    declared_field,
    declared_order,
)
from flashcards.store.lance.schema import EVERYTHING, TableSpec
from flashcards.store.repository import stored_rows
from flashcards.store.repository.query_spec import QuerySpec
from flashcards.store.values import Numbers

R = TypeVar("R")
# Rows in memory at a time while a table is read from its beginning to its end.
STREAMED_ROWS = 2_000


class LanceQuery(Generic[R]):
    """Records of one owner: immutable, evaluated when first read, then kept.

    It reads what LanceDB held at the last checkpoint and lays the journal's pending images over it,
    so a learner sees their own writes at once. Costs one SQL query and one LanceDB read.
    """

    def __init__(self, wanted: QuerySpec) -> None:
        self.wanted = wanted
        self._result: list[R] | None = None

    @classmethod
    def of(cls, spec: TableSpec, owner_id: UUID | None) -> "LanceQuery[R]":
        return cls(QuerySpec(spec=spec, owner_id=owner_id))

    @property
    def model(self) -> SimpleNamespace:
        """Return what get_object_or_404 asks of the model of a QuerySet."""
        record = self.wanted.spec.record
        return SimpleNamespace(
            DoesNotExist=record.DoesNotExist, _meta=SimpleNamespace(object_name=record.__name__)
        )

    # Narrowing

    def filter(self, **conditions: Any) -> "LanceQuery[R]":
        """Return the rows for which all conditions hold. Raises UnknownLookup."""
        return self._narrowed(*(condition(self.wanted.spec, k, v) for k, v in conditions.items()))

    def exclude(self, **conditions: Any) -> "LanceQuery[R]":
        """Return the rows for which the conditions do not all hold. Raises UnknownLookup."""
        if not conditions:
            return self._with()
        return self._narrowed(
            Not(all_of(condition(self.wanted.spec, k, v) for k, v in conditions.items()))
        )

    def containing(self, words: Iterable[str]) -> "LanceQuery[R]":
        """Return the cards in whose question, answer or note every word occurs, in any case."""
        columns = ("question", "answer", "extra")
        return self._narrowed(
            *(
                Or(
                    tuple(
                        condition(self.wanted.spec, f"{name}__icontains", word) for name in columns
                    )
                )
                for word in words
            )
        )

    def order_by(self, *fields: str) -> "LanceQuery[R]":
        """Return the rows in this order; `-due` descends. The id decides between equals."""
        for name in fields:
            declared_order(self.wanted.spec, name)
        return self._with(ordering=fields)

    def with_deleted(self) -> "LanceQuery[R]":
        """Return deleted rows too, while they are still in the trash."""
        return self._with(with_deleted=True)

    def none(self) -> "LanceQuery[R]":
        return self._with(nothing=True)

    def all(self) -> "LanceQuery[R]":
        return self._with()

    def _narrowed(self, *conditions: Expression) -> "LanceQuery[R]":
        if self.wanted.offset or self.wanted.limit is not None:
            raise TypeError("Cannot filter a query once a slice has been taken.")
        return self._with(conditions=self.wanted.conditions + conditions)

    def _with(self, **changes: Any) -> "LanceQuery[R]":
        return LanceQuery(replace(self.wanted, **changes))

    # Reading

    def __iter__(self) -> Iterator[R]:
        return iter(self._rows())

    def __len__(self) -> int:
        return len(self._rows())

    def __bool__(self) -> bool:
        return bool(self._rows()) if self._result is not None else self.exists()

    def __repr__(self) -> str:
        return f"<Query of {self.wanted.spec.record.__name__}>"

    @overload
    def __getitem__(self, key: int) -> R: ...
    @overload
    def __getitem__(self, key: slice) -> "LanceQuery[R]": ...
    def __getitem__(self, key: int | slice) -> "R | LanceQuery[R]":
        if isinstance(key, slice):
            return self._sliced(key)
        if key < 0:
            raise ValueError("Negative indexing is not supported.")
        if self._result is not None:
            return self._result[key]
        return self._sliced(slice(key, key + 1))._rows()[0]

    def _sliced(self, part: slice) -> "LanceQuery[R]":
        start, stop = part.start or 0, part.stop
        if part.step is not None or start < 0 or (stop is not None and stop < 0):
            raise ValueError("A query is sliced by a plain range, [5:10].")
        limit = None if stop is None else max(stop - start, 0)
        if self.wanted.limit is not None:
            rest = max(self.wanted.limit - start, 0)
            limit = rest if limit is None else min(limit, rest)
        return self._with(offset=self.wanted.offset + start, limit=limit)

    def first(self) -> R | None:
        """Return the first record, or None."""
        rows = self._sliced(slice(0, 1))._rows()
        return rows[0] if rows else None

    def get(self, **conditions: Any) -> R:
        """Return the one record. Raises DoesNotExist or MultipleObjectsReturned."""
        query = self.filter(**conditions) if conditions else self
        rows = query._sliced(slice(0, 2))._rows()
        record = self.wanted.spec.record
        if not rows:
            raise record.DoesNotExist(f"{record.__name__} matching query does not exist.")
        if len(rows) > 1:
            raise record.MultipleObjectsReturned(f"get() returned more than one {record.__name__}.")
        return rows[0]

    def exists(self) -> bool:
        return bool(self._result) if self._result is not None else self.first() is not None

    def count(self) -> int:
        """Return how many there are, without reading them."""
        if self._result is not None:
            return len(self._result)
        wanted = self.wanted
        if wanted.nothing:
            return 0
        pending = read_pending(wanted.owner_id)
        overlay = wanted.overlay(pending)
        total = len(wanted.fresh(pending))
        table = stored_rows.table_of(wanted.spec, wanted.owner_id, pending)
        if table is not None:
            total += tables.wait_for(table.count_rows(wanted.base_filter(pending, overlay)))
        total = max(total - wanted.offset, 0)
        return total if wanted.limit is None else min(total, wanted.limit)

    def in_bulk(self, ids: Sequence[UUID]) -> dict[UUID, R]:
        """Return the records with these ids, by id; the others are absent."""
        return {row.id: row for row in self.filter(id__in=list(ids))}  # type: ignore[attr-defined]

    def values(self, *fields: str) -> list[dict[str, Any]]:
        """Return dictionaries of the named fields, as the store holds them: ids are text."""
        rows: list[dict[str, Any]] = self._arrow(fields, ordered=True).to_pylist()
        return rows

    def aggregate(self, **aggregates: Aggregate) -> dict[str, Any]:
        """Return `name=Max("due")` and the like over the rows: Count, Sum, Avg, Min, Max."""
        wanted = {name: _aggregated(a) for name, a in aggregates.items()}
        table = self._arrow(list({field for field, _ in wanted.values()}), ordered=True)
        return {
            name: _AGGREGATES[function](table[field]).as_py()
            for name, (field, function) in wanted.items()
        }

    def columns(self, *fields: str) -> dict[str, Numbers]:
        """Return an array for each named field, one place a row, in no particular order.

        Numbers are int64 or float64, times datetime64[us] in UTC, and a missing one is NaN or NaT.
        A field that is true or false is bool. Text and ids are `str`, lists tuples of `str`.
        """
        rows = self._arrow(fields, ordered=False)
        return {name: codec.to_numpy(rows[name]) for name in fields}

    def stream(self) -> Iterator[dict[str, Any]]:
        """Yield each row once as a dictionary of JSON values, in no order; times as ISO 8601.

        Pending changes are in it. Whatever a learner has, only a batch of it is in memory.
        """
        wanted, spec = self.wanted, self.wanted.spec
        pending = read_pending(wanted.owner_id)
        fresh = wanted.fresh(pending)
        yield from codec.to_plain(codec.to_table(spec, fresh, names=spec.columns))
        table = stored_rows.table_of(spec, wanted.owner_id, pending)
        if table is None:
            return
        where = wanted.base_filter(pending, wanted.overlay(pending))
        scan = table.query().where(where).select(spec.columns).limit(EVERYTHING)
        for batch in tables.stream(scan, STREAMED_ROWS):
            yield from codec.to_plain(pa.Table.from_batches([batch]).select(spec.columns))

    def _arrow(self, fields: Sequence[str], *, ordered: bool) -> pa.Table:
        """Return the rows as an Arrow table of the named fields, all of them if none is named.

        Without an order, the query's slice is not taken.
        """
        wanted, spec = self.wanted, self.wanted.spec
        for name in fields:
            declared_field(spec, name)
        columns = list(fields) or spec.columns
        order_by = wanted.order if ordered else ()
        needed = list(dict.fromkeys([*columns, *(f.lstrip("-") for f in order_by)]))
        schema = pa.schema([spec.schema.field(name) for name in needed])
        parts = [schema.empty_table()]
        if not wanted.nothing:
            pending = read_pending(wanted.owner_id)
            overlay = wanted.overlay(pending)
            parts.append(codec.to_table(spec, wanted.fresh(pending), names=needed))
            table = stored_rows.table_of(spec, wanted.owner_id, pending)
            if table is not None:
                # Rows with a newer image leave here: LanceDB would compare each id with each.
                scan = table.query().where(wanted.base_filter(pending, {})).limit(EVERYTHING)
                rows = tables.fetch(scan.select([*{"id", *needed}]))
                newer = pc.is_in(rows["id"], pa.array(map(str, overlay), pa.string()))
                parts.append(rows.filter(pc.invert(newer)).select(needed).cast(schema))
        merged = pa.concat_tables(parts)
        if not ordered:
            return merged.select(columns)
        order = pc.sort_indices(merged, sort_keys=[_arrow_key(n) for n in order_by])
        return merged.take(order).slice(wanted.offset, wanted.limit).select(columns)

    def _rows(self) -> list[R]:
        if self._result is None:
            self._result = self._fetch()
        return self._result

    def _fetch(self) -> list[R]:
        wanted = self.wanted
        if wanted.nothing or wanted.limit == 0:
            return []
        pending = read_pending(wanted.owner_id)
        overlay = wanted.overlay(pending)
        rows = wanted.fresh(pending)
        # Rows of LanceDB that precede the page whichever of the pending ones precede it too.
        passed = 0 if wanted.limit is None else max(wanted.offset - len(rows), 0)
        table = stored_rows.table_of(wanted.spec, wanted.owner_id, pending)
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
                wanted.spec, tables.fetch(scan.where(key.to_sql()).limit(EVERYTHING))
            )
            rows = [
                row
                for row in found
                if row.id not in overlay and not _is_gone(row, pending) and wanted.matches(row)
            ]
            return self._ordered(rows)[passed:] if passed else rows
        scan = scan.where(wanted.base_filter(pending, overlay))
        if wanted.limit is not None:
            # Pending rows may push some of these off the page, never pull later ones onto it.
            names = (name.lstrip("-") for name in self.wanted.order)
            # LanceDB 0.40 cannot sort a page by columns that are not read.
            scan = scan.select(list(dict.fromkeys([*wanted.spec.whole, *names])))
            scan = scan.order_by([tables.ordering(name) for name in self.wanted.order])
        stop = EVERYTHING if wanted.limit is None else wanted.offset + wanted.limit
        return codec.from_table(wanted.spec, tables.fetch(scan.limit(stop - passed).offset(passed)))

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


_AGGREGATES = {
    "Count": pc.count,
    "Sum": pc.sum,
    "Avg": pc.mean,
    "Min": pc.min,
    "Max": pc.max,
}


def _aggregated(aggregate: Aggregate) -> tuple[str, str]:
    """Return the field and the function's name of one of Django's aggregates."""
    (source, *_) = aggregate.get_source_expressions()
    function = type(aggregate).__name__
    narrowed = aggregate.filter is not None or getattr(aggregate, "distinct", False)
    if not isinstance(source, F) or function not in _AGGREGATES or narrowed:
        raise UnknownLookup(f"The store cannot compute {aggregate}.")
    name: str = source.name  # type: ignore[attr-defined]  # the stubs leave it out
    return name, function


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
