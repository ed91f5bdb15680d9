"""The replay of a card's review log, which gives the card's schedule: state = fold(log).

A log row keeps what a replay cannot work out: how often the learner's day rolled over since the
review before (`elapsed_days`), and when the card comes back (`scheduled_days`, `state_after`).
So a change of time zone, rollover, steps, retention or fuzz never changes what an old row means.
The memory is not read from the log: it is replayed through the memory model, from the ratings and
the days between them. Whoever changes the model or its parameters folds every card again.

A row of the kind `manual` sets a new due time: after new parameters, or where a review was put
into or taken out of the middle of a history. A given row (`is_given`) also states the memory that
a card had when it was imported, in place of the reviews before that: there are no rows of them, or
the memory is that of other parameters.
"""

import bisect
import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flashcards.domain.records import (
    FIRST_MEMORY_MODEL,
    Flashcard,
    LogKind,
    Rating,
    ReviewLog,
    State,
)
from flashcards.scheduling.manual_entries import given_counts, is_given, since_reset
from flashcards.scheduling.memory_model import Memory, MemoryModel, memory_fields, memory_of
from flashcards.scheduling.settings import ScheduleSettings

DAY = timedelta(days=1)
# Rows that change the memory. Cramming is practice and changes nothing.
RATED = (LogKind.LEARN, LogKind.REVIEW, LogKind.RELEARN)


@dataclass(frozen=True, slots=True)
class CountedReview:
    """One review that counts, and the time since the one before it; None for the first."""

    log: ReviewLog
    rating: Rating
    # How often the learner's day rolled over.
    elapsed_days: int | None
    elapsed: timedelta | None

    def days_for(self, model: MemoryModel) -> float:
        """Return the time since the review before as a memory model counts it."""
        if self.elapsed_days is None or self.elapsed is None:
            return 0.0
        return float(self.elapsed_days) if model.whole_days else self.elapsed / DAY


def effective(logs: Iterable[ReviewLog]) -> list[ReviewLog]:
    """Return the answers that were not taken back, oldest first; those of a cram among them."""
    history = list(logs)
    undone = {log.undoes for log in history if log.kind is LogKind.UNDO}
    kept = [log for log in history if log.rating is not None and log.id not in undone]
    return sorted(kept, key=_time)


def counted_reviews(logs: Iterable[ReviewLog]) -> list[CountedReview]:
    """Return the reviews that change the memory, in the order of their own times."""
    history = since_reset(logs)
    return _counted(history, given_row(history))


def answered_reviews(logs: Iterable[ReviewLog]) -> tuple[ReviewLog | None, list[CountedReview]]:
    """Return the given row that the answers begin with, if they do, and all answers that count.

    What a fit of the parameters learns from: a given row after a card's first review, as an import
    writes it for the memory of other parameters, is passed over here.
    """
    history = since_reset(logs)
    counted = _counted(history, None)
    given = [
        log for log in _given_rows(history) if not counted or _time(log) < _time(counted[0].log)
    ]
    return (given[-1], _counted(history, given[-1])) if given else (None, counted)


def _counted(history: Sequence[ReviewLog], before: ReviewLog | None) -> list[CountedReview]:
    """Return the reviews since a reset that count, after a given row if there is one."""
    days = _day_numbers(history)
    found: list[CountedReview] = []
    for log in effective(history):
        if log.kind not in RATED or log.rating is None:
            continue
        if before is not None and not found and _time(log) < _time(before):
            # The given row states the memory after this review as well.
            continue
        last = found[-1].log if found else before
        if last is None:
            found.append(CountedReview(log, log.rating, None, None))
            continue
        elapsed_days = max(0, days[log.id] - days[last.id])
        elapsed = max(timedelta(0), log.reviewed_at - last.reviewed_at)
        found.append(CountedReview(log, log.rating, elapsed_days, elapsed))
    return found


def given_row(logs: Iterable[ReviewLog]) -> ReviewLog | None:
    """Return the row that states the memory a history begins with; None if it begins without."""
    found = _given_rows(since_reset(logs))
    return found[-1] if found else None


def _given_rows(history: Sequence[ReviewLog]) -> list[ReviewLog]:
    undone = {log.undoes for log in history if log.kind is LogKind.UNDO}
    return [log for log in history if is_given(log) and log.id not in undone]


def before_first_review(
    card: Flashcard, logs: Iterable[ReviewLog], model: MemoryModel
) -> Flashcard:
    """Return the card as it was before the first review that the log has a row of."""
    row = given_row(logs)
    if row is None or row.stability_after is None or row.difficulty_after is None:
        return as_new(card)
    memory = model.from_summary(row.stability_after, row.difficulty_after)
    reps, lapses = given_counts(row)
    return dataclasses.replace(
        as_new(card),
        state=row.state_after,
        step=0 if row.state_after in (State.LEARNING, State.RELEARNING) else None,
        due=row.reviewed_at + timedelta(days=row.scheduled_days),
        last_review=row.reviewed_at,
        reps=reps,
        lapses=lapses,
        **memory_fields(memory, model),
    )


def fold(card: Flashcard, logs: Iterable[ReviewLog], *, settings: ScheduleSettings) -> Flashcard:
    """Return the card with the schedule that its log gives, replayed from nothing.

    Of the settings only the memory model and its parameters matter: what was chosen by the others
    is in the log. Reviews count in the order of their own times, so a late one takes its place.
    """
    history = sorted(logs, key=lambda log: log.sequence)
    sequence = history[-1].sequence + 1 if history else 0
    reviews = counted_reviews(history)
    model = settings.model
    begun = before_first_review(card, history, model)
    memory = memory_of(begun, model)
    memory = [memory, *_memories(memory, reviews, model)][-1]
    if memory is None:
        return dataclasses.replace(begun, sequence=sequence)
    chosen = governing(history) or reviews[-1].log
    learning = chosen.state_after in (State.LEARNING, State.RELEARNING)
    return dataclasses.replace(
        card,
        state=chosen.state_after,
        step=_step(reviews) if learning else None,
        due=chosen.reviewed_at + timedelta(days=chosen.scheduled_days),
        last_review=reviews[-1].log.reviewed_at if reviews else begun.last_review,
        reps=begun.reps + len(reviews),
        lapses=begun.lapses
        + sum(
            review.rating is Rating.AGAIN and review.log.state_before is State.REVIEW
            for review in reviews
        ),
        sequence=sequence,
        **memory_fields(memory, model),
    )


def after_each(
    card: Flashcard, logs: Iterable[ReviewLog], *, settings: ScheduleSettings
) -> list[tuple[ReviewLog, Flashcard]]:
    """Return each review that counts, and the card with the memory it had right after it."""
    history, model = list(logs), settings.model
    reviews = counted_reviews(history)
    memory = memory_of(before_first_review(card, history, model), model)
    return [
        (
            review.log,
            dataclasses.replace(
                card, last_review=review.log.reviewed_at, **memory_fields(after, model)
            ),
        )
        for review, after in zip(reviews, _memories(memory, reviews, model), strict=True)
    ]


def as_new(card: Flashcard) -> Flashcard:
    """Return the card as it was before its first review."""
    return dataclasses.replace(
        card,
        state=State.NEW,
        step=None,
        stability=None,
        difficulty=None,
        memory=(),
        memory_model=FIRST_MEMORY_MODEL,
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


def _memories(
    memory: Memory[float] | None, reviews: Iterable[CountedReview], model: MemoryModel
) -> Iterator[Memory[float]]:
    """Yield the memory after each review; `memory` is the one before the first."""
    for review in reviews:
        memory = model.next(memory, review.rating, review.days_for(model))
        yield memory


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

    `elapsed_days` of a row counts from the review before it, of those not taken back when the row
    was written.
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
            # A late review that is now the first: no row has the rollovers between it and the next.
            gap = alive[0].reviewed_at - log.reviewed_at
            days[log.id] = days[alive[0].id] - gap // DAY
        else:
            days[log.id] = 0
        alive.insert(at, log)
    return days


def _time(log: ReviewLog) -> tuple[datetime, int]:
    return log.reviewed_at, log.sequence
