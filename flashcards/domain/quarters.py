"""Quarters of an hour of UTC on a learner's calendar: on which of their days, at which hour.

Answers are kept by the quarter in which they were given, as the days and hours of every time zone
begin at one.
"""

import functools
from datetime import UTC, date, datetime, time, tzinfo

import numpy as np

from flashcards.domain.answer_codes import QUARTER_MICROS, Array
from flashcards.domain.study_day import DAY_MICROS, Day, micros

QUARTERS_A_DAY = DAY_MICROS // QUARTER_MICROS
HOURS = 24
FAR_DAYS = 30 * 366
_QUARTERS_AN_HOUR = 4
_SECONDS_A_QUARTER = 900
_EPOCH_DATE = date(1970, 1, 1)


def quarter_of(day: Day, on: date) -> int:
    """Return the quarter in which one of the learner's days begins."""
    start = datetime.combine(on, day.begins, day.zone).astimezone(UTC)
    return micros(start) // QUARTER_MICROS


def day_numbers(quarters: Array, day: Day, today: date) -> Array:
    """Return on which of the learner's days quarters of an hour are, counted from today.

    What is further away than FAR_DAYS counts as that far.
    """
    return days_and_hours(quarters, day, today)[0]


def days_and_hours(quarters: Array, day: Day, today: date) -> tuple[Array, Array]:
    """Return the day of quarters of an hour, as `day_numbers` does, and their hour of the clock."""
    if not len(quarters):
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int8)
    nearest = quarter_of(day, today)
    reach = FAR_DAYS * QUARTERS_A_DAY
    near = np.clip(quarters, nearest - reach, nearest + reach)
    start, end = int(near.min()), int(near.max()) + 1
    of_day, of_hour = calendar(day, start, end, today)
    return of_day[near - start], of_hour[near - start]


def calendar(day: Day, start: int, end: int, first: date) -> tuple[Array, Array]:
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
def _offsets(zone: tzinfo, first: int, last: int) -> Array:
    """Return the offset of the zone, in seconds, at the beginning of days of UTC, both included."""
    days = range(first, last + 1)
    return np.array([_offset(zone, number * DAY_MICROS) for number in days], dtype=np.int64)


def _offset(zone: tzinfo, at_micros: int) -> int:
    moment = datetime.fromtimestamp(at_micros // 1_000_000, UTC)
    offset = moment.astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _seconds(begins: time) -> int:
    return begins.hour * 3600 + begins.minute * 60 + begins.second
