"""FSRS-6, the memory model in use. The only importer of the fsrs package."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import fsrs
import numpy as np

from flashcards.domain.records import FIRST_MEMORY_MODEL, Rating
from flashcards.scheduling.memory_model import Memory, N, Numbers, key_of

DEFAULT_PARAMETERS: tuple[float, ...] = tuple(fsrs.scheduler.DEFAULT_PARAMETERS)
# py-fsrs counts whole periods of 24 hours between two times. It is given two times that are as
# many days apart as the learner's day rolled over.
_NOW = datetime(2000, 1, 1, tzinfo=UTC)
_EASIEST, _HARDEST = 1.0, 10.0
_LEAST_STABILITY = 0.001
_LEAST_PARAMETERS = tuple(map(float, fsrs.scheduler.LOWER_BOUNDS_PARAMETERS))
_MOST_PARAMETERS = tuple(map(float, fsrs.scheduler.UPPER_BOUNDS_PARAMETERS))
# The curve of FSRS-4.5 and 5, of which the decay is no parameter.
_DECAY_BEFORE_6 = 0.5


class FSRS6:
    """FSRS with 21 parameters, one stability and whole days. Memories have nothing extra."""

    name: ClassVar[str] = FIRST_MEMORY_MODEL
    whole_days: ClassVar[bool] = True
    # The least and the most that each parameter may be.
    bounds: ClassVar[tuple[tuple[float, ...], tuple[float, ...]]] = (
        _LEAST_PARAMETERS,
        _MOST_PARAMETERS,
    )

    def __init__(self, parameters: tuple[float, ...] = ()) -> None:
        self.parameters = parameters or DEFAULT_PARAMETERS
        self.key = key_of(self.name, self.parameters, DEFAULT_PARAMETERS)
        # Checks how many parameters there are, and their bounds.
        self._scheduler = fsrs.Scheduler(parameters=self.parameters, enable_fuzzing=False)
        # The forgetting curve is a power law. The factor makes the chance of recall 90% after as
        # many days as the stability. Source: FSRS-6, as in the fsrs package.
        self._decay = self.parameters[20]
        self._factor = float(0.9 ** (1 / -self._decay) - 1)

    @property
    def decay(self) -> float:
        return self._decay

    @staticmethod
    def parameters_from(given: Sequence[float]) -> tuple[float, ...] | None:
        """Return the parameters of an FSRS of 17, 19 or 21 parameters as 21, within the bounds.

        None for another number of them. Source: fsrs-rs, check_and_fill_parameters.
        """
        w = [float(value) for value in given]
        if len(w) == 17:
            w[4] += 2 * w[5]
            w[5] = math.log(3 * w[5] + 1) / 3
            w[6] += 0.5
            w += [0.0, 0.0]
        if len(w) == 19:
            w += [0.0, _DECAY_BEFORE_6]
        if len(w) != len(DEFAULT_PARAMETERS) or not all(map(math.isfinite, w)):
            return None
        bounds = zip(_LEAST_PARAMETERS, w, _MOST_PARAMETERS, strict=True)
        return tuple(min(max(least, value), most) for least, value, most in bounds)

    def next(
        self, memory: Memory[float] | None, rating: Rating, elapsed_days: float
    ) -> Memory[float]:
        # The memory after a rating depends neither on the state nor on the step.
        before = fsrs.Card(
            card_id=1,  # py-fsrs reads the clock (and sleeps) to make one up
            state=fsrs.State.Learning,
            step=0,
            stability=memory.stability if memory else None,
            difficulty=memory.difficulty if memory else None,
            due=_NOW,
            last_review=_NOW - timedelta(days=elapsed_days),
        )
        after, _ = self._scheduler.review_card(before, fsrs.Rating(int(rating)), _NOW)
        # A card that was rated always has both.
        return Memory(after.stability or 0.0, after.difficulty or 0.0)

    def from_summary(self, stability: N, difficulty: N) -> Memory[N]:
        return Memory(stability, difficulty)

    def from_sm2(self, ease: float, interval_days: float) -> Memory[float]:
        """Return the memory of an interval and an ease factor (2.5 is SM-2's first).

        The interval is taken for the days to 90%, and the difficulty is the one with which FSRS's
        own rule for a Good answer, given after that interval, lengthens it by the ease factor.
        Source: FSRS's increase of stability, solved for the difficulty.
        """
        w = self.parameters
        stability = max(interval_days, 0.1)
        growth = math.exp(w[8]) * stability ** -w[9] * math.expm1(0.1 * w[10])
        difficulty = 11 - (ease - 1) / growth
        return Memory(stability, min(max(difficulty, _EASIEST), _HARDEST))

    def ease(self, memory: Memory[float]) -> float:
        """Return the ease factor for which `from_sm2` gives this memory."""
        w = self.parameters
        growth = math.exp(w[8]) * memory.stability ** -w[9] * math.expm1(0.1 * w[10])
        return float(1 + (11 - memory.difficulty) * growth)

    def retrievability(self, memory: Memory[N], elapsed_days: N) -> N:
        chance: N = (1 + self._factor * elapsed_days / memory.stability) ** -self._decay
        return chance

    def days_until(self, memory: Memory[N], level: float | Numbers) -> N:
        share: Any = level ** (1 / -self._decay) - 1
        days: N = memory.stability / self._factor * share
        return days

    def after(
        self, memory: Memory[Numbers], elapsed_days: Numbers, ratings: Numbers
    ) -> Memory[Numbers]:
        w, stability, difficulty = self.parameters, memory.stability, memory.difficulty
        chance, lost = self.retrievability(memory, elapsed_days), ratings == Rating.AGAIN
        of_hard_and_easy = np.array([0.0, 0.0, w[15], 1.0, w[16]])[ratings]
        grown = stability * (
            1
            + np.exp(w[8])
            * (11 - difficulty)
            * stability ** -w[9]
            * (np.exp((1 - chance) * w[10]) - 1)
            * of_hard_and_easy
        )
        fallen = np.minimum(
            w[11]
            * difficulty ** -w[12]
            * ((stability + 1) ** w[13] - 1)
            * np.exp((1 - chance) * w[14]),
            stability / np.exp(w[17] * w[18]),
        )
        changed = np.where(lost, fallen, grown)
        same_day = elapsed_days < 1
        if same_day.any():
            factor = np.exp(w[17] * (ratings - 3 + w[18])) * stability ** -w[19]
            factor = np.where(lost, factor, np.maximum(factor, 1.0))
            changed = np.where(same_day, stability * factor, changed)
        harder = difficulty - (10 - difficulty) * w[6] * (ratings - 3) / 9
        first_of_easy = float(w[4] - np.exp(w[5] * (Rating.EASY - 1)) + 1)
        reverted = w[7] * first_of_easy + (1 - w[7]) * harder
        return Memory(np.maximum(changed, _LEAST_STABILITY), np.clip(reverted, _EASIEST, _HARDEST))
