"""A second memory model for tests: two stabilities, five parameters, fractional days."""

from typing import Any, ClassVar

import numpy as np

from flashcards.domain.records import Rating
from flashcards.scheduling.memory_model import Memory, N, Numbers, key_of

DEFAULTS = (0.4, 3.0, 0.6, 1.2, 0.5)


class Toy:
    """Recall is the mean of a fast and a slow exponential, which are what is `extra`."""

    name: ClassVar[str] = "toy-1"
    whole_days: ClassVar[bool] = False

    def __init__(self, parameters: tuple[float, ...] = ()) -> None:
        self.parameters = parameters or DEFAULTS
        self.key = key_of(self.name, self.parameters, DEFAULTS)
        if len(self.parameters) != 5 or min(self.parameters) <= 0:
            raise ValueError(f"Toy takes 5 positive parameters, not {self.parameters}.")
        # The days to 90% of a memory whose fast part has a stability of a day, the slow one of 4.
        self._unit = self.days_until(Memory(1.0, 5.0, (1.0, 4.0)), 0.9)

    def next(
        self, memory: Memory[float] | None, rating: Rating, elapsed_days: float
    ) -> Memory[float]:
        first_fast, first_slow, _, gain, loss = self.parameters
        if memory is None:
            return self._made(first_fast * rating, first_slow * rating, 7.0 - rating)
        fast, slow = memory.extra
        if rating is Rating.AGAIN:
            return self._made(fast * loss, slow * loss, min(memory.difficulty + 1, 10.0))
        grown = 1 + gain * rating * (1 - self.retrievability(memory, elapsed_days))
        difficulty = max(memory.difficulty - (rating - 2) / 2, 1.0)
        return self._made(fast * grown, slow * grown**1.5, difficulty)

    def from_summary(self, stability: N, difficulty: N) -> Memory[N]:
        return Memory(stability, difficulty, (stability / self._unit, stability / self._unit * 4))

    def from_sm2(self, ease: float, interval_days: float) -> Memory[float]:
        return self.from_summary(max(interval_days, 0.1), min(max(11 - 2 * ease, 1.0), 10.0))

    def retrievability(self, memory: Memory[N], elapsed_days: N) -> N:
        share, (fast, slow) = self.parameters[2], memory.extra
        quickly, slowly = np.exp(-elapsed_days / fast), np.exp(-elapsed_days / slow)
        chance: N = _as_given(share * quickly + (1 - share) * slowly)
        return chance

    def days_until(self, memory: Memory[N], level: float | Numbers) -> N:
        low: Any = memory.extra[0] * 0
        high: Any = memory.extra[1] * 20
        for _ in range(80):
            middle = (low + high) / 2
            above = self.retrievability(memory, middle) > level
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        days: N = _as_given(high)
        return days

    def after(
        self, memory: Memory[Numbers], elapsed_days: Numbers, ratings: Numbers
    ) -> Memory[Numbers]:
        (fast, slow), (_, _, _, gain, loss) = memory.extra, self.parameters
        recalled = ratings > Rating.AGAIN
        grown = 1 + gain * ratings * (1 - self.retrievability(memory, elapsed_days))
        better, again = memory.difficulty - (ratings - 2) / 2, memory.difficulty + 1
        return self._made(
            np.where(recalled, fast * grown, fast * loss),
            np.where(recalled, slow * grown**1.5, slow * loss),
            np.clip(np.where(recalled, better, again), 1.0, 10.0),
        )

    def _made(self, fast: N, slow: N, difficulty: N) -> Memory[N]:
        known = Memory(fast, difficulty, (fast, slow))
        return Memory(self.days_until(known, 0.9), difficulty, known.extra)


def _as_given(numbers: Any) -> Any:
    """Return an array as it is, and what numpy makes of a single number as a float."""
    return numbers if numbers.ndim else float(numbers)
