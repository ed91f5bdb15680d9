"""Begin a card's schedule anew, or take that back. The reviews stay in its log either way."""

import uuid
from datetime import datetime
from uuid import UUID

from django.db import transaction

from flashcards import scheduling
from flashcards.records import Flashcard, LogKind, ReviewLog
from flashcards.services import CardError
from flashcards.store import journal
from flashcards.store.journal import Change


class NothingToTakeBack(CardError):
    """What is to be taken back was not done, or was taken back before."""


def reset_schedule(*, owner_id: UUID, card_id: UUID, now: datetime) -> tuple[Flashcard, ReviewLog]:
    """Make a card new again; the row of its log that says so names what to take back.

    Raises DoesNotExist.
    """
    with transaction.atomic():
        journal.lock_owner(owner_id)
        card = Flashcard.objects.for_owner(owner_id).get(id=card_id)
        card, log = scheduling.reset(card, now, log_id=uuid.uuid4())
        journal.append([Change(card, log)])
    return card, log


def take_back(*, owner_id: UUID, card_id: UUID, log_id: UUID, now: datetime) -> Flashcard:
    """Take back what was done to a card's schedule by hand: the log says so, and it is folded.

    Raises DoesNotExist or NothingToTakeBack.
    """
    with transaction.atomic():
        journal.lock_owner(owner_id)
        card = Flashcard.objects.for_owner(owner_id).get(id=card_id)
        logs = list(ReviewLog.objects.for_owner(owner_id).filter(flashcard_id=card_id))
        by_hand = {log.id for log in scheduling.effective(logs) if log.kind is LogKind.MANUAL}
        if log_id not in by_hand:
            raise NothingToTakeBack("This was taken back already.")
        card, row = scheduling.undo(card, logs, now, undo_id=uuid.uuid4(), log_id=log_id)
        journal.append([Change(card, row)])
    return card
