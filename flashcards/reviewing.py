"""Rate a card, and take a rating back. Each is one transaction that ends in the journal."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from flashcards import jobs, scheduling, study
from flashcards.records import Flashcard, Rating, ReviewLog
from flashcards.store import journal, queue
from flashcards.store.journal import Change
from flashcards.wording import CardError

# Beyond this many pending entries of one learner a checkpoint is asked for out of turn.
CHECKPOINT_ENTRIES = 300
# An undo is for what was just done.
UNDO_WITHIN = timedelta(days=1)


class NothingToUndo(CardError):
    """The learner has no review that could be taken back."""


class AlreadyAnswered(CardError):
    """Another review answered this position of the card's history first."""

    def __init__(self, card: Flashcard) -> None:
        super().__init__("This card was already answered, perhaps in another tab.")
        self.card = card


@dataclass(frozen=True)
class Reviewed:
    """A review that stands; `repeated` if the same one had been acknowledged before."""

    card: Flashcard
    log: ReviewLog
    repeated: bool = False


def review_card(
    *,
    owner_id: UUID,
    card_id: UUID,
    review_id: UUID,
    sequence: int,
    rating: Rating,
    now: datetime,
    duration_ms: int = 0,
) -> Reviewed:
    """Rate a card. The same `review_id` again changes nothing and returns what it did.

    `sequence` is the position in the card's history that is answered (`card.sequence` as shown).
    Raises AlreadyAnswered if another review answered it, DoesNotExist for a stranger's card.
    """
    with transaction.atomic():
        journal.lock_owner(owner_id)
        pending = journal.read(owner_id)
        card = queue.card(owner_id, card_id, pending)
        known = pending.logs.get(review_id)
        if known is None and sequence != card.sequence:
            known = _log(owner_id, review_id)
        if known is not None and known.flashcard_id == card_id:
            return Reviewed(card, known, repeated=True)
        if known is not None or sequence != card.sequence:
            raise AlreadyAnswered(card)
        mine = study.settings_for(owner_id=owner_id)
        settings = study.for_card(mine, card).schedule
        if card.last_review is not None and now < card.last_review:
            history = ReviewLog.objects.for_owner(owner_id).filter(flashcard_id=card_id)
            card, rows = scheduling.review_late(
                card,
                history,
                rating,
                now,
                review_id=review_id,
                duration_ms=duration_ms,
                settings=settings,
            )
        else:
            card, row = scheduling.review(
                card,
                rating,
                now,
                review_id=review_id,
                duration_ms=duration_ms,
                settings=settings,
            )
            rows = [row]
        journal.append(Change(card, row) for row in rows)
        if pending.entries >= CHECKPOINT_ENTRIES:
            jobs.request_checkpoint()
    return Reviewed(card, rows[0])


def undo_review(*, owner_id: UUID, undo_id: UUID, now: datetime) -> Flashcard:
    """Take back the learner's last review; the log says so and the card is folded again.

    The same `undo_id` again changes nothing. Raises NothingToUndo.
    """
    with transaction.atomic():
        journal.lock_owner(owner_id)
        known = _log(owner_id, undo_id)
        if known is not None:
            return queue.card(owner_id, known.flashcard_id)
        last = _last_standing(owner_id, now)
        card = Flashcard.objects.for_owner(owner_id).with_deleted().get(id=last.flashcard_id)
        history = ReviewLog.objects.for_owner(owner_id).filter(flashcard_id=card.id)
        mine = study.settings_for(owner_id=owner_id)
        card, rows = scheduling.undo(
            card,
            history,
            now,
            undo_id=undo_id,
            undoes=last.id,
            settings=study.for_card(mine, card).schedule,
        )
        journal.append(Change(card, row) for row in rows)
    return card


def reviewed_since(*, owner_id: UUID, since: datetime) -> list[ReviewLog]:
    """Return the reviews that stand from `since` on, oldest first."""
    logs = ReviewLog.objects.for_owner(owner_id).filter(reviewed_at__gte=since)
    return scheduling.effective(logs)


def _log(owner_id: UUID, log_id: UUID) -> ReviewLog | None:
    return ReviewLog.objects.for_owner(owner_id).filter(id=log_id).first()


def _last_standing(owner_id: UUID, now: datetime) -> ReviewLog:
    """Return the last review that was not taken back. Raises NothingToUndo.

    Most often it is still in the journal, and LanceDB is not asked.
    """
    recent = scheduling.effective(journal.read(owner_id).logs.values())
    if not recent:
        recent = reviewed_since(owner_id=owner_id, since=now - UNDO_WITHIN)
    if not recent:
        raise NothingToUndo("There is no review of the last day to take back.")
    return recent[-1]
