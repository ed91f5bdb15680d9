"""Queries over the rows of a table: the interface of Django's managers and QuerySets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Protocol, Self, TypeVar, overload
from uuid import UUID

from django.db.models import Aggregate

from flashcards.store.values import Numbers

R_co = TypeVar("R_co", covariant=True)


class Query(Protocol[R_co]):
    """Records of one owner, as Django's QuerySet has them: lazy, immutable, kept once read.

    The learner's own newest writes are among them. Rows always come in a declared order; the id
    decides between equals, and a missing value is the smallest.
    """

    @property
    def model(self) -> SimpleNamespace:
        """Return what get_object_or_404 asks of the model of a QuerySet."""
        ...

    def filter(self, **conditions: Any) -> Self:
        """Return the rows for which all conditions hold, as `due__lte=now`.

        Lookups: exact, in, lt, lte, gt, gte, isnull, contains, icontains. A condition on a missing
        value is false. Raises UnknownLookup for a field or a lookup that is not declared.
        """
        ...

    def exclude(self, **conditions: Any) -> Self:
        """Return the rows for which the conditions do not all hold. Raises UnknownLookup."""
        ...

    def containing(self, words: Iterable[str]) -> Self:
        """Return the cards in whose question, answer or note every word occurs, in any case."""
        ...

    def order_by(self, *fields: str) -> Self:
        """Return the rows in this order; `-due` descends. Raises UnknownLookup."""
        ...

    def with_deleted(self) -> Self:
        """Return deleted rows too, while they are in the trash."""
        ...

    def none(self) -> Self: ...
    def all(self) -> Self: ...
    def __iter__(self) -> Iterator[R_co]: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    @overload
    def __getitem__(self, key: int) -> R_co: ...
    @overload
    def __getitem__(self, key: slice) -> Self: ...

    def first(self) -> R_co | None: ...

    def get(self, **conditions: Any) -> R_co:
        """Return the one record. Raises DoesNotExist or MultipleObjectsReturned."""
        ...

    def exists(self) -> bool: ...

    def count(self) -> int:
        """Return how many there are, without reading them."""
        ...

    def in_bulk(self, ids: Sequence[UUID]) -> Mapping[UUID, R_co]:
        """Return the records with these ids, by id; the others are absent."""
        ...

    def values(self, *fields: str) -> list[dict[str, Any]]:
        """Return dictionaries of the named fields; ids are text."""
        ...

    def aggregate(self, **aggregates: Aggregate) -> dict[str, Any]:
        """Return `name=Max("due")` and the like: Count, Sum, Avg, Min, Max of one field."""
        ...

    def columns(self, *fields: str) -> dict[str, Numbers]:
        """Return an array for each named field, one place a row, in no particular order.

        Numbers are int64 or float64, times datetime64[us] in UTC, and a missing one is NaN or NaT.
        A field that is true or false is bool. Text and ids are `str`, lists tuples of `str`.
        """
        ...

    def stream(self) -> Iterator[dict[str, Any]]:
        """Yield each row once as a dictionary of JSON values, in no order; times as ISO 8601.

        A few thousand rows are in memory at a time.
        """
        ...


class Manager(Protocol[R_co]):
    """Where queries start. Every query names its owner, or says `all_owners` on purpose."""

    @property
    def table(self) -> str:
        """Return the name of the table: "flashcards" or "review_logs"."""
        ...

    def for_owner(self, owner: Any) -> Query[R_co]:
        """Return the records of one user, given as the user or their id."""
        ...

    def all_owners(self) -> Query[R_co]:
        """Return everybody's records: for the admin and maintenance, never for a learner's page."""
        ...
