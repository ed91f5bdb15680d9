"""Conversion of Anki's schedules: the review log of a card, of which the card is the fold.

Every rating keeps its time and its interval. A card whose first reviews have no rows begins with
the memory state that Anki has for it: FSRS's own, else from SM-2's interval and ease. Where the
replay of the reviews gives another memory than Anki's FSRS has, for instance with other parameters,
a row at the end states Anki's. Changes without a rating become rows too, so that the card stays due
on the same day.
"""

import dataclasses
import hashlib
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flashcards import scheduling
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.exchange.anki.memory import from_fsrs, from_sm2, is_same
from flashcards.exchange.anki.records import Card, Review
from flashcards.scheduling import Memory, ScheduleSettings

_NEW, _REVIEW = 0, 2
# Queues of cards in their steps, of minutes and of days.
_LEARNING = (1, 3)
_SUSPENDED = -1
_BURIED = (-2, -3)
# Kinds of rows in Anki's log.
_LEARN, _FILTERED, _MANUAL, _RESCHEDULED = 0, 3, 4, 5
_STATES = {0: State.LEARNING, 1: State.REVIEW, 2: State.RELEARNING}
_KINDS = {
    State.NEW: LogKind.LEARN,
    State.LEARNING: LogKind.LEARN,
    State.REVIEW: LogKind.REVIEW,
    State.RELEARNING: LogKind.RELEARN,
}
# Larger due values are times, smaller ones are day numbers.
_TIMES_FROM = 1_000_000_000
_DAYS_MOST = 36_500
_DURATION_MAX_MS = 3_600_000
_COUNT_MOST = 1_000_000
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Calendar:
    """The day numbers of a package, and the settings that its reviews are folded with."""

    day_zero: date
    settings: ScheduleSettings
    now: datetime
    # Before Anki 2.1 a learning card had three answers: Again, Good, Easy.
    first_scheduler: bool = False

    def date_of(self, number: int) -> date:
        """Return the date of a day number; the nearest valid one for a number out of range."""
        return self.day_zero + timedelta(days=min(max(number, -_DAYS_MOST), 2 * _DAYS_MOST))


@dataclass
class _History:
    """The log of a card while it is built, with the state and memory that it leads to."""

    card: Flashcard
    calendar: Calendar
    rows: list[ReviewLog] = field(default_factory=list)
    state: State = State.NEW
    memory: Memory[float] | None = None
    last_at: datetime | None = None
    # The position of the row that states a memory, since the last reset.
    given_at: int | None = None

    def add(self, row_id: object, kind: LogKind, at: datetime, **values: Any) -> None:
        before = self.state, self.memory
        self.state = values.pop("state", self.state)
        self.memory = values.pop("memory", self.memory)
        scheduled = values.pop("scheduled_days", 0.0)
        self.rows.append(
            ReviewLog(
                id=uuid.uuid5(self.card.id, str(row_id)),
                owner_id=self.card.owner_id,
                flashcard_id=self.card.id,
                sequence=len(self.rows),
                kind=kind,
                reviewed_at=at,
                scheduled_days=scheduled,
                state_before=values.pop("state_before", before[0]),
                stability_before=before[1].stability if before[1] else None,
                difficulty_before=before[1].difficulty if before[1] else None,
                state_after=self.state,
                stability_after=self.memory.stability if self.memory else None,
                difficulty_after=self.memory.difficulty if self.memory else None,
                **values,
            )
        )

    def give(self, state: State, memory: Memory[float], at: datetime, days: float) -> None:
        """Add a row for a memory state whose reviews have no rows."""
        values = {"state": state, "memory": memory, "elapsed_days": 0.0}
        row_id = f"given {len(self.rows)}"
        self.given_at = len(self.rows)
        self.add(row_id, LogKind.MANUAL, at, scheduled_days=days or 1e-11, **values)
        self.last_at = at

    def reset(self, row_id: object, at: datetime) -> None:
        self.add(row_id, LogKind.MANUAL, at, state=State.NEW, memory=None)
        self.last_at = self.given_at = None

    def counting(self) -> list[ReviewLog]:
        """Return the reviews that the memory follows from, after the row that states one."""
        since = scheduling.since_reset(self.rows)
        if self.given_at is not None:
            since = self.rows[self.given_at + 1 :]
        return [row for row in since if row.rating is not None and row.kind is not LogKind.CRAM]

    def counts(self) -> tuple[int, int]:
        """Return how many reviews there were, and how many of them were lapses."""
        reps = lapses = 0
        if self.given_at is not None:
            reps, lapses = scheduling.given_counts(self.rows[self.given_at])
        rated = self.counting()
        lapsed = (r for r in rated if r.rating is Rating.AGAIN and r.state_before is State.REVIEW)
        return reps + len(rated), lapses + sum(1 for _ in lapsed)


def import_schedule(
    card: Flashcard, theirs: Card, reviews: Sequence[Review], calendar: Calendar
) -> tuple[Flashcard, list[ReviewLog]]:
    """Return a new card with its schedule from Anki, and its review log.

    `reviews` are in the order of their times.
    """
    history = _History(card, calendar)
    for review in {each.id: each for each in reviews}.values():
        _take(history, review)
    _end(history, theirs)
    marked = _marked(card, theirs, calendar)
    return _folded(marked, history), history.rows


def drop_schedule(card: Flashcard, theirs: Card, calendar: Calendar) -> Flashcard:
    """Return a new card without its schedule from Anki, but with its flag and its suspension."""
    return dataclasses.replace(_marked(card, theirs, calendar), buried_until=None)


def flag_of(theirs: Card) -> int:
    return theirs.flag if 0 <= theirs.flag <= 7 else 0


def told_of(theirs: Card, reviews: Collection[Review]) -> str | None:
    """Return what a card's row says of its schedule, to be compared with what it says later.

    None for a new card without reviews: so are all cards of a package without schedules.
    """
    if theirs.type == _NEW:
        # Its position is none of the schedule.
        return "new" if reviews else None
    said = (theirs.type, theirs.due, theirs.interval, theirs.factor, theirs.data)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def is_suspended(theirs: Card) -> bool:
    return theirs.queue == _SUSPENDED


def is_rated(review: Review) -> bool:
    """Tell whether a row of Anki's log is an answer; others are changes of the schedule."""
    return review.type not in (_MANUAL, _RESCHEDULED) and review.ease in (1, 2, 3, 4)


def _marked(card: Flashcard, theirs: Card, calendar: Calendar) -> Flashcard:
    tomorrow = calendar.settings.day.start(calendar.now, days=1)
    return dataclasses.replace(
        card,
        flag=flag_of(theirs),
        suspended=is_suspended(theirs),
        buried_until=tomorrow if theirs.queue in _BURIED else None,
    )


def _take(history: _History, review: Review) -> None:
    at = _time(review.id, history)
    days = _days(review.interval)
    if review.type in (_MANUAL, _RESCHEDULED) or review.ease == 0:
        _take_manual(history, review, at, days)
        return
    if not is_rated(review):
        return
    ease = review.ease
    if history.calendar.first_scheduler and review.type in (0, 2) and ease in (2, 3):
        ease += 1
    rating, settings = Rating(ease), history.calendar.settings
    elapsed = settings.day.between(history.last_at, at) if history.last_at else None
    values: dict[str, Any] = {
        "rating": rating,
        "duration_ms": min(max(review.duration_ms, 0), _DURATION_MAX_MS),
        "scheduled_days": days,
    }
    if review.type == _FILTERED and review.factor == 0:
        # Practice in a filtered deck, without effect on the schedule.
        values["elapsed_days"] = None if elapsed is None else float(elapsed)
        history.add(review.id, LogKind.CRAM, at, **values)
        return
    if history.memory is None and review.type != _LEARN and review.last_interval > 0:
        lasted = min(review.last_interval, _DAYS_MOST)
        memory = from_sm2(review.factor, lasted, settings)
        history.give(State.REVIEW, memory, max(at - lasted * _DAY, _EARLIEST), float(lasted))
        elapsed = settings.day.between(history.last_at, at) if history.last_at else None
    before = _STATES.get(review.type, history.state)
    if history.memory is None:
        before = State.NEW if before is State.LEARNING else before
    elif before is State.NEW:
        before = State.LEARNING
    # A card is in its steps only if it comes back on the same day.
    learning = State.RELEARNING if before in (State.REVIEW, State.RELEARNING) else State.LEARNING
    values["state_before"] = before
    values["state"] = State.REVIEW if review.interval > 0 else learning
    values["elapsed_days"] = None if elapsed is None else float(elapsed)
    values["memory"] = settings.model.next(
        history.memory, rating, _model_days(history, at, elapsed)
    )
    history.add(review.id, _KINDS[before], at, **values)
    history.last_at = at


def _take_manual(history: _History, review: Review, at: datetime, days: float) -> None:
    """Convert a row without an answer: a reset, or another due date."""
    if review.interval == 0 and review.factor == 0:
        if history.memory is not None:
            history.reset(review.id, at)
    elif review.interval > 0 and history.memory is not None:
        history.add(review.id, LogKind.MANUAL, at, state=State.REVIEW, scheduled_days=days)
    elif review.interval > 0:
        memory = from_sm2(review.factor, review.interval, history.calendar.settings)
        history.give(State.REVIEW, memory, at, days)


def _end(history: _History, theirs: Card) -> None:
    """Add a row if the log does not yet lead to the state and the due date that Anki has."""
    if theirs.type == _NEW:
        if history.memory is not None:
            history.reset("reset", history.rows[-1].reviewed_at)
        return
    if theirs.type == _REVIEW and theirs.queue not in _LEARNING:
        state = State.REVIEW
    else:
        # Anki's first scheduler calls a card that is relearnt one of reviews, among the learning.
        state = State.LEARNING if theirs.type == 1 else State.RELEARNING
    if history.memory is None:
        _give(history, theirs, state)
        _count_given(history, theirs)
        return
    _count_given(history, theirs)
    last = history.last_at or history.rows[-1].reviewed_at
    due = _due(theirs, history.calendar, last)
    if _is_told_otherwise(history, theirs, state):
        _give_at_the_end(history, theirs, state, due)
    else:
        _set_due(history, state, due)


def _set_due(history: _History, state: State, due: datetime) -> None:
    """Add a row for the due date, unless the log leads to it already."""
    settings = history.calendar.settings
    governing = scheduling.governing(history.rows)
    assert governing is not None  # noqa: S101 - there is a memory, so there is a row
    if governing.state_after is State.REVIEW:
        # Whole days in the learner's time zone, also where the clocks change.
        on = settings.day.of(governing.reviewed_at) + round(governing.scheduled_days) * _DAY
    else:
        on = settings.day.of(governing.reviewed_at + timedelta(days=governing.scheduled_days))
    same_day = on == settings.day.of(due)
    span = (due - governing.reviewed_at) / _DAY
    if governing.state_after is state and same_day and span:
        # The exact time: days of 23 hours, and Anki's fuzz within a day.
        if abs(span - governing.scheduled_days) > 1e-9:
            history.rows[governing.sequence] = dataclasses.replace(governing, scheduled_days=span)
        return
    at = history.rows[-1].reviewed_at
    span = (due - at) / _DAY or 1e-11
    history.add("due", LogKind.MANUAL, at, state=state, scheduled_days=span)


def _is_told_otherwise(history: _History, theirs: Card, state: State) -> bool:
    """Tell whether the card's row has a memory, or counts, that its reviews do not lead to."""
    if state is State.LEARNING:
        # A given row does not say how many of its first steps a card has done.
        return False
    known, memory = from_fsrs(theirs.data, history.calendar.settings), history.memory
    if known is not None and memory is not None and not is_same(memory, known[0]):
        return True
    if history.given_at is not None or any(map(scheduling.is_reset, history.rows)):
        return False
    return theirs.reps > sum(row.rating is not None for row in history.rows)


def _give_at_the_end(history: _History, theirs: Card, state: State, due: datetime) -> None:
    known, memory = from_fsrs(theirs.data, history.calendar.settings), history.memory
    at = history.last_at
    assert memory is not None  # noqa: S101 - the caller has looked
    assert at is not None  # noqa: S101 - and whoever has a memory was reviewed
    reps, lapses = history.counts()
    if history.given_at is None and not any(map(scheduling.is_reset, history.rows)):
        reps, lapses = max(reps, _count(theirs.reps)), max(lapses, _count(theirs.lapses))
    history.give(state, known[0] if known else memory, at, (due - at) / _DAY)
    history.rows[-1] = scheduling.with_given_counts(history.rows[-1], reps, lapses)


def _count_given(history: _History, theirs: Card) -> None:
    """Have the row that stands for missing reviews say how many, by the counts of the card."""
    if history.given_at is None:
        return
    given = history.rows[history.given_at]
    history.rows[history.given_at] = scheduling.with_given_counts(given, 0, 0)
    reps, lapses = history.counts()
    history.rows[history.given_at] = scheduling.with_given_counts(
        given, max(1, _count(theirs.reps) - reps), max(0, _count(theirs.lapses) - lapses)
    )


def _count(number: int) -> int:
    return min(max(number, 0), _COUNT_MOST)


def _give(history: _History, theirs: Card, state: State) -> None:
    """Give a card without a history the memory state and the due date that Anki has for it."""
    calendar = history.calendar
    known = from_fsrs(theirs.data, calendar.settings)
    if known is None and state is State.LEARNING:
        # In its first steps, without a memory state: it stays new.
        return
    interval = min(max(theirs.interval, 1), _DAYS_MOST)
    memory = known[0] if known else from_sm2(theirs.factor, interval, calendar.settings)
    last = known[1] if known else None
    if last is None:
        day = calendar.date_of(theirs.due) - timedelta(days=interval)
        start = datetime.combine(day, calendar.settings.day.begins, calendar.settings.day.zone)
        last = start.astimezone(UTC) + 8 * _HOUR if theirs.due < _TIMES_FROM else calendar.now
    last = min(max(last, _EARLIEST), calendar.now)
    due = _due(theirs, calendar, last)
    history.give(state, memory, last, (due - last) / _DAY)


def _due(theirs: Card, calendar: Calendar, last: datetime) -> datetime:
    """Return when a card is due: a time, or on its due day at the time of its last review."""
    if theirs.due >= _TIMES_FROM:
        return datetime.fromtimestamp(min(theirs.due, 2**33), UTC)
    day = calendar.settings.day
    on = calendar.date_of(theirs.due)
    days = (on - day.of(last)).days
    if days >= 0:
        return day.later(last, days)
    start = datetime.combine(on, day.begins, day.zone).astimezone(UTC)
    return start + 8 * _HOUR


def _folded(card: Flashcard, history: _History) -> Flashcard:
    """Return the card that `scheduling.fold` gives for the log, without a second replay."""
    if not history.rows:
        return card
    sequence = len(history.rows)
    governing = scheduling.governing(history.rows)
    if history.memory is None or governing is None:
        return dataclasses.replace(scheduling.as_new(card), sequence=sequence)
    step = None
    if history.state in (State.LEARNING, State.RELEARNING):
        step = 0
        for row in history.counting():
            step = 0 if row.rating is Rating.AGAIN else step + (row.rating is Rating.GOOD)
    reps, lapses = history.counts()
    return dataclasses.replace(
        card,
        state=history.state,
        step=step,
        due=governing.reviewed_at + timedelta(days=governing.scheduled_days),
        last_review=history.last_at,
        reps=reps,
        lapses=lapses,
        sequence=sequence,
        **scheduling.memory_fields(history.memory, history.calendar.settings.model),
    )


def _model_days(history: _History, at: datetime, elapsed: int | None) -> float:
    """Return the time since the last review as the memory model counts it."""
    if history.last_at is None or elapsed is None:
        return 0.0
    whole_days = history.calendar.settings.model.whole_days
    return float(elapsed) if whole_days else max(0.0, (at - history.last_at) / _DAY)


def _time(milliseconds: int, history: _History) -> datetime:
    """Return the time of a row: not in the future, and not before the previous row."""
    seconds = min(max(milliseconds, 0) / 1000, 2**33)
    at = min(datetime.fromtimestamp(seconds, UTC), history.calendar.now)
    return max(at, history.rows[-1].reviewed_at if history.rows else _EARLIEST)


def _days(interval: int) -> float:
    if interval >= 0:
        return float(min(interval, _DAYS_MOST))
    return min(-interval, _DAYS_MOST * 86_400) / 86_400
