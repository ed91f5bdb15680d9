"""Schedule changes by hand: reset a card, set its due date, or undo either.

Each adds a row to the card's review log; the reviews stay in it.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from flashcards import scheduling, study_settings
from flashcards.cards.change import change_card
from flashcards.domain.records import Flashcard, LogKind, ReviewLog, State
from flashcards.domain.validation import CardError
from flashcards.store import Change, review_logs


class NothingToTakeBack(CardError):
    """The change was not made, was undone already, or reviews came after it."""


class NotReviewedYet(CardError):
    """A new card has no due date to set."""


def reset_schedule(*, owner_id: UUID, card_id: UUID, now: datetime) -> tuple[Flashcard, ReviewLog]:
    """Make a card new again. Return it with the new row of its log, whose id `take_back` takes.

    Raises DoesNotExist.
    """

    def reset(card: Flashcard) -> Change:
        # Nothing that came before the row counts any more: the log is not read.
        return _folded(card, [], scheduling.reset_row(card, now, log_id=uuid.uuid4()))

    return _change(owner_id, card_id, reset)


def set_due(
    *, owner_id: UUID, card_id: UUID, due: datetime, now: datetime
) -> tuple[Flashcard, ReviewLog]:
    """Make a reviewed card due at a time; its memory state stays.

    Returns what `reset_schedule` does. Raises DoesNotExist, NotReviewedYet.
    """

    def move(card: Flashcard) -> Change:
        if card.state is State.NEW:
            raise NotReviewedYet("A new card has no due date yet; review it first.")
        row = scheduling.due_row(card, due, now, log_id=uuid.uuid4())
        return _folded(card, _logs(owner_id, card_id), row)

    return _change(owner_id, card_id, move)


def take_back(*, owner_id: UUID, card_id: UUID, log_id: UUID, now: datetime) -> Flashcard:
    """Undo a reset or a due date set by hand: an undo row goes into the log, which is folded.

    Raises DoesNotExist or NothingToTakeBack.
    """

    def undo(card: Flashcard) -> Change:
        logs = _logs(owner_id, card_id)
        done = next((log for log in logs if log.id == log_id), None)
        if done is None or done.kind is not LogKind.MANUAL:
            raise NothingToTakeBack("There is nothing to take back.")
        later = [log for log in logs if log.sequence > done.sequence]
        if any(log.undoes == log_id for log in later):
            raise NothingToTakeBack("This was taken back already.")
        if any(log.kind is not LogKind.UNDO for log in later):
            raise NothingToTakeBack("The card was reviewed since: its schedule stays as it is.")
        return _folded(card, logs, scheduling.undo_row(card, log_id, now, undo_id=uuid.uuid4()))

    return _change(owner_id, card_id, undo)[0]


def _change(
    owner_id: UUID, card_id: UUID, edit: Callable[[Flashcard], Change]
) -> tuple[Flashcard, ReviewLog]:
    changed = change_card(owner_id, card_id, edit)
    return changed.after, cast("ReviewLog", changed.log)


def _folded(card: Flashcard, logs: Sequence[ReviewLog], row: ReviewLog) -> Change:
    """Return a card as its log with one more row gives it, and the row."""
    settings = study_settings.settings_for(owner_id=card.owner_id)
    schedule = study_settings.for_card(settings, card).schedule
    return Change(scheduling.fold(card, [*logs, row], settings=schedule), row)


def _logs(owner_id: UUID, card_id: UUID) -> list[ReviewLog]:
    return list(review_logs.for_owner(owner_id).filter(flashcard_id=card_id))
