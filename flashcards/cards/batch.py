"""Change many cards at once, of one owner or of several.

In batches, each of one owner and one transaction: an owner's reviews wait for a batch, never for
the whole. What was done before a failure stays done, and doing it again changes nothing more.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from flashcards import store
from flashcards.cards import jobs
from flashcards.domain.records import Flashcard
from flashcards.store import Change, OwnerGone, cards

BATCH_CARDS = 500


def suspend_cards(cards: Iterable[Flashcard]) -> list[Flashcard]:
    """Keep cards out of review until further notice. Returns those that were in it."""
    return _change(cards, lambda card: dataclasses.replace(card, suspended=True))


def resume_cards(cards: Iterable[Flashcard]) -> list[Flashcard]:
    """Let suspended cards back into review. Returns those that were suspended."""
    return _change(cards, lambda card: dataclasses.replace(card, suspended=False))


def delete_cards(cards: Iterable[Flashcard], *, now: datetime) -> list[Flashcard]:
    """Put cards into the bin. Returns those that were not in it."""
    return _change(
        cards,
        lambda card: dataclasses.replace(card, deleted_at=card.deleted_at or now),
    )


def restore_cards(cards: Iterable[Flashcard]) -> list[Flashcard]:
    """Take cards out of the bin, just as they were. Returns those that were in it."""
    return _change(cards, lambda card: dataclasses.replace(card, deleted_at=None))


def _change(
    cards: Iterable[Flashcard], change: Callable[[Flashcard], Flashcard]
) -> list[Flashcard]:
    """Journal the new image of each card that the change makes another; return those images.

    Cards are read again under their owner's lock. Those that are gone by then are left out.
    """
    ids_by_owner: dict[UUID, list[UUID]] = {}
    for card in cards:
        ids_by_owner.setdefault(card.owner_id, []).append(card.id)
    changed: list[Flashcard] = []
    for owner_id, ids in ids_by_owner.items():
        for batch in _batches(ids):
            changed += _change_batch(owner_id, batch, change)
    return changed


def _change_batch(
    owner_id: UUID, ids: Sequence[UUID], change: Callable[[Flashcard], Flashcard]
) -> list[Flashcard]:
    try:
        with transaction.atomic():
            store.lock_owner(owner_id)
            found = cards.for_owner(owner_id).with_deleted().in_bulk(ids)
            after = [
                image
                for image, card in ((change(card), card) for card in found.values())
                if image != card
            ]
            store.write(Change(image) for image in after)
            if len(after) == BATCH_CARDS:
                jobs.request_checkpoint()
    except OwnerGone:
        return []
    return after


def _batches(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    return (ids[start : start + BATCH_CARDS] for start in range(0, len(ids), BATCH_CARDS))
