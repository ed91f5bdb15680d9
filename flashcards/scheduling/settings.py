"""Schedule settings: the memory model with its parameters, and what a learner may set."""

import functools
from dataclasses import dataclass, field
from datetime import timedelta

from flashcards.domain.study_day import Day
from flashcards.scheduling.fsrs_adapter import FSRS6
from flashcards.scheduling.memory_model import MemoryModel

# Every memory model that a card or a learner's settings may name.
MODELS: dict[str, type[MemoryModel]] = {FSRS6.name: FSRS6}
DEFAULT_MODEL = FSRS6.name
# By weekday, Monday first: how many reviews that day should get, in percent of a normal one.
EVERY_DAY = (100,) * 7


@dataclass(frozen=True)
class ScheduleSettings:
    """What decides when a card comes back. The defaults are FSRS-6's and Anki's."""

    memory_model: str = DEFAULT_MODEL
    # The model's, fitted to the learner's reviews; empty for its own.
    parameters: tuple[float, ...] = ()
    desired_retention: float = 0.9
    learning_steps: tuple[timedelta, ...] = (timedelta(minutes=1), timedelta(minutes=10))
    relearning_steps: tuple[timedelta, ...] = (timedelta(minutes=10),)
    maximum_interval_days: int = 36_500
    fuzz: bool = True
    easy_days: tuple[int, ...] = EVERY_DAY
    day: Day = field(default_factory=Day)

    @functools.cached_property
    def model(self) -> MemoryModel:
        """Return the memory model. Raises ValueError for a name or parameters it does not know."""
        return _model(self.memory_model, self.parameters)


@functools.lru_cache(maxsize=256)
def _model(name: str, parameters: tuple[float, ...]) -> MemoryModel:
    if name not in MODELS:
        raise ValueError(f"There is no memory model {name!r}: {', '.join(MODELS)}.")
    return MODELS[name](parameters)


DEFAULT_SETTINGS = ScheduleSettings()
