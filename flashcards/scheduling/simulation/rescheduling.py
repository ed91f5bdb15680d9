"""The preview of rescheduling: which cards a change of the settings would move, and to when.

It does for many cards at once what `scheduling.reschedule` does to one, with the rules of fuzz.py
in numpy; a test compares the two.
"""

from dataclasses import dataclass

import numpy as np

from flashcards.scheduling.memory_model import Mask, Memory, Numbers
from flashcards.scheduling.settings import ScheduleSettings
from flashcards.scheduling.simulation.landing import ranges
from flashcards.scheduling.simulation.workload import intervals


@dataclass(frozen=True)
class Moved:
    """For each card whether it would come earlier or later, and about how many days from today."""

    earlier: Mask
    later: Mask
    due: Numbers


def moved(
    memory: Memory[Numbers], reviewed: Numbers, due: Numbers, *, settings: ScheduleSettings
) -> Moved:
    """Return what settings would do to cards in review.

    `reviewed` and `due` are days, counted as dates are: the ordinal of the learner's own day.
    """
    days = intervals(memory, settings)
    first, last = ranges(days, settings) if settings.fuzz else (days, days)
    now = due - reviewed
    easy = np.array(settings.easy_days)[(due.astype(np.int64) - 1) % 7] == 0
    # A day on which nothing should come is left where the range has another one.
    shut = easy & (first < last) if settings.fuzz else np.zeros(len(due), dtype=bool)
    stays = (first <= now) & (now <= last) & ~shut
    return Moved(
        earlier=~stays & (days < now),
        later=~stays & (days >= now),
        due=np.where(stays, due, reviewed + days),
    )
