"""Tallies: answers counted by the learner's day and hour, and by what they say.

They come from the totals or from the log, and look the same: rows of a quarter of an hour, a code
and a number of answers. So every chart is worked out in one way.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from flashcards.domain.answer_codes import CODES
from flashcards.domain.quarters import HOURS, calendar, quarter_of
from flashcards.domain.study_day import Day
from flashcards.store import Numbers

# More than clocks go back.
_MARGIN = 3 * 4
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Tally:
    """Answers from `first` to `last`, the learner's days."""

    first: date
    last: date
    # Of each row: the day counted from `first`, the hour of the clock, the code.
    days: Numbers
    hours: Numbers
    codes: Numbers
    # How many answers it stands for; None if each is one. And how long they took.
    counts: Numbers | None
    milliseconds: Numbers

    @property
    def length(self) -> int:
        """Return how many days it has."""
        return (self.last - self.first).days + 1

    def total(self, groups: Numbers, number: int) -> Numbers:
        """Return how many answers each group has, (number,); see `by_day`."""
        return self._table(groups, number, None, 1, self.counts).reshape(number)

    def by_day(self, groups: Numbers, number: int) -> Numbers:
        """Return how many answers each day and group has, (days, number) of int64.

        `groups` has a group, from 0 on, for each code; what has `number` is left out.
        """
        return self._table(groups, number, self.days, self.length, self.counts)

    def by_hour(self, groups: Numbers, number: int) -> Numbers:
        """Return how many answers each hour of the clock and group has, (24, number)."""
        return self._table(groups, number, self.hours, HOURS, self.counts)

    def milliseconds_by_day(self, groups: Numbers, number: int) -> Numbers:
        """Return how long they took by day and group, (days, number) of int64."""
        return self._table(groups, number, self.days, self.length, self.milliseconds)

    def _table(
        self,
        groups: Numbers,
        number: int,
        rows: Numbers | None,
        height: int,
        weights: Numbers | None,
    ) -> Numbers:
        cells = groups.astype(np.int32)[self.codes]
        if rows is not None:
            cells = rows.astype(np.int32) * np.int32(number + 1) + cells
        # In doubles, which are exact up to 2^53.
        found = np.bincount(cells, weights=weights, minlength=height * (number + 1))
        return found.reshape(height, number + 1)[:, :number].astype(np.int64)


def tally(
    quarters: Numbers,
    codes: Numbers,
    counts: Numbers | None,
    milliseconds: Numbers,
    *,
    day: Day,
    first: date,
    last: date,
) -> Tally:
    """Return the tally of the rows that fall on the learner's days from `first` to `last`."""
    start = quarter_of(day, first) - _MARGIN
    end = quarter_of(day, last + _DAY) + _MARGIN
    of_day, of_hour = calendar(day, start, end, first)
    # By the day itself: where clocks go back over the hour at which days begin, one comes twice.
    is_wanted = (of_day >= 0) & (of_day <= (last - first).days)
    at = np.clip(quarters, start, end - 1) - start
    inside = is_wanted[at]
    if not inside.all():
        at, codes, milliseconds = at[inside], codes[inside], milliseconds[inside]
        counts = None if counts is None else counts[inside]
    return Tally(first, last, of_day[at], of_hour[at], codes, counts, milliseconds)


def group_of(*masks: Numbers) -> tuple[Numbers, int]:
    """Return a group for each code by which of the masks over codes is the first to have it."""
    groups = np.full(CODES, len(masks), dtype=np.int8)
    for number, mask in reversed(list(enumerate(masks))):
        groups[mask] = number
    return groups, len(masks)
