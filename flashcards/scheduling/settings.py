"""What decides when a card comes back: FSRS's parameters and what a learner may set."""

import functools
from dataclasses import dataclass, field
from datetime import timedelta

import fsrs

from flashcards.domain.study_day import Day

DEFAULT_PARAMETERS: tuple[float, ...] = tuple(fsrs.scheduler.DEFAULT_PARAMETERS)
# By weekday, Monday first: how many reviews that day should get, in percent of a normal one.
EVERY_DAY = (100,) * 7


@dataclass(frozen=True)
class ScheduleSettings:
    """What a learner may set; the defaults are FSRS-6's and Anki's."""

    parameters: tuple[float, ...] = DEFAULT_PARAMETERS
    desired_retention: float = 0.9
    learning_steps: tuple[timedelta, ...] = (timedelta(minutes=1), timedelta(minutes=10))
    relearning_steps: tuple[timedelta, ...] = (timedelta(minutes=10),)
    maximum_interval_days: int = 36_500
    fuzz: bool = True
    easy_days: tuple[int, ...] = EVERY_DAY
    day: Day = field(default_factory=Day)

    def scheduler(self) -> fsrs.Scheduler:
        """Return py-fsrs's scheduler, made once: it checks 21 parameters and keeps no state."""
        return _scheduler(
            self.parameters,
            self.desired_retention,
            self.learning_steps,
            self.relearning_steps,
            self.maximum_interval_days,
        )


@functools.lru_cache(maxsize=256)
def _scheduler(
    parameters: tuple[float, ...],
    desired_retention: float,
    learning_steps: tuple[timedelta, ...],
    relearning_steps: tuple[timedelta, ...],
    maximum_interval_days: int,
) -> fsrs.Scheduler:
    return fsrs.Scheduler(
        parameters=parameters,
        desired_retention=desired_retention,
        learning_steps=learning_steps,
        relearning_steps=relearning_steps,
        maximum_interval=maximum_interval_days,
        # Ours is drawn from the card and from what is due, not from chance.
        enable_fuzzing=False,
    )


DEFAULT_SETTINGS = ScheduleSettings()
