"""State = fold(log): what a card's log says of the card, whatever the settings are by now.

A log row keeps what no replay could know: the days that the learner's own clock counted since the
review before (`elapsed_days`), and when the card comes back (`scheduled_days`, `state_after`).
So a change of time zone, rollover, steps, retention or fuzz never changes what an old row means.
The memory is replayed through FSRS from the ratings and those days; that takes the learner's
parameters, and whoever changes them folds every card again.

A row of the kind `manual` chooses a new time by itself: after new parameters, or where a review
was put into or taken out of the middle of a history. One that was taken over from elsewhere says
the memory too, in place of reviews that nobody has a row of: `is_given`.
"""

import bisect
import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.scheduling.fsrs_adapter import memory_of, remembered
from flashcards.scheduling.manual_entries import is_given, since_reset
from flashcards.scheduling.settings import ScheduleSettings

# Rows that say something of the memory. Cramming is practice and changes nothing.
RATED = (LogKind.LEARN, LogKind.REVIEW, LogKind.RELEARN)


@dataclass(frozen=True, slots=True)
class CountedReview:
    """One review that counts, and the days since the one before it; None for the first."""

    log: ReviewLog
    rating: Rating
    elapsed_days: int | None


def effective(logs: Iterable[ReviewLog]) -> list[ReviewLog]:
    """Return the reviews that stand: not undone, oldest first."""
    history = list(logs)
    undone = {log.undoes for log in history if log.kind is LogKind.UNDO}
    standing = [log for log in history if log.rating is not None and log.id not in undone]
    return sorted(standing, key=_time)


def standing(logs: Iterable[ReviewLog]) -> list[CountedReview]:
    """Return the reviews that shape the memory, in the order of their own times."""
    history = since_reset(logs)
    days = _day_numbers(history)
    before = given(history)
    found: list[CountedReview] = []
    for log in effective(history):
        if log.kind not in RATED or log.rating is None:
            continue
        if before is not None and not found and log.reviewed_at < before.reviewed_at:
            # What was before it is in what it says.
            continue
        last = found[-1].log if found else before
        elapsed = max(0, days[log.id] - days[last.id]) if last else None
        found.append(CountedReview(log, log.rating, elapsed))
    return found


def given(logs: Iterable[ReviewLog]) -> ReviewLog | None:
    """Return the row that says with what memory the history begins; None: with its first review."""
    history = since_reset(logs)
    undone = {log.undoes for log in history if log.kind is LogKind.UNDO}
    found = [log for log in history if is_given(log) and log.id not in undone]
    return found[-1] if found else None


def beginning(card: Flashcard, logs: Iterable[ReviewLog]) -> Flashcard:
    """Return the card as it was before the first review that the log has a row of."""
    row = given(logs)
    if row is None:
        return as_new(card)
    return dataclasses.replace(
        as_new(card),
        state=row.state_after,
        step=0 if row.state_after in (State.LEARNING, State.RELEARNING) else None,
        stability=row.stability_after,
        difficulty=row.difficulty_after,
        due=row.reviewed_at + timedelta(days=row.scheduled_days),
        last_review=row.reviewed_at,
        reps=1,
    )


def fold(card: Flashcard, logs: Iterable[ReviewLog], *, settings: ScheduleSettings) -> Flashcard:
    """Return the card with the schedule that its log gives; only `parameters` matter of settings.

    Reviews count in the order of their own times, so a late one takes its place in history.
    """
    history = sorted(logs, key=lambda log: log.sequence)
    sequence = history[-1].sequence + 1 if history else 0
    reviews = standing(history)
    begun = beginning(card, history)
    memory = memory_of(begun)
    for review in reviews:
        memory = remembered(memory, review.rating, review.elapsed_days or 0, settings)
    if memory is None:
        return dataclasses.replace(begun, sequence=sequence)
    chosen = governing(history) or reviews[-1].log
    learning = chosen.state_after in (State.LEARNING, State.RELEARNING)
    return dataclasses.replace(
        card,
        state=chosen.state_after,
        step=_step(reviews) if learning else None,
        stability=memory.stability,
        difficulty=memory.difficulty,
        due=chosen.reviewed_at + timedelta(days=chosen.scheduled_days),
        last_review=reviews[-1].log.reviewed_at if reviews else begun.last_review,
        reps=begun.reps + len(reviews),
        lapses=sum(
            review.rating is Rating.AGAIN and review.log.state_before is State.REVIEW
            for review in reviews
        ),
        sequence=sequence,
    )


def as_new(card: Flashcard) -> Flashcard:
    """Return the card as it was before its first review."""
    return dataclasses.replace(
        card,
        state=State.NEW,
        step=None,
        stability=None,
        difficulty=None,
        due=card.created_at,
        last_review=None,
        reps=0,
        lapses=0,
        sequence=0,
    )


def governing(logs: Iterable[ReviewLog]) -> ReviewLog | None:
    """Return the row that says when the card comes back: the newest one not taken back."""
    kept: list[ReviewLog] = []
    for log in since_reset(logs):
        if log.kind is LogKind.UNDO:
            kept = [row for row in kept if row.id != log.undoes]
        elif log.kind is not LogKind.CRAM:
            kept.append(log)
    return kept[-1] if kept else None


def _step(reviews: Sequence[CountedReview]) -> int:
    """Return how many learning steps are done: the Goods since the last Again."""
    done = 0
    for review in reviews:
        if review.rating is Rating.AGAIN:
            done = 0
        elif review.rating is Rating.GOOD:
            done += 1
    return done


def _day_numbers(history: Sequence[ReviewLog]) -> dict[UUID, int]:
    """Return the learner's day of each review, counted from that of the first to be written.

    Each row tells its distance from the review before it that stood when it was written.
    """
    days: dict[UUID, int] = {}
    alive: list[ReviewLog] = []
    for log in sorted(history, key=lambda log: log.sequence):
        if log.kind is LogKind.UNDO:
            alive = [row for row in alive if row.id != log.undoes]
            continue
        if log.kind not in RATED and not is_given(log):
            continue
        at = bisect.bisect_right(alive, _time(log), key=_time)
        if at:
            days[log.id] = days[alive[at - 1].id] + math.floor(log.elapsed_days or 0)
        elif alive:
            # The first of all, told late: nobody counted the days to the next.
            gap = alive[0].reviewed_at - log.reviewed_at
            days[log.id] = days[alive[0].id] - gap // timedelta(days=1)
        else:
            days[log.id] = 0
        alive.insert(at, log)
    return days


def _time(log: ReviewLog) -> tuple[object, int]:
    return log.reviewed_at, log.sequence
