"""The trash: deleted cards stay for thirty days, unless they are restored or erased before."""

import dataclasses
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from flashcards import store
from flashcards.cards import batch, history, jobs
from flashcards.domain.records import Flashcard
from flashcards.models import CoverageAnswer, NotDuplicates
from flashcards.store import OwnerGone, Query, cards
from memoryloop.folding import fold

logger = logging.getLogger(__name__)

KEEP = timedelta(days=30)


def cards_in_trash(*, owner_id: UUID, text: str = "") -> Query[Flashcard]:
    """Return the deleted cards in which every word occurs, the last deleted first."""
    deleted = cards.for_owner(owner_id).with_deleted().filter(deleted_at__isnull=False)
    words = [fold(word) for word in text.split()]
    if words:
        rows = deleted.values("id", "question", "answer", "extra")
        found = []
        for row in rows:
            whole = fold(f"{row['question']}\n{row['answer']}\n{row['extra']}")
            if all(word in whole for word in words):
                found.append(UUID(row["id"]))
        deleted = deleted.filter(id__in=frozenset(found))
    return deleted.order_by("-deleted_at")


def restore(*, owner_id: UUID, card_ids: Iterable[UUID]) -> list[Flashcard]:
    """Take cards out of the trash, unchanged; return those that were in it."""
    changed = batch.change_in_batches(
        owner_id,
        card_ids,
        lambda card: dataclasses.replace(card, deleted_at=None),
        include_deleted=True,
    )
    return [each.after for each in changed]


def erase(*, owner_id: UUID, card_ids: Iterable[UUID]) -> int:
    """Erase cards that are in the trash, with their reviews and edits. Return how many.

    Readers do not see them from this commit on; LanceDB gives them up at the next checkpoint.
    """
    erased = 0
    for part in batch.split(card_ids):
        with transaction.atomic():
            store.lock_owner(owner_id)
            found = list(cards_in_trash(owner_id=owner_id).filter(id__in=frozenset(part)))
            ids = [card.id for card in found]
            store.erase_cards(found)
            history.delete_edits(owner_id=owner_id, card_ids=ids)
            NotDuplicates.objects.filter(
                Q(first_id__in=ids) | Q(second_id__in=ids), owner_id=owner_id
            ).delete()
            CoverageAnswer.objects.filter(owner_id=owner_id, card_id__in=ids).delete()
            jobs.request_checkpoint()
        erased += len(found)
    return erased


def purge(*, now: datetime) -> int:
    """Erase the cards that have been in anybody's trash for thirty days. Return how many."""
    old = cards.all_owners().with_deleted().filter(deleted_at__lte=now - KEEP)
    by_owner: dict[UUID, list[UUID]] = {}
    for row in old.values("id", "owner_id"):
        by_owner.setdefault(UUID(row["owner_id"]), []).append(UUID(row["id"]))
    purged = 0
    for owner_id, ids in by_owner.items():
        try:
            purged += erase(owner_id=owner_id, card_ids=ids)
        except OwnerGone:
            logger.info("The owner of %d deleted cards is gone too.", len(ids))
    return purged


def days_left(card: Flashcard, now: datetime) -> int:
    """Return in how many days, rounded up, a card in the trash is erased."""
    if card.deleted_at is None:
        raise ValueError("This card is not in the trash.")
    return max(0, -((now - card.deleted_at - KEEP) // timedelta(days=1)))
