"""On which days a learner studied: no praise for a number, and no blame for a gap."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)
SHOWN_DAYS = 14
# So far back a run of days is followed.
LOOK_BACK_DAYS = 400


@dataclass(frozen=True)
class Studied:
    """One of the last days, for the row of dots."""

    date: date
    done: bool


@dataclass(frozen=True)
class Rhythm:
    """How regularly somebody studied."""

    sentence: str
    # The last 14 days, oldest first; today is the last of them.
    days: tuple[Studied, ...]


def rhythm(studied: Set[date], today: date) -> Rhythm:
    """Return the rhythm of the days on which something was reviewed.

    A single day off does not end a run, two in a row do; and today is not missed before it is over.
    """
    shown = tuple(
        Studied(day, day in studied)
        for day in (today - n * DAY for n in reversed(range(SHOWN_DAYS)))
    )
    return Rhythm(_sentence(studied, today, sum(day.done for day in shown)), shown)


def run_of(studied: Set[date], today: date) -> tuple[int, int]:
    """Return how many days the present run has lasted, and how many of them were days off."""
    day = today if today in studied else today - DAY
    done = off = pause = 0
    for _ in range(LOOK_BACK_DAYS):
        if day in studied:
            # Counts only once a studied day lies before it.
            done, off, pause = done + 1, off + pause, 0
        elif pause or not done:
            break
        else:
            pause = 1
        day -= DAY
    return done + off, off


def _sentence(studied: Set[date], today: date, lately: int) -> str:
    if not studied:
        return "The days on which you study will show here."
    length, off = run_of(studied, today)
    recent = f"You studied on {lately} of the last {SHOWN_DAYS} days."
    if not lately:
        return "You have not studied in the last 14 days. Your schedule is kept."
    if length < 3:
        return recent
    if not off:
        return f"{recent} {length} days in a row."
    return f"{recent} You have kept it up for {length} days, with {off} off in between."
