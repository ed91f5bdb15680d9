"""The managers, where queries start: `cards.for_owner(user)` and `review_logs.for_owner(user)`."""

from typing import Any, Generic, TypeVar
from uuid import UUID

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.store.lance.schema import FLASHCARDS, REVIEW_LOGS, TableSpec
from flashcards.store.repository.query import LanceQuery

R = TypeVar("R")


class LanceManager(Generic[R]):
    """A manager-like repository. Every query names its owner, or says `all_owners` on purpose."""

    def __init__(self, spec: TableSpec) -> None:
        self.spec = spec

    def for_owner(self, owner: Any) -> LanceQuery[R]:
        """Return the records of one user, given as the user or their id."""
        owner_id = owner if isinstance(owner, UUID) else owner.pk
        if not isinstance(owner_id, UUID):
            raise TypeError("An owner is a user who is logged in, or the id of one.")
        return LanceQuery.of(self.spec, owner_id)

    def all_owners(self) -> LanceQuery[R]:
        """Return everybody's records: for the admin and maintenance, never for a learner's page."""
        return LanceQuery.of(self.spec, None)


cards = LanceManager[Flashcard](FLASHCARDS)
review_logs = LanceManager[ReviewLog](REVIEW_LOGS)
