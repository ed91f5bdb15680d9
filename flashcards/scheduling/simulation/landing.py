"""The day on which an interval lands, for many cards at once: fuzz.py's rules in numpy."""

import numpy as np

from flashcards.scheduling.fuzz import FUZZ_BANDS, FUZZ_FLOOR_DAYS
from flashcards.scheduling.memory_model import Numbers
from flashcards.scheduling.settings import ScheduleSettings

WEEK = 7
# How strongly a day with few cards is preferred to one with many.
_PREFERENCE = 3.0


def ranges(days: Numbers, settings: ScheduleSettings) -> tuple[Numbers, Numbers]:
    """Return the first and last day on which each interval may land, both included."""
    delta = 1.0 + sum(
        share * np.maximum(np.minimum(days, end) - start, 0.0) for start, end, share in FUZZ_BANDS
    )
    last = np.minimum(np.round(days + delta), settings.maximum_interval_days)
    first = np.minimum(np.maximum(2, np.round(days - delta)), last)
    short = days < FUZZ_FLOOR_DAYS
    return np.where(short, days, first), np.where(short, days, last)


class Landing:
    """How many cards are due on each day of several runs, and where the next ones land.

    Where `chosen_day` takes the best day of the range, cards are drawn here: the fewer are due on a
    day, for what its weekday should get, the likelier it is. So cards that are placed at once
    spread. Of a range of more than a week each card sees seven days in a row.
    """

    def __init__(
        self, settings: ScheduleSettings, *, runs: int, days: int, weekday: int, share: float
    ) -> None:
        """`weekday` is that of day 0, Monday 0; each card stands for 1/`share` cards."""
        self._settings, self._days, self._share = settings, days, share
        self._load = np.zeros((runs, days + WEEK))
        weekdays = (weekday + np.arange(days + WEEK)) % WEEK
        self._weights = np.array(settings.easy_days, dtype=float)[weekdays] / 100

    def add(self, runs: Numbers, due: Numbers) -> None:
        """Count cards that are due on these days."""
        inside = np.flatnonzero((due >= 0) & (due < self._days))
        places = runs[inside], due[inside].astype(np.int64)
        np.add.at(self._load, places, 1 / self._share)

    def choose(
        self, runs: Numbers, day: int, intervals: Numbers, draws: np.random.Generator
    ) -> Numbers:
        """Return the day on which each card is due that was answered on `day`, and count it."""
        if not self._settings.fuzz:
            due = day + intervals
        else:
            first, last = ranges(intervals, self._settings)
            due = day + self._within(runs, day, first, last, draws)
        self.add(runs, due)
        return due

    def _within(
        self, runs: Numbers, day: int, first: Numbers, last: Numbers, draws: np.random.Generator
    ) -> Numbers:
        width = last - first + 1
        luck = draws.random((2, len(first)))
        begins = first + np.floor(luck[0] * np.maximum(width - WEEK + 1, 1))
        # Of days beyond the last one that is simulated nobody asks.
        near = np.flatnonzero((width > 1) & (day + begins < self._days))
        chosen: Numbers = begins.copy()
        days = (day + begins[near]).astype(np.int64)[:, None] + np.arange(WEEK)
        days = np.minimum(days, self._load.shape[1] - 1)
        weight = self._weights[days] / (self._load[runs[near][:, None], days] + 1)
        weight **= _PREFERENCE
        weight[np.arange(WEEK) >= width[near][:, None]] = 0.0
        total = np.cumsum(weight, axis=1)
        picked = (total <= (luck[1][near] * total[:, -1])[:, None]).sum(axis=1)
        # Where all days of a range should get nothing, the first of them gets it.
        chosen[near] += np.where(total[:, -1] > 0, np.minimum(picked, WEEK - 1), 0)
        return chosen
