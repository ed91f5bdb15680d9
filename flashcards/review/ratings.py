"""Ratings: a card is rated, or a rating is taken back.

Each is worked out from what was read of the learner, and written if nothing has changed since: one
message to PostgreSQL, without a lock that is held while the scheduler works.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db import transaction

from flashcards import scheduling, store
from flashcards.cards import jobs
from flashcards.domain.records import Flashcard, Rating, ReviewLog
from flashcards.domain.validation import CardError
from flashcards.review import leeches
from flashcards.review.learner import Learner
from flashcards.store import Change, OwnerView

# Beyond this many pending changes of one learner a checkpoint is asked for out of turn.
CHECKPOINT_ENTRIES = 300
CHECKPOINT_ASKED_EACH = 25
# An undo is for what was just done.
UNDO_WITHIN = timedelta(days=1)
# Of so many ratings a process keeps the card as it was before: taking one back needs no log then.
KEPT_BEFORE = 2_000

T = TypeVar("T")


class NothingToUndo(CardError):
    """The learner has no review that could be taken back."""


class AlreadyAnswered(CardError):
    """Another review answered this position of the card's history first."""

    def __init__(self, card: Flashcard) -> None:
        super().__init__("This card was already answered, perhaps in another tab.")
        self.card = card


@dataclass(frozen=True)
class Answer:
    """A rating as the page sends it."""

    card_id: UUID
    # Made by the client: the same id again is the same review.
    review_id: UUID
    # The position in the card's history that is answered: `card.sequence` as shown.
    sequence: int
    rating: Rating
    duration_ms: int = 0


@dataclass(frozen=True)
class Reviewed:
    """A review that counts; `repeated` if the same one had been acknowledged before."""

    card: Flashcard
    log: ReviewLog
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class _Before:
    """A card as it was before a rating, and the settings that it was rated by."""

    card: Flashcard
    stamp: str


# By review, the oldest leaving first.
_kept: OrderedDict[UUID, _Before] = OrderedDict()
_lock = threading.Lock()


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
    """Rate a card, as `rate` does, where what comes next is not asked for."""
    reviewed, _ = rate(owner_id, Answer(card_id, review_id, sequence, rating, duration_ms), now)
    return reviewed


def rate(owner_id: UUID, answer: Answer, now: datetime) -> tuple[Reviewed, Learner | None]:
    """Rate a card; return the review, and the learner after it where that need not be read.

    The same `review_id` again changes nothing and returns what it did. Raises AlreadyAnswered if
    another review answered this position, DoesNotExist for a stranger's card.
    """

    def rated(learner: Learner) -> tuple[Reviewed, list[Change]]:
        card, known = position(learner.cards, answer, now)
        if known is not None:
            return Reviewed(card, known, repeated=True), []
        after, rows = _schedule(learner, card, answer, now)
        if after.lapses > card.lapses:
            after = leeches.marked(after)
        return Reviewed(after, rows[0]), [Change(after, row) for row in rows]

    return _write(owner_id, rated)


def position(cards: OwnerView, answer: Answer, now: datetime) -> tuple[Flashcard, ReviewLog | None]:
    """Return the card that is answered, and the row of the same answer if it came before.

    Raises AlreadyAnswered if another answer has this position, DoesNotExist.
    """
    card = cards.card(answer.card_id)
    known = cards.recent_log(answer.review_id, now)
    if known is None and answer.sequence != card.sequence:
        known = cards.log(answer.review_id)
    if known is not None and known.flashcard_id == card.id:
        return card, known
    if known is not None or answer.sequence != card.sequence:
        raise AlreadyAnswered(card)
    return card, None


def undo_review(
    *, owner_id: UUID, undo_id: UUID, now: datetime, undoes: UUID | None = None
) -> Flashcard:
    """Take back the learner's last review, or the answer `undoes`; the card is folded again.

    Again and again it goes back through the reviews of the last day. The same `undo_id` within a
    day changes nothing the second time. Raises NothingToUndo.
    """

    def undone(learner: Learner) -> tuple[Flashcard, list[Change]]:
        cards = learner.cards
        known = cards.recent_log(undo_id, now)
        if known is not None:
            return cards.card(known.flashcard_id), []
        last = _last_review(cards, now) if undoes is None else cards.log(undoes)
        if last is None:
            raise NothingToUndo("This answer no longer exists.")
        rated = cards.card(last.flashcard_id, with_deleted=True)
        card, rows = _without(learner, rated, last, undo_id, now)
        card = leeches.unmarked(rated, card)
        return card, [Change(card, row) for row in rows]

    card, _ = _write(owner_id, undone)
    return card


def _write(
    owner_id: UUID, work_out: Callable[[Learner], tuple[T, list[Change]]]
) -> tuple[T, Learner | None]:
    """Write the changes worked out from a learner; return the result, and the learner after it.

    They are worked out from what this process remembers, which nearly always still holds; else from
    what PostgreSQL says; and where that is outdated too, or it takes more than one row, under the
    lock.
    """
    for read in (Learner.remembered, Learner.read):
        learner = read(owner_id)
        if learner is None:
            continue
        try:
            found, changes = work_out(learner)
        except (CardError, Flashcard.DoesNotExist):
            # Perhaps only by what was read.
            continue
        if len(changes) == 1 and (after := learner.written(changes[0])) is not None:
            _ask_for_checkpoint(after.cards.pending_count)
            return found, after
    with transaction.atomic():
        store.lock_owner(owner_id)
        learner = Learner.read(owner_id)
        found, changes = work_out(learner)
        store.write(changes)
        _ask_for_checkpoint(learner.cards.pending_count)
    return found, None


def _ask_for_checkpoint(pending: int) -> None:
    """Ask for one out of turn where much is pending, now and then."""
    if pending >= CHECKPOINT_ENTRIES and pending % CHECKPOINT_ASKED_EACH == 0:
        jobs.request_checkpoint()


def _schedule(
    learner: Learner, card: Flashcard, answer: Answer, now: datetime
) -> tuple[Flashcard, list[ReviewLog]]:
    """Return the card after an answer, and the rows for its log: two for one that came late."""
    settings = learner.schedule_of(card)
    card = learner.up_to_date(card)
    if card.last_review is not None and now < card.last_review:
        return scheduling.review_late(
            card,
            learner.cards.history(card.id),
            answer.rating,
            now,
            review_id=answer.review_id,
            duration_ms=answer.duration_ms,
            settings=settings,
        )
    after, row = scheduling.review(
        card,
        answer.rating,
        now,
        review_id=answer.review_id,
        duration_ms=answer.duration_ms,
        settings=settings,
        agenda=learner.agenda(card, now),
    )
    _keep(answer.review_id, _Before(card, learner.settings.stamp))
    return after, [row]


def _keep(review_id: UUID, before: _Before) -> None:
    with _lock:
        _kept[review_id] = before
        _kept.move_to_end(review_id)
        if len(_kept) > KEPT_BEFORE:
            _kept.popitem(last=False)


def clear_cache() -> None:
    """Forget the cards before their ratings, as another process would not know them."""
    with _lock:
        _kept.clear()


def _without(
    learner: Learner, card: Flashcard, review: ReviewLog, undo_id: UUID, now: datetime
) -> tuple[Flashcard, list[ReviewLog]]:
    """Return a card without one of its reviews, and the rows for its log. Raises NothingToUndo."""
    before = _kept.get(review.id)
    if (
        before is not None
        and card.sequence == review.sequence + 1
        and card.deck_ids == before.card.deck_ids
        and learner.settings.stamp == before.stamp
    ):
        # Nothing came after the review, and the settings are the same.
        after, row = scheduling.undo_newest(card, before.card, review.id, now, undo_id=undo_id)
        return after, [row]
    try:
        return scheduling.undo(
            card,
            learner.cards.history(card.id),
            now,
            undo_id=undo_id,
            undoes=review.id,
            settings=learner.schedule_of(card),
        )
    except ValueError:
        raise NothingToUndo("This answer was taken back already.") from None


def _last_review(cards: OwnerView, now: datetime) -> ReviewLog:
    """Return the last review that was not taken back. Raises NothingToUndo."""
    reviews = cards.recent_reviews(now - UNDO_WITHIN)
    if not reviews:
        raise NothingToUndo("There is no review of the last day to take back.")
    return reviews[-1]
