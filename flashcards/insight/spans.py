"""The span: how far back statistics look, and the bars that it is cut into."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from flashcards.store import Numbers

DAY = timedelta(days=1)
# Of all time: what is older was dated by a clock that was wrong.
ALL_MOST_DAYS = 20 * 366
# With `all`, days that make up bars of a day, of a week.
SHORT_DAYS, MIDDLE_DAYS = 92, 730


class Span(enum.StrEnum):
    """How far back statistics look, today included. The value is what stands in addresses."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    ALL = "all"

    @property
    def days(self) -> int | None:
        """Return how many days it has; None for all time."""
        return {Span.MONTH: 30, Span.QUARTER: 91, Span.YEAR: 365, Span.ALL: None}[self]


class Step(enum.StrEnum):
    """What one bar stands for. A week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """Some of the learner's days, from the first to the last."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def step_for(days: int) -> Step:
    """Return bars of which a chart of so many days has neither too few nor too many."""
    if days <= SHORT_DAYS:
        return Step.DAY
    return Step.WEEK if days <= MIDDLE_DAYS else Step.MONTH


def periods(first: date, last: date, step: Step) -> tuple[Period, ...]:
    """Return the bars of some days, oldest first. The first and the last may be shorter."""
    starts = []
    day = first
    while day <= last:
        starts.append(day)
        if step is Step.DAY:
            day += DAY
        elif step is Step.WEEK:
            day += timedelta(days=7 - day.weekday())
        else:
            day = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    ends = [start - DAY for start in starts[1:]] + [last]
    return tuple(Period(start, end) for start, end in zip(starts, ends, strict=True))


def summed(by_day: Numbers, bars: Sequence[Period]) -> Numbers:
    """Return the sums of (days, …) over each bar, (bars, …). The first bar begins with day 0."""
    starts = [(bar.first - bars[0].first).days for bar in bars]
    return np.asarray(np.add.reduceat(by_day, starts, axis=0))
