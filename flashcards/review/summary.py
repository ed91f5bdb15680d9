"""The summary of a learner's day: what was done, which cards were hard, and what is due next."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from flashcards import store
from flashcards.domain.records import Flashcard, Rating, ReviewLog, State
from flashcards.domain.study_day import MICROSECOND, Day
from flashcards.review.learner import Learner
from flashcards.review.streak import LOOK_BACK_DAYS, Streak, streak_of
from flashcards.store import DueQueue, cards

HARD_SHOWN = 5
WEEK_DAYS = 7
# With fewer reviewed cards a difference from the desired retention is mostly chance.
TESTED_ENOUGH = 20
_MICROS = "datetime64[us]"

Times = np.ndarray[Any, np.dtype[np.datetime64]]
Numbers = np.ndarray[Any, np.dtype[Any]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Hard:
    """A card that was hard today: how often it was forgotten, and how often rated Hard."""

    card: Flashcard
    forgotten: int
    rated_hard: int


@dataclass(frozen=True)
class Recalled:
    """How many of the cards that a day or more had passed over were recalled, and the aim."""

    tested: int
    recalled: int
    desired_retention: float

    @property
    def share(self) -> float:
        return self.recalled / self.tested

    @property
    def is_enough(self) -> bool:
        """Return whether there are enough reviews to compare with the desired retention."""
        return self.tested >= TESTED_ENOUGH

    @property
    def is_as_desired(self) -> bool:
        """Return whether chance explains the difference, as it does on nineteen of twenty days."""
        aim = self.desired_retention
        return bool(abs(self.share - aim) <= 2 * (aim * (1 - aim) / self.tested) ** 0.5)


@dataclass(frozen=True)
class Coming:
    """When the next cards are due, and how many."""

    cards: int
    due: datetime


@dataclass(frozen=True)
class ComingDay:
    """A day ahead, and how many learnt cards are due on it."""

    date: date
    due: int
    # Of those, so many in review were due before and are left over.
    left_over: int = 0


@dataclass(frozen=True)
class Summary:
    """What was done on a learner's day so far, and what is due next."""

    at: datetime
    day: Day
    reviews: int
    cards: int
    spent: timedelta
    # None if no card was due again after a day or more.
    recalled: Recalled | None
    hard: tuple[Hard, ...]
    # Cards due now, for a learner who stops before the end.
    left: int
    # None when no card will ever be due.
    coming: Coming | None
    # The next seven days, tomorrow first.
    week: tuple[ComingDay, ...]
    streak: Streak
    # Due as well, but beyond the learner's limits for one day.
    new_held: int = 0
    due_held: int = 0


def summary(learner: Learner, now: datetime, *, only: Collection[str] | None = None) -> Summary:
    """Return the learner's day so far; with `only`, a set of ids, what is left of these cards.

    Costs five SQL queries, and a read of what is due within a week.
    """
    settings, day = learner.settings, learner.settings.day
    logs = learner.reviews_today(now)
    queue = learner.due_queue(now, limit=1, only=only)
    ahead = _Ahead.of(learner, now)
    studied = store.review_days(
        learner.owner_id,
        day.start(now, days=-LOOK_BACK_DAYS),
        zone=day.zone,
        day_begins=timedelta(hours=settings.rollover_hour),
    )
    return Summary(
        at=now,
        day=day,
        reviews=len(logs),
        cards=len({log.flashcard_id for log in logs}),
        spent=timedelta(milliseconds=sum(log.duration_ms for log in logs)),
        recalled=recalled(logs, settings.desired_retention),
        hard=_hard(learner, logs),
        left=queue.new + queue.learning + queue.due,
        coming=_coming(learner, now, queue, ahead),
        week=_week(day.of(now), ahead),
        streak=streak_of(studied, day.of(now)),
        new_held=queue.new_held,
        due_held=queue.due_held,
    )


def hard_today(learner: Learner, now: datetime) -> list[Flashcard]:
    """Return the cards that were hard on the learner's present day, hardest first."""
    return [each.card for each in _hard(learner, learner.reviews_today(now))]


def recalled(logs: Iterable[ReviewLog], desired_retention: float) -> Recalled | None:
    """Return how many of the cards that a day or more had passed over were recalled."""
    tested = [
        log for log in logs if log.state_before is State.REVIEW and (log.elapsed_days or 0) >= 1
    ]
    if not tested:
        return None
    right = sum(log.rating is not Rating.AGAIN for log in tested)
    return Recalled(len(tested), right, desired_retention)


@dataclass(frozen=True)
class _Ahead:
    """What is due until the end of the next seven days, with overdue and new cards."""

    due: Times
    buried: Times
    state: Numbers
    # When tomorrow and each of the seven days after it begin.
    borders: Times

    @classmethod
    def of(cls, learner: Learner, now: datetime) -> "_Ahead":
        starts = [learner.settings.day.start(now, days=n) for n in range(1, WEEK_DAYS + 2)]
        found = cards.for_owner(learner.owner_id).filter(suspended=False, due__lt=starts[-1])
        rows = found.columns("due", "buried_until", "state")
        buried = rows["buried_until"]
        return cls(
            rows["due"],
            np.where(np.isnat(buried), np.datetime64(0, "us"), buried),
            rows["state"],
            np.array([_plain(start) for start in starts], dtype=_MICROS),
        )

    @property
    def seen(self) -> Mask:
        return np.asarray(self.state != State.NEW)

    def next_due(self, now: datetime) -> datetime | None:
        """Return when the next card that is not due yet will be; None beyond the seven days."""
        today = (self.state == State.REVIEW) & (self.due < self.borders[0])
        ready = np.where(today, self.buried, np.maximum(self.due, self.buried))
        ready = ready[ready > np.datetime64(_plain(now))]
        return ready.min().item().replace(tzinfo=UTC) if len(ready) else None

    def seen_before(self, moment: datetime) -> int:
        return int(np.count_nonzero(self.seen & (self.due < np.datetime64(_plain(moment)))))


def _plain(moment: datetime) -> datetime:
    """Return a time as numpy takes it: in UTC, without its zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _coming(learner: Learner, now: datetime, queue: DueQueue, ahead: _Ahead) -> Coming | None:
    """Return when the next cards are due, and how many; None if none ever will be."""
    settings, day = learner.settings, learner.settings.day
    next_due = ahead.next_due(now)
    if queue.new_held or queue.due_held:
        tomorrow = day.start(now, days=1)
        next_due = min(next_due or tomorrow, tomorrow)
    if next_due is None:
        next_due = learner.next_due_at(now)
        if next_due is None:
            return None
        later = cards.for_owner(learner.owner_id).filter(suspended=False)
        count = later.filter(due__lt=day.start(next_due, days=1)).exclude(state=State.NEW).count()
    elif day.of(next_due) == day.of(now):
        count = ahead.seen_before(next_due + MICROSECOND)
    else:
        limits = settings.limits_on(day.of(next_due))
        count = min(ahead.seen_before(day.start(next_due, days=1)), limits.reviews)
        count += min(int(np.count_nonzero(~ahead.seen)), limits.new)
    return Coming(max(1, count), next_due)


def _hard(learner: Learner, logs: Sequence[ReviewLog]) -> tuple[Hard, ...]:
    """Return the cards forgotten most often today, then those that were rated Hard."""
    times: dict[UUID, list[int]] = {}
    for log in logs:
        if log.rating in (Rating.AGAIN, Rating.HARD):
            counted = times.setdefault(log.flashcard_id, [0, 0])
            counted[0 if log.rating is Rating.AGAIN else 1] += 1
    ranked = sorted(times, key=lambda card_id: times[card_id], reverse=True)
    # A few more are read: some may have been deleted since.
    found = learner.cards.cards(ranked[: 2 * HARD_SHOWN]).values()
    chosen = [card for card in found if not card.suspended]
    return tuple(Hard(card, *times[card.id]) for card in chosen[:HARD_SHOWN])


def _week(today: date, ahead: _Ahead) -> tuple[ComingDay, ...]:
    """Return how many learnt cards are due on each of the next seven days."""
    places = np.searchsorted(ahead.borders, ahead.due[ahead.seen], side="right")
    counts = np.bincount(places, minlength=WEEK_DAYS + 1).tolist()
    # What is left of today is due tomorrow as well. Cards in their steps are not left over: they
    # were begun today.
    overdue = (ahead.state == State.REVIEW) & (ahead.due < ahead.borders[0])
    left_over = int(np.count_nonzero(overdue))
    tomorrow = ComingDay(today + timedelta(days=1), counts[1] + counts[0], left_over)
    later = (ComingDay(today + timedelta(days=n), counts[n]) for n in range(2, WEEK_DAYS + 1))
    return (tomorrow, *later)
