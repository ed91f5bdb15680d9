"""The streak: on which days a learner studied, and how long the present run of days is."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)
SHOWN_DAYS = 14
# So far back a run of days is followed.
LOOK_BACK_DAYS = 400


@dataclass(frozen=True)
class Studied:
    """One of the last days, and whether anything was reviewed on it."""

    date: date
    done: bool


@dataclass(frozen=True)
class Streak:
    """How regularly somebody studied."""

    # The last 14 days, oldest first; today is the last of them.
    days: tuple[Studied, ...]
    # Days of the present run, those off included.
    length: int
    days_off: int
    # Whether anything was reviewed within the last 400 days.
    has_begun: bool

    @property
    def lately(self) -> int:
        """Return on how many of the last 14 days something was reviewed."""
        return sum(day.done for day in self.days)


def streak_of(studied: Set[date], today: date) -> Streak:
    """Return the streak of the days on which something was reviewed."""
    days = tuple(
        Studied(day, day in studied)
        for day in (today - n * DAY for n in reversed(range(SHOWN_DAYS)))
    )
    length, off = run_of(studied, today)
    return Streak(days, length, off, has_begun=bool(studied))


def run_of(studied: Set[date], today: date) -> tuple[int, int]:
    """Return how many days the present run has lasted, and how many of them were days off.

    A single day off does not end a run, two in a row do; today counts as missed only once it is
    over.
    """
    day = today if today in studied else today - DAY
    done = off = pause = 0
    for _ in range(LOOK_BACK_DAYS):
        if day in studied:
            # A day off counts only once a studied day lies before it.
            done, off, pause = done + 1, off + pause, 0
        elif pause or not done:
            break
        else:
            pause = 1
        day -= DAY
    return done + off, off
