"""Batches: the loop of everything that changes many cards.

Each batch is one transaction of one owner, whose reviews wait for one batch and never for the
whole. What was done before a failure stays done, and doing it again changes nothing more.
`bulk_actions.py` keeps with each batch what undoes it.
"""

import contextlib
import dataclasses
import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from flashcards import store
from flashcards.cards import jobs
from flashcards.cards.change import Changed, Edit, change_cards
from flashcards.domain.records import Flashcard
from flashcards.store import OwnerGone

BATCH_CARDS = 500
# So many batches in the journal slow down its readers: they are moved in between.
CHECKPOINT_BATCHES = 8


def run_batches(
    owner_id: UUID, change_next: Callable[[], bool], *, seconds: float = math.inf
) -> bool:
    """Call `change_next` until it returns False; moves the journal in between.

    It changes one batch and returns whether there is more. For the background worker: a job that
    is called again goes on where `change_next` finds it. Ends early if the account is deleted, and
    with the batch in which `seconds` have passed. Returns whether that left something to do.
    """
    ends = time.monotonic() + seconds
    is_left = False
    with contextlib.suppress(OwnerGone):
        for number in itertools.count(1):
            # Outside the batch's transaction: what is decoded of the journal is kept only there.
            store.view(owner_id)
            if not change_next():
                break
            if time.monotonic() >= ends:
                is_left = True
                break
            if number % CHECKPOINT_BATCHES == 0:
                store.checkpoint()
    if number > 1 or is_left:
        jobs.request_checkpoint()
    return is_left


def change_in_batches(
    owner_id: UUID, card_ids: Iterable[UUID], edit: Edit, *, include_deleted: bool = False
) -> list[Changed]:
    """Change cards of one owner as `change_cards` does, batch by batch. Raises OwnerGone."""
    changed: list[Changed] = []
    for ids in split(card_ids):
        changed += change_cards(owner_id, ids, edit, include_deleted=include_deleted)
    return changed


def split(card_ids: Iterable[UUID]) -> Iterator[Sequence[UUID]]:
    """Yield the ids in batches, each id once."""
    ids = list(dict.fromkeys(card_ids))
    return (ids[start : start + BATCH_CARDS] for start in range(0, len(ids), BATCH_CARDS))


# What the admin does to cards of several owners


def suspend_cards(cards: Iterable[Flashcard]) -> list[Flashcard]:
    """Keep cards out of review until they are resumed. Returns those that were in review."""
    return _change(cards, lambda card: dataclasses.replace(card, suspended=True))


def resume_cards(cards: Iterable[Flashcard]) -> list[Flashcard]:
    """Let suspended cards back into review. Returns those that were suspended."""
    return _change(cards, lambda card: dataclasses.replace(card, suspended=False))


def delete_cards(cards: Iterable[Flashcard], *, now: datetime) -> list[Flashcard]:
    """Put cards into the trash. Returns those that were not in it."""
    return _change(cards, lambda card: dataclasses.replace(card, deleted_at=card.deleted_at or now))


def restore_cards(cards: Iterable[Flashcard]) -> list[Flashcard]:
    """Take cards out of the trash, unchanged. Returns those that were in it."""
    return _change(cards, lambda card: dataclasses.replace(card, deleted_at=None))


def _change(cards: Iterable[Flashcard], edit: Edit) -> list[Flashcard]:
    """Change cards of whatever owners; those of a deleted account are left out."""
    ids_by_owner: dict[UUID, list[UUID]] = {}
    for card in cards:
        ids_by_owner.setdefault(card.owner_id, []).append(card.id)
    changed: list[Changed] = []
    for owner_id, ids in ids_by_owner.items():
        with contextlib.suppress(OwnerGone):
            changed += change_in_batches(owner_id, ids, edit, include_deleted=True)
    return [each.after for each in changed]
