"""Tallies: answers counted by the learner's day and hour, and by what they say.

They come from the totals or from the log, and look the same: rows of a quarter of an hour, a code
and a number of answers. So every chart is worked out in one way.
"""

import functools
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import numpy as np

from flashcards.domain.answer_codes import CODES, QUARTER_MICROS
from flashcards.domain.study_day import DAY_MICROS, Day, micros
from flashcards.store import Numbers

QUARTERS_A_DAY = DAY_MICROS // QUARTER_MICROS
HOURS = 24
FAR_DAYS = 30 * 366
# More than clocks go back.
_MARGIN = 3 * 4
_QUARTERS_AN_HOUR = 4
_SECONDS_A_QUARTER = 900
_EPOCH_DATE = date(1970, 1, 1)
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
    start = micros(_start(day, first)) // QUARTER_MICROS - _MARGIN
    end = micros(_start(day, last + _DAY)) // QUARTER_MICROS + _MARGIN
    of_day, of_hour = _calendar(day, start, end, first)
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


def day_numbers(quarters: Numbers, day: Day, today: date) -> Numbers:
    """Return on which of the learner's days quarters of an hour are, counted from today.

    What is further away than FAR_DAYS counts as that far.
    """
    if not len(quarters):
        return np.zeros(0, dtype=np.int32)
    nearest = micros(_start(day, today)) // QUARTER_MICROS
    reach = FAR_DAYS * QUARTERS_A_DAY
    near = np.clip(quarters, nearest - reach, nearest + reach)
    start, end = int(near.min()), int(near.max()) + 1
    of_day, _ = _calendar(day, start, end, today)
    return np.asarray(of_day[near - start])


def _calendar(day: Day, start: int, end: int, first: date) -> tuple[Numbers, Numbers]:
    """Return the day, counted from `first`, and the hour of each quarter from `start` to `end`."""
    from_day, until_day = start // QUARTERS_A_DAY, end // QUARTERS_A_DAY + 1
    offsets = _offsets(day.zone, from_day, until_day)
    by_quarter = np.repeat(offsets[:-1] // _SECONDS_A_QUARTER, QUARTERS_A_DAY)
    for number in np.flatnonzero(np.diff(offsets)).tolist():
        # The clocks change on this day.
        at = (from_day + number) * QUARTERS_A_DAY
        exact = [
            _offset(day.zone, quarter * QUARTER_MICROS) // _SECONDS_A_QUARTER
            for quarter in range(at, at + QUARTERS_A_DAY)
        ]
        by_quarter[number * QUARTERS_A_DAY : (number + 1) * QUARTERS_A_DAY] = exact
    skipped = start - from_day * QUARTERS_A_DAY
    local = np.arange(start, end) + by_quarter[skipped : skipped + end - start]
    begins = _seconds(day.begins) // _SECONDS_A_QUARTER
    days = (local - begins) // QUARTERS_A_DAY - (first - _EPOCH_DATE).days
    hours = (local % QUARTERS_A_DAY) // _QUARTERS_AN_HOUR
    return days.astype(np.int32), hours.astype(np.int8)


@functools.lru_cache(maxsize=64)
def _offsets(zone: tzinfo, first: int, last: int) -> Numbers:
    """Return the offset of the zone, in seconds, at the beginning of days of UTC, both included."""
    days = range(first, last + 1)
    return np.array([_offset(zone, number * DAY_MICROS) for number in days], dtype=np.int64)


def _offset(zone: tzinfo, at_micros: int) -> int:
    moment = datetime.fromtimestamp(at_micros // 1_000_000, UTC)
    offset = moment.astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _start(day: Day, on: date) -> datetime:
    return datetime.combine(on, day.begins, day.zone).astimezone(UTC)


def _seconds(begins: time) -> int:
    return begins.hour * 3600 + begins.minute * 60 + begins.second
