"""Begin a card's schedule anew, or set its day, or take that back. The reviews stay in its log."""

import uuid
from datetime import datetime
from uuid import UUID

from django.db import transaction

from flashcards import scheduling, store, study_settings
from flashcards.domain.records import Flashcard, LogKind, ReviewLog, State
from flashcards.domain.validation import CardError
from flashcards.store import Change, cards, review_logs


class NothingToTakeBack(CardError):
    """What is to be taken back was not done, or was taken back, or reviews came after it."""


class NotReviewedYet(CardError):
    """A new card has no day that could be set."""


def reset_schedule(*, owner_id: UUID, card_id: UUID, now: datetime) -> tuple[Flashcard, ReviewLog]:
    """Make a card new again; the row of its log that says so names what to take back.

    Raises DoesNotExist.
    """
    with transaction.atomic():
        store.lock_owner(owner_id)
        card = cards.for_owner(owner_id).get(id=card_id)
        row = scheduling.reset_row(card, now, log_id=uuid.uuid4())
        return _append(card, [], row), row


def set_due(
    *, owner_id: UUID, card_id: UUID, due: datetime, now: datetime
) -> tuple[Flashcard, ReviewLog]:
    """Make a reviewed card due at a time; its memory stays. Raises DoesNotExist, NotReviewedYet."""
    with transaction.atomic():
        store.lock_owner(owner_id)
        card = cards.for_owner(owner_id).get(id=card_id)
        if card.state is State.NEW:
            raise NotReviewedYet("A new card comes not scheduled yet; review it first.")
        row = scheduling.due_row(card, due, now, log_id=uuid.uuid4())
        return _append(card, _logs(owner_id, card_id), row), row


def take_back(*, owner_id: UUID, card_id: UUID, log_id: UUID, now: datetime) -> Flashcard:
    """Take back what was done to a card's schedule by hand: the log says so, and it is folded.

    Raises DoesNotExist or NothingToTakeBack.
    """
    with transaction.atomic():
        store.lock_owner(owner_id)
        card = cards.for_owner(owner_id).get(id=card_id)
        logs = _logs(owner_id, card_id)
        done = next((log for log in logs if log.id == log_id), None)
        if done is None or done.kind is not LogKind.MANUAL:
            raise NothingToTakeBack("There is nothing to take back.")
        later = [log for log in logs if log.sequence > done.sequence]
        if any(log.undoes == log_id for log in later):
            raise NothingToTakeBack("This was taken back already.")
        if any(log.kind is not LogKind.UNDO for log in later):
            raise NothingToTakeBack("The card was reviewed since: its schedule stays as it is.")
        row = scheduling.undo_row(card, log_id, now, undo_id=uuid.uuid4())
        return _append(card, logs, row)


def _append(card: Flashcard, logs: list[ReviewLog], row: ReviewLog) -> Flashcard:
    settings = study_settings.settings_for(owner_id=card.owner_id)
    after = scheduling.fold(
        card, [*logs, row], settings=study_settings.for_card(settings, card).schedule
    )
    store.write([Change(after, row)])
    return after


def _logs(owner_id: UUID, card_id: UUID) -> list[ReviewLog]:
    return list(review_logs.for_owner(owner_id).filter(flashcard_id=card_id))
