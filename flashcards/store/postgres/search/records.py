"""Cards by their ids, as search brings them."""

from collections.abc import Sequence
from uuid import UUID

from flashcards.domain.records import Flashcard
from flashcards.store.postgres import tables


def by_ids(owner_id: UUID, ids: Sequence[UUID]) -> list[Flashcard]:
    """Return the owner's cards with these ids, in their order; those in the trash are absent."""
    found = {card.id: card for card in tables.cards_with(owner_id, ids) if card.deleted_at is None}
    return [found[each] for each in ids if each in found]
