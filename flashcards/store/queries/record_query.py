"""The query: lazy as Django's QuerySet. How its rows are read is the engine's."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Generic, Self, TypeVar, overload
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from django.db.models import Aggregate, F

from flashcards.store.errors import EngineChanged, UnknownLookup
from flashcards.store.queries.query_spec import QuerySpec
from flashcards.store.rows import codec
from flashcards.store.rows.filters import (
    Expression,
    Not,
    Or,
    all_of,
    condition,
    declared_field,
    declared_order,
)
from flashcards.store.rows.schema import TableSpec
from flashcards.store.values import Numbers

R = TypeVar("R")
T = TypeVar("T")
# Returns the query of the engine that serves now.
_elsewhere: list[Callable[[QuerySpec], "RecordQuery[Any]"]] = []


def ask_elsewhere(find: Callable[[QuerySpec], "RecordQuery[Any]"]) -> None:
    """Have what meets a switch of engines asked of the query that `find` returns."""
    _elsewhere[:] = [find]


class RecordQuery(ABC, Generic[R]):
    """Records of one owner: immutable, evaluated when first read, then kept. See `Query`.

    What is read after the cards have moved to another engine is read there, but not within a
    transaction: what was written in it belongs to the engine that served before.
    """

    def __init__(self, wanted: QuerySpec) -> None:
        self.wanted = wanted
        self._result: list[R] | None = None

    @classmethod
    def of(cls, spec: TableSpec, owner_id: UUID | None) -> Self:
        return cls(QuerySpec(spec=spec, owner_id=owner_id))

    # What an engine does

    @abstractmethod
    def _fetch(self) -> list[R]:
        """Read the records, in order, with the slice taken."""

    @abstractmethod
    def _count_all(self) -> int:
        """Count the rows, whatever the slice."""

    @abstractmethod
    def _arrow(self, columns: Sequence[str], *, ordered: bool) -> pa.Table:
        """Return the rows as an Arrow table. Without an order, the query's slice is not taken."""

    @abstractmethod
    def _stream(self) -> Iterator[dict[str, Any]]:
        """Yield what `stream` yields. Whatever a learner has, only a batch of it is in memory."""

    @property
    def model(self) -> SimpleNamespace:
        """Return what get_object_or_404 asks of the model of a QuerySet."""
        record = self.wanted.spec.record
        return SimpleNamespace(
            DoesNotExist=record.DoesNotExist, _meta=SimpleNamespace(object_name=record.__name__)
        )

    # Narrowing

    def filter(self, **conditions: Any) -> Self:
        """Return the rows for which all conditions hold. Raises UnknownLookup."""
        return self._narrowed(*(condition(self.wanted.spec, k, v) for k, v in conditions.items()))

    def exclude(self, **conditions: Any) -> Self:
        """Return the rows for which the conditions do not all hold. Raises UnknownLookup."""
        if not conditions:
            return self._with()
        return self._narrowed(
            Not(all_of(condition(self.wanted.spec, k, v) for k, v in conditions.items()))
        )

    def containing(self, words: Iterable[str]) -> Self:
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

    def order_by(self, *fields: str) -> Self:
        """Return the rows in this order; `-due` descends. The id decides between equals."""
        for name in fields:
            declared_order(self.wanted.spec, name)
        return self._with(ordering=fields)

    def with_deleted(self) -> Self:
        """Return deleted rows too, while they are still in the trash."""
        return self._with(with_deleted=True)

    def none(self) -> Self:
        return self._with(nothing=True)

    def all(self) -> Self:
        return self._with()

    def _narrowed(self, *conditions: Expression) -> Self:
        if self.wanted.offset or self.wanted.limit is not None:
            raise TypeError("Cannot filter a query once a slice has been taken.")
        return self._with(conditions=self.wanted.conditions + conditions)

    def _with(self, **changes: Any) -> Self:
        return type(self)(replace(self.wanted, **changes))

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
    def __getitem__(self, key: slice) -> Self: ...
    def __getitem__(self, key: int | slice) -> R | Self:
        if isinstance(key, slice):
            return self._sliced(key)
        if key < 0:
            raise ValueError("Negative indexing is not supported.")
        if self._result is not None:
            return self._result[key]
        return self._sliced(slice(key, key + 1))._rows()[0]

    def _sliced(self, part: slice) -> Self:
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
        total = max(self._ask(lambda query: query._count_all()) - wanted.offset, 0)
        return total if wanted.limit is None else min(total, wanted.limit)

    def in_bulk(self, ids: Sequence[UUID]) -> dict[UUID, R]:
        """Return the records with these ids, by id; the others are absent."""
        return {row.id: row for row in self.filter(id__in=list(ids))}  # type: ignore[attr-defined]

    def values(self, *fields: str) -> list[dict[str, Any]]:
        """Return dictionaries of the named fields, as the store holds them: ids are text."""
        rows: list[dict[str, Any]] = self._table(fields, ordered=True).to_pylist()
        return rows

    def aggregate(self, **aggregates: Aggregate) -> dict[str, Any]:
        """Return `name=Max("due")` and the like over the rows: Count, Sum, Avg, Min, Max."""
        wanted = {name: _aggregated(a) for name, a in aggregates.items()}
        table = self._table(list({field for field, _ in wanted.values()}), ordered=True)
        return {
            name: _AGGREGATES[function](table[field]).as_py()
            for name, (field, function) in wanted.items()
        }

    def columns(self, *fields: str) -> dict[str, Numbers]:
        """Return an array for each named field, one place a row, in no particular order.

        Numbers are int64 or float64, times datetime64[us] in UTC, and a missing one is NaN or NaT.
        A field that is true or false is bool. Text and ids are `str`, lists tuples of `str`.
        """
        rows = self._table(fields, ordered=False)
        return {name: codec.to_numpy(rows[name]) for name in fields}

    def stream(self) -> Iterator[dict[str, Any]]:
        """Yield each row once as a dictionary of JSON values, in no order; times as ISO 8601.

        A few thousand rows are in memory at a time.
        """
        if self.wanted.nothing:
            return
        # That the cards have moved is noticed before the first row.
        yield from self._ask(lambda query: _begun(query._stream()))

    def _rows(self) -> list[R]:
        if self._result is None:
            nothing = self.wanted.nothing or self.wanted.limit == 0
            self._result = [] if nothing else self._ask(lambda query: query._fetch())
        return self._result

    def _table(self, fields: Sequence[str], *, ordered: bool) -> pa.Table:
        """Return the named fields, all of them if none is named. Raises UnknownLookup."""
        spec = self.wanted.spec
        for name in fields:
            declared_field(spec, name)
        columns = list(fields) or spec.columns
        if self.wanted.nothing:
            return pa.schema(map(spec.schema.field, columns)).empty_table()
        return self._ask(lambda query: query._arrow(columns, ordered=ordered))

    def _ask(self, read: Callable[["RecordQuery[R]"], T]) -> T:
        """Return what is read of this query, or of the same one of the engine that serves now."""
        try:
            return read(self)
        except EngineChanged:
            if connection.in_atomic_block:
                raise
            return read(_elsewhere[0](self.wanted))


def _begun(rows: Iterator[T]) -> Iterator[T]:
    """Return the iterator with its first item read."""
    return itertools.chain([*itertools.islice(rows, 1)], rows)


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
