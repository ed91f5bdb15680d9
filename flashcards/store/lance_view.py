"""The owner view of the LanceDB engine, which writes to the journal."""

from dataclasses import dataclass
from uuid import UUID

from flashcards.store.journal.pending import (
    read_pending,
    remembered_pending,
    write_if_unchanged,
)
from flashcards.store.owner_view import StoreView
from flashcards.store.protocol.owners import OwnerView
from flashcards.store.values import Change


@dataclass(frozen=True)
class LanceView(StoreView):
    """One learner's cards as LanceDB and the journal have them."""

    def write_if_unchanged(self, change: Change, settings_stamp: str) -> "LanceView | None":
        after = write_if_unchanged(self.pending, change, settings_stamp)
        return None if after is None else LanceView(self.owner_id, after)


def view(owner_id: UUID) -> OwnerView:
    """Return one learner's cards as they are now. One SQL query, rarely two."""
    return LanceView(owner_id, read_pending(owner_id))


def remembered_view(owner_id: UUID) -> LanceView | None:
    """Return the view that this process saw last, which may be outdated. No query."""
    pending = remembered_pending(owner_id)
    return None if pending is None else LanceView(owner_id, pending)
