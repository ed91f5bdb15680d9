"""The owner view of the PostgreSQL engine, which writes the rows themselves."""

from dataclasses import dataclass
from uuid import UUID

from flashcards.store.owner_view import StoreView
from flashcards.store.postgres.changes import read_pending, remembered_pending
from flashcards.store.postgres.write import write_if_unchanged
from flashcards.store.protocol.owners import OwnerView
from flashcards.store.values import Change


@dataclass(frozen=True)
class PostgresView(StoreView):
    """One learner's cards as PostgreSQL has them."""

    def write_if_unchanged(self, change: Change, settings_stamp: str) -> "PostgresView | None":
        after = write_if_unchanged(self.pending, change, settings_stamp)
        return None if after is None else PostgresView(self.owner_id, after)


def view(owner_id: UUID) -> OwnerView:
    """Return one learner's cards as they are now. One SQL query, rarely a few."""
    return PostgresView(owner_id, read_pending(owner_id))


def remembered_view(owner_id: UUID) -> PostgresView | None:
    """Return the view that this process saw last, which may be outdated. No query."""
    pending = remembered_pending(owner_id)
    return None if pending is None else PostgresView(owner_id, pending)
