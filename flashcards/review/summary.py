"""The end of a session, and the day so far: what was done, what was hard, what comes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.utils.safestring import SafeString

from flashcards import store
from flashcards.charts import columns as charts
from flashcards.charts.columns import Column
from flashcards.domain import durations
from flashcards.domain.clock import MICROSECOND
from flashcards.domain.records import Flashcard, Rating, ReviewLog, State
from flashcards.review.learner import Learner
from flashcards.review.streak import LOOK_BACK_DAYS, Rhythm, rhythm
from flashcards.store import DueQueue, cards

HARD_SHOWN = 5
WEEK_DAYS = 7
# With fewer cards put to the test chance says more than memory does.
TESTED_ENOUGH = 20
_MICROS = "datetime64[us]"

Times = np.ndarray[Any, np.dtype[np.datetime64]]
Numbers = np.ndarray[Any, np.dtype[Any]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Hard:
    """A card that was hard today, and what says so."""

    card: Flashcard
    why: str


@dataclass(frozen=True)
class ComingDay:
    """A day ahead: its name, its date, and how many learnt cards are due."""

    name: str
    date: date
    due: int
    # Of those, so many were due before and are left over.
    left_over: int = 0


@dataclass(frozen=True)
class Week:
    """What the next seven days bring."""

    sentence: str
    days: tuple[ComingDay, ...]
    drawings: tuple[SafeString, ...]


@dataclass(frozen=True)
class Summary:
    """What was done today, in words and numbers for the finished page and for "Today"."""

    reviews: int
    cards: int
    right_percent: int
    time: str
    # "9 seconds a card", or empty.
    pace: str
    # How much was remembered beside what is aimed at; empty if nothing was put to the test.
    retention: str
    hard: tuple[Hard, ...]
    # Cards due now, for a learner who stops before the end.
    left: int
    # "3 cards tomorrow", or empty when no card will ever be due.
    coming: str
    week: Week | None
    rhythm: Rhythm
    # Due as well, but beyond what the learner wants on one day.
    new_held: int = 0
    due_held: int = 0


def summary(learner: Learner, now: datetime, *, only: Collection[str] | None = None) -> Summary:
    """Return the learner's day so far; with `only`, a set of ids, what is left of these cards.

    Costs six SQL queries, and a read of what is due within a week.
    """
    settings, day = learner.settings, learner.settings.day
    logs = learner.reviews_today(now)
    queue = learner.due_queue(now, limit=1, only=only)
    ahead = _Ahead.of(learner, now)
    week = _week(day.of(now), ahead)
    spent_ms = sum(log.duration_ms for log in logs)
    right = sum(log.rating != Rating.AGAIN for log in logs)
    studied = store.review_days(
        learner.owner_id,
        day.start(now, days=-LOOK_BACK_DAYS),
        zone=day.zone,
        day_begins=timedelta(hours=settings.rollover_hour),
    )
    return Summary(
        reviews=len(logs),
        cards=len({log.flashcard_id for log in logs}),
        right_percent=round(100 * right / len(logs)) if logs else 0,
        time=durations.clock(timedelta(milliseconds=spent_ms)),
        pace=_pace(spent_ms, len(logs)),
        retention=retention(logs, settings.desired_retention),
        hard=_hard(learner, logs),
        left=queue.new + queue.learning + queue.due,
        coming=_coming(learner, now, queue, ahead),
        week=week if any(each.due for each in week.days) else None,
        rhythm=rhythm(studied, day.of(now)),
        new_held=queue.new_held,
        due_held=queue.due_held,
    )


def hard_today(learner: Learner, now: datetime) -> list[Flashcard]:
    """Return the cards that were hard on the learner's present day, hardest first."""
    return [each.card for each in _hard(learner, learner.reviews_today(now))]


def retention(logs: Sequence[ReviewLog], aimed: float) -> str:
    """Return what was remembered of the cards that a day or more had passed over, in a sentence.

    Says "more" or "less" than aimed at only beyond what luck alone does in nineteen of twenty days.
    """
    tested = [
        log for log in logs if log.state_before is State.REVIEW and (log.elapsed_days or 0) >= 1
    ]
    if not tested:
        return ""
    recalled = sum(log.rating is not Rating.AGAIN for log in tested)
    told = f"You remembered {recalled:,} of {durations.count(len(tested), 'card')} that came back"
    if len(tested) < TESTED_ENOUGH:
        return f"{told}; you aim for {aimed:.0%}."
    share = recalled / len(tested)
    luck = 2 * (aimed * (1 - aimed) / len(tested)) ** 0.5
    if abs(share - aimed) <= luck:
        judged = f"about the {aimed:.0%} you aim for"
    else:
        judged = f"{'more' if share > aimed else 'less'} than the {aimed:.0%} you aim for"
    return f"{told}: {share:.0%}, {judged}."


@dataclass(frozen=True)
class _Ahead:
    """What is due until the end of the next seven days, overdue and new cards among it."""

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
    """Return a time as numpy takes it: in UTC, and silent about that."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _coming(learner: Learner, now: datetime, queue: DueQueue, ahead: _Ahead) -> str:
    """Return when the next card comes, as "1 card in 40 minutes" or "3 cards tomorrow"."""
    settings, day = learner.settings, learner.settings.day
    next_due = ahead.next_due(now)
    if queue.new_held or queue.due_held:
        tomorrow = day.start(now, days=1)
        next_due = min(next_due or tomorrow, tomorrow)
    if next_due is None:
        next_due = learner.next_due_at(now)
        if next_due is None:
            return ""
        later = cards.for_owner(learner.owner_id).filter(suspended=False)
        count = later.filter(due__lt=day.start(next_due, days=1)).exclude(state=State.NEW).count()
    elif day.of(next_due) == day.of(now):
        count = ahead.seen_before(next_due + MICROSECOND)
    else:
        limits = settings.limits_on(day.of(next_due))
        count = min(ahead.seen_before(day.start(next_due, days=1)), limits.reviews)
        count += min(int(np.count_nonzero(~ahead.seen)), limits.new)
    when = durations.due(next_due, now=now, zone=day.zone, begins=day.begins)
    return f"{durations.count(max(1, count), 'card')} {when}"


def _pace(spent_ms: int, reviews: int) -> str:
    if not reviews or not spent_ms:
        return ""
    return f"{durations.count(max(1, round(spent_ms / reviews / 1000)), 'second')} a card"


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
    return tuple(Hard(card, _why(*times[card.id])) for card in chosen[:HARD_SHOWN])


def _why(forgotten: int, hard: int) -> str:
    if not forgotten:
        return "rated Hard" if hard == 1 else f"rated Hard {hard} times"
    return {1: "forgotten once", 2: "forgotten twice"}.get(
        forgotten, f"forgotten {forgotten} times"
    )


def _week(today: date, ahead: _Ahead) -> Week:
    """Return how many learnt cards fall due on each of the next seven days."""
    places = np.searchsorted(ahead.borders, ahead.due[ahead.seen], side="right")
    counts = np.bincount(places, minlength=WEEK_DAYS + 1).tolist()
    days = tuple(
        ComingDay(
            name="Tomorrow" if n == 1 else f"{today + timedelta(days=n):%A}",
            date=today + timedelta(days=n),
            # What is left of today is there tomorrow as well.
            due=counts[n] + (counts[0] if n == 1 else 0),
            left_over=counts[0] if n == 1 else 0,
        )
        for n in range(1, WEEK_DAYS + 1)
    )
    sentence = _week_sentence(days)
    columns = [
        Column(f"{each.date:%a}", each.due, _titled(each), apart=each.left_over) for each in days
    ]
    return Week(sentence, days, charts.columns(columns, sentence=sentence))


def _week_sentence(days: Sequence[ComingDay]) -> str:
    total = sum(each.due for each in days)
    if not total:
        return "Nothing you have learnt falls due in the next seven days."
    tomorrow = days[0]
    first = "nothing" if not tomorrow.due else durations.count(tomorrow.due, "card")
    left = f", {tomorrow.left_over:,} of them left over from before" if tomorrow.left_over else ""
    told = f"Tomorrow {first}{left}; {durations.count(total, 'card')} in the next seven days"
    fullest = max(days, key=lambda each: each.due)
    if fullest is tomorrow:
        return f"{told}."
    return f"{told}, most of them on {fullest.name} ({fullest.due:,})."


def _titled(each: ComingDay) -> str:
    left = f", {each.left_over:,} left over" if each.left_over else ""
    return f"{each.name}: {durations.count(each.due, 'card')}{left}"
