"""Rate a card, and take a rating back. Each is one transaction that ends in the journal."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from flashcards import scheduling, store, study_settings
from flashcards.cards import jobs
from flashcards.domain.records import Flashcard, Rating, ReviewLog
from flashcards.domain.validation import CardError
from flashcards.review import leeches
from flashcards.scheduling import Agenda
from flashcards.store import Change, cards, review_logs
from flashcards.store.due import due_counts, due_queue, recent_reviews
from flashcards.store.journal import journal
from flashcards.store.journal.pending import Pending
from flashcards.study_settings.settings import EffectiveSettings
from memoryloop.postgres.pipeline import ask_both

# Beyond this many pending entries of one learner a checkpoint is asked for out of turn.
CHECKPOINT_ENTRIES = 300
CHECKPOINT_ASKED_EACH = 25
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
    # For whoever goes on from here: the learner's settings, and the journal with this in it.
    settings: EffectiveSettings | None = None
    pending: Pending | None = None


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
    answer = functools.partial(
        _answered,
        card_id=card_id,
        review_id=review_id,
        sequence=sequence,
        rating=rating,
        now=now,
        duration_ms=duration_ms,
    )
    # Worked out beforehand, and written if nothing has changed since it was read: nearly always
    # not even since this process looked last, and then PostgreSQL is asked once.
    known, seen = study_settings.remembered(owner_id), journal.remembered(owner_id)
    if known is not None and seen is not None:
        reviewed = _at_once(owner_id, known, seen, answer)
        if reviewed is not None:
            return reviewed
    settings, pending = ask_both(study_settings.question(owner_id), journal.question(owner_id))
    reviewed = _at_once(owner_id, settings, pending, answer)
    if reviewed is not None:
        return reviewed
    with transaction.atomic():
        store.lock_owner(owner_id)
        settings, pending = ask_both(study_settings.question(owner_id), journal.question(owner_id))
        reviewed, rows = answer(owner_id, settings, pending)
        store.write(Change(reviewed.card, row) for row in rows)
        _ask_for_checkpoint(pending)
    return reviewed


def _at_once(
    owner_id: UUID,
    settings: EffectiveSettings,
    pending: Pending,
    answer: Callable[..., tuple[Reviewed, list[ReviewLog]]],
) -> Reviewed | None:
    """Write a review without locking first; None if that was outdated, or takes more than a row."""
    try:
        reviewed, rows = answer(owner_id, settings, pending)
    except (AlreadyAnswered, Flashcard.DoesNotExist):
        # Perhaps only by what was read.
        return None
    if len(rows) != 1:
        return None
    change = Change(reviewed.card, rows[0])
    written = journal.append_to(pending, change, settings.stamp)
    if written is None:
        return None
    _ask_for_checkpoint(pending)
    return replace(reviewed, pending=written)


def _ask_for_checkpoint(pending: Pending) -> None:
    """Ask for one out of turn where much is pending, now and then."""
    if pending.entries >= CHECKPOINT_ENTRIES and pending.entries % CHECKPOINT_ASKED_EACH == 0:
        jobs.request_checkpoint()


def _answered(
    owner_id: UUID,
    settings: EffectiveSettings,
    pending: Pending,
    *,
    card_id: UUID,
    review_id: UUID,
    sequence: int,
    rating: Rating,
    now: datetime,
    duration_ms: int,
) -> tuple[Reviewed, list[ReviewLog]]:
    """Return what a rating makes of a card, and the log rows to write; none if it is repeated."""
    card, known = position(owner_id, pending, card_id, review_id, sequence)
    if known is not None:
        return Reviewed(card, known, repeated=True), []
    schedule = study_settings.for_card(settings, card).schedule
    before = card
    if card.last_review is not None and now < card.last_review:
        history = review_logs.for_owner(owner_id).filter(flashcard_id=card_id)
        card, rows = scheduling.review_late(
            card,
            history,
            rating,
            now,
            review_id=review_id,
            duration_ms=duration_ms,
            settings=schedule,
        )
    else:
        card, row = scheduling.review(
            card,
            rating,
            now,
            review_id=review_id,
            duration_ms=duration_ms,
            settings=schedule,
            agenda=_agenda(owner_id, pending, card, now, settings),
        )
        rows = [row]
    return Reviewed(leeches.marked(before, card), rows[0], settings=settings), rows


def position(
    owner_id: UUID, pending: Pending, card_id: UUID, review_id: UUID, sequence: int
) -> tuple[Flashcard, ReviewLog | None]:
    """Return the card that is answered, and the row of the same answer if it came before.

    Raises AlreadyAnswered if another answer has this position, DoesNotExist.
    """
    card = due_queue.card(owner_id, card_id, pending)
    known = pending.logs.get(review_id)
    if known is None and sequence != card.sequence:
        known = _log(owner_id, review_id)
    if known is not None and known.flashcard_id == card_id:
        return card, known
    if known is not None or sequence != card.sequence:
        raise AlreadyAnswered(card)
    return card, None


def undo_review(
    *, owner_id: UUID, undo_id: UUID, now: datetime, undoes: UUID | None = None
) -> Flashcard:
    """Take back the learner's last review, or the answer `undoes`; the card is folded again.

    Again and again it goes back through the reviews of the last day. The same `undo_id` changes
    nothing the second time. Raises NothingToUndo.
    """
    with transaction.atomic():
        store.lock_owner(owner_id)
        settings, pending = ask_both(study_settings.question(owner_id), journal.question(owner_id))
        known = pending.logs.get(undo_id) or _log(owner_id, undo_id)
        if known is not None:
            return due_queue.card(owner_id, known.flashcard_id, pending)
        last: ReviewLog | None
        if undoes is None:
            last = _last_standing(owner_id, pending, now)
        else:
            last = pending.logs.get(undoes) or _log(owner_id, undoes)
        if last is None:
            raise NothingToUndo("This answer is not there any more.")
        card_id = last.flashcard_id
        card = pending.cards.get(card_id) or due_queue.known(owner_id, card_id, pending)
        if card is None:
            card = cards.for_owner(owner_id).with_deleted().get(id=card_id)
        history = review_logs.for_owner(owner_id).filter(flashcard_id=card.id)
        before = card
        card, rows = scheduling.undo(
            card,
            history,
            now,
            undo_id=undo_id,
            undoes=last.id,
            settings=study_settings.for_card(settings, card).schedule,
        )
        card = leeches.unmarked(before, card)
        store.write(Change(card, row) for row in rows)
    return card


def preview(
    *,
    owner_id: UUID,
    card: Flashcard,
    now: datetime,
    settings: EffectiveSettings | None = None,
    pending: Pending | None = None,
) -> dict[Rating, timedelta]:
    """Return how long until the card is due again, for each rating.

    Costs a SQL query for each of `settings` and `pending` that the caller has not read.
    """
    settings = settings or study_settings.settings_for(owner_id=owner_id)
    pending = pending or journal.read(owner_id)
    return scheduling.preview(
        card,
        now=now,
        settings=study_settings.for_card(settings, card).schedule,
        agenda=_agenda(owner_id, pending, card, now, settings),
    )


def reviewed_since(
    *, owner_id: UUID, since: datetime, pending: Pending | None = None
) -> list[ReviewLog]:
    """Return the reviews that stand from `since` on, oldest first. One SQL query at most."""
    pending = pending or journal.read(owner_id)
    rows = recent_reviews.standing(owner_id, pending, since + recent_reviews.NEEDED)
    found = [log for log in rows if log.reviewed_at >= since]
    return sorted(found, key=lambda log: (log.reviewed_at, log.sequence))


def _agenda(
    owner_id: UUID, pending: Pending, card: Flashcard, now: datetime, settings: EffectiveSettings
) -> Agenda:
    """Return what is due when, as far as it bears on the day this card may get."""
    day, plan = settings.day, study_settings.plan_for(settings, now)

    @functools.cache
    def due_days() -> Callable[[int, int], Sequence[int]]:
        return due_counts.counts(owner_id, pending, now, plan.day_begins)

    def counts(first: int, last: int) -> Sequence[int]:
        # Not asked for at all where no interval is long enough to be moved.
        return due_days()(first, last)

    dues = due_queue.near_dues(owner_id, pending, card.id, now, plan)
    return Agenda(counts, frozenset(day.between(now, due) for due in dues))


def _log(owner_id: UUID, log_id: UUID) -> ReviewLog | None:
    return review_logs.for_owner(owner_id).filter(id=log_id).first()


def _last_standing(owner_id: UUID, pending: Pending, now: datetime) -> ReviewLog:
    """Return the last review that was not taken back. Raises NothingToUndo."""
    standing = [
        log
        for log in recent_reviews.standing(owner_id, pending, now)
        if log.reviewed_at >= now - UNDO_WITHIN
    ]
    if not standing:
        raise NothingToUndo("There is no review of the last day to take back.")
    return max(standing, key=lambda log: (log.reviewed_at, log.sequence))
