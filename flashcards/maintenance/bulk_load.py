"""Bulk loading: store a hundred thousand new cards at once."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from flashcards import store
from flashcards.cards import jobs
from flashcards.domain.records import Flashcard, ReviewLog

BATCH_CARDS = 10_000


def load_cards(
    *,
    owner_id: UUID,
    cards: Sequence[Flashcard],
    logs: Sequence[ReviewLog],
    vectors: Sequence[Any] | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> None:
    """Store new cards and their reviews; they are where they stay on return.

    The ids are new to the store, and each card's schedule is the fold of its logs: that is for the
    caller to see to. All are acknowledged in one commit, so a failure leaves all or none.
    `vectors`, if given, are the cards' embeddings, (n, 896) float32 of unit length, and each card
    names their model. `progress` gets 0 to 1. Raises OwnerGone, or ValueError for a record of
    another owner.
    """
    if any(card.owner_id != owner_id for card in cards) or any(
        log.owner_id != owner_id for log in logs
    ):
        raise ValueError("A card to be stored belongs to another owner.")
    batches = range(0, max(len(cards), len(logs)), BATCH_CARDS)
    with transaction.atomic():
        store.lock_owner(owner_id)
        for step, start in enumerate(batches):
            part = slice(start, start + BATCH_CARDS)
            store.write_many(
                owner_id, cards[part], logs[part], None if vectors is None else vectors[part]
            )
            progress((step + 1) / (len(batches) + 1))
        jobs.request_embedding(owner_id)
    store.checkpoint_all()
    progress(1.0)
