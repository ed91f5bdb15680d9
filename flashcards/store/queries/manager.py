"""The manager, where queries start: `cards.for_owner(user)`, `review_logs.for_owner(user)`."""

from typing import Any, Generic, TypeVar
from uuid import UUID

from flashcards.store.queries.query_spec import QuerySpec
from flashcards.store.queries.record_query import RecordQuery
from flashcards.store.rows.schema import TableSpec

R = TypeVar("R")


class RecordManager(Generic[R]):
    """A manager-like repository. Every query names its owner, or says `all_owners` on purpose."""

    def __init__(self, spec: TableSpec, query: type[RecordQuery[R]]) -> None:
        self.spec = spec
        self._query = query

    @property
    def table(self) -> str:
        return self.spec.name

    def for_owner(self, owner: Any) -> RecordQuery[R]:
        """Return the records of one user, given as the user or their id."""
        owner_id = owner if isinstance(owner, UUID) else owner.pk
        if not isinstance(owner_id, UUID):
            raise TypeError("An owner is a user who is logged in, or the id of one.")
        return self._query.of(self.spec, owner_id)

    def all_owners(self) -> RecordQuery[R]:
        """Return everybody's records: for the admin and maintenance, never for a learner's page."""
        return self._query.of(self.spec, None)

    def asking(self, wanted: QuerySpec) -> RecordQuery[R]:
        """Return the query of what another engine's query asked for."""
        return self._query(wanted)
