"""The loss of parameters on reviews, with its gradient and its curvature.

The loss is the published one: the sum over all items of the weighted log loss of the predicted
recall. The derivatives by the parameters go along with stability and difficulty from review to
review (forward mode), because the step to the next parameters wants the curvature as well: the
Fisher information, for which each item's own derivatives are needed.
"""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from flashcards.scheduling.fitting import formulas
from flashcards.scheduling.fitting.formulas import (
    AT_STABILITY,
    EASIEST,
    EASY,
    HARD,
    HARDEST,
    LEAST_STABILITY,
    curve_factor,
)
from flashcards.scheduling.fitting.histories import BLOCK, GIVEN, Block, Histories, blocks
from flashcards.scheduling.memory_model import Numbers

PARAMETERS = 21
# What difficulty depends on.
_OF_DIFFICULTY = slice(4, 8)
# Chances are kept off 0 and 1, where one wrong guess would outweigh all others.
_LEAST_CHANCE = 1e-6
# numpy lets go of the interpreter's lock, so two threads use two cores where blocks are full.
_THREADS = 2


@dataclass
class Slope:
    """The loss, its gradient by the 21 parameters, and the Fisher information (21, 21)."""

    loss: float
    gradient: Numbers
    information: Numbers


def predict(histories: Histories, w: Numbers) -> Numbers:
    """Return how likely recall was at each review; NaN where a review is no item."""
    found = np.full(histories.reviews, np.nan)
    for block in blocks(histories):
        _walk(histories, block, w, found)
    found[~histories.items] = np.nan
    return found


def memories(histories: Histories, w: Numbers) -> tuple[Numbers, Numbers]:
    """Return each card's stability and difficulty after its last review."""
    found = np.empty(len(histories.counts)), np.empty(len(histories.counts))
    for block in blocks(histories):
        stability, difficulty = _begin(block, w)
        for places in block.steps:
            now = slice(len(places))
            stability[now], difficulty[now] = formulas.after(
                w,
                stability[now],
                difficulty[now],
                histories.ratings[places],
                histories.days[places],
            )
        found[0][block.cards], found[1][block.cards] = stability, difficulty
    return found


def log_losses(chances: Numbers, recalled: Numbers) -> Numbers:
    """Return the log loss of each prediction."""
    inside = np.clip(chances, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    losses: Numbers = -np.where(recalled, np.log(inside), np.log1p(-inside))
    return losses


def slope(histories: Histories, weights: Numbers, w: Numbers) -> Slope:
    """Return the weighted loss at parameters, and its derivatives. Weights are one a review."""
    weights = np.where(histories.items, weights, 0.0)
    total = Slope(0.0, np.zeros(PARAMETERS), np.zeros((PARAMETERS, PARAMETERS)))
    for part in _each(lambda block: _block_slope(histories, block, weights, w), histories):
        total.loss += part.loss
        total.gradient += part.gradient
        total.information += part.information
    return total


def _each(work: Callable[[Block], Slope], histories: Histories) -> Iterator[Slope]:
    if len(histories.counts) <= BLOCK:
        yield from map(work, blocks(histories))
        return
    with ThreadPoolExecutor(_THREADS) as threads:
        yield from threads.map(work, blocks(histories))


def _walk(histories: Histories, block: Block, w: Numbers, found: Numbers) -> None:
    """Put the chance before each review of a block into its place."""
    stability, difficulty = _begin(block, w)
    for places in block.steps:
        rating, days = histories.ratings[places], histories.days[places]
        stability, difficulty = stability[: len(places)], difficulty[: len(places)]
        found[places] = formulas.chance(w, stability, days)
        stability, difficulty = formulas.after(w, stability, difficulty, rating, days)


def _begin(block: Block, w: Numbers) -> tuple[Numbers, Numbers]:
    stability, difficulty = formulas.first(w, np.maximum(block.first, 1))
    given = block.first == GIVEN
    return (
        np.where(given, block.stability, stability),
        np.where(given, block.difficulty, difficulty),
    )


def _block_slope(histories: Histories, block: Block, weights: Numbers, w: Numbers) -> Slope:
    memory = _Tangent(w, block)
    total = Slope(0.0, np.zeros(PARAMETERS), np.zeros((PARAMETERS, PARAMETERS)))
    for number, places in enumerate(block.steps):
        memory.narrow(len(places))
        memory.fade(histories.days[places])
        rating, weight = histories.ratings[places], weights[places]
        if weight.any():
            _add_items(total, memory, weight, rating > 1)
        if number + 1 < len(block.steps):
            size = len(block.steps[number + 1])
            memory.review(rating[:size], histories.days[places[:size]])
    return total


def _add_items(total: Slope, memory: "_Tangent", weight: Numbers, recalled: Numbers) -> None:
    chance = np.clip(memory.chance, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    total.loss += float((weight * log_losses(chance, recalled)).sum())
    spread = weight / (chance * (1 - chance))
    by_parameter = memory.d_stability * memory.chance_by_stability
    by_parameter[20] += memory.chance_by_decay
    total.gradient += by_parameter @ (spread * (chance - recalled))
    total.information += (by_parameter * spread) @ by_parameter.T


class _Tangent:
    """Stability and difficulty of a block's cards, with their derivatives by the parameters."""

    def __init__(self, w: Numbers, block: Block) -> None:
        self.w = [float(value) for value in w]
        self.decay = self.w[20]
        self.factor = curve_factor(self.decay)
        self.factor_by_decay = (self.factor + 1) * math.log(AT_STABILITY) / self.decay**2
        self.stability, self.difficulty = _begin(block, w)
        first, size = block.first, len(block.first)
        self.d_stability = np.zeros((PARAMETERS, size))
        self.d_difficulty = np.zeros((4, size))
        learnt = np.flatnonzero(first != GIVEN)
        self.d_stability[first[learnt] - 1, learnt] = 1.0
        grown = np.exp(self.w[5] * (first - 1.0))
        exact = self.w[4] - grown + 1
        free = (first != GIVEN) & (exact > EASIEST) & (exact < HARDEST)
        self.d_difficulty[0] = free
        self.d_difficulty[1] = -1.0 * free * (first - 1) * grown

    def narrow(self, size: int) -> None:
        """Go on with the first so many cards only."""
        self.stability, self.difficulty = self.stability[:size], self.difficulty[:size]
        self.d_stability = self.d_stability[:, :size]
        self.d_difficulty = self.d_difficulty[:, :size]

    def fade(self, days: Numbers) -> None:
        """Work out the chance of recall after so many days."""
        ratio = days / self.stability
        odds = 1 + self.factor * ratio
        logs = np.log(odds)
        self.chance = np.exp(-self.decay * logs)
        common = self.chance * self.decay / odds
        self.chance_by_stability = common * self.factor * ratio / self.stability
        self.chance_by_decay = -self.chance * logs - common * ratio * self.factor_by_decay

    def review(self, rating: Numbers, days: Numbers) -> None:
        """Go on to the memory after these ratings, of the first so many cards."""
        size = len(rating)
        self.narrow(size)
        for name in ("chance", "chance_by_stability", "chance_by_decay"):
            setattr(self, name, getattr(self, name)[:size])
        is_soon, is_recalled = days < 1, rating > 1
        log_stability = np.log(self.stability)
        step = _Step(self.d_stability, self.d_difficulty)
        stability = np.empty(size)
        for kind, rule in (
            (~is_soon & is_recalled, self._grown),
            (~is_soon & ~is_recalled, self._fallen),
            (is_soon, self._same_day),
        ):
            places = np.flatnonzero(kind)
            if len(places):
                stability[places] = rule(step, places, rating[places], log_stability[places])
        least = stability < LEAST_STABILITY
        if least.any():
            stability[least] = LEAST_STABILITY
            step.by_stability[least] = step.by_difficulty[least] = 0.0
            for _, places_of, values in step.own:
                values[least[places_of]] = 0.0
        self.d_stability = step.finished()
        self.stability = stability
        self._next_difficulty(rating)

    def _grown(
        self, step: "_Step", places: Numbers, rating: Numbers, log_stability: Numbers
    ) -> Numbers:
        w, stability = self.w, self.stability[places]
        missed, easier = 1 - self.chance[places], 11 - self.difficulty[places]
        bonus = np.where(rating == HARD, w[15], np.where(rating == EASY, w[16], 1.0))
        base = stability * math.exp(w[8]) * easier * np.exp(-w[9] * log_stability)
        lift = np.exp(missed * w[10])
        gained = base * (lift - 1)
        growth = gained * bonus
        by_missed = base * bonus * lift * w[10]
        step.by_stability[places] = (
            1 + (1 - w[9]) * growth / stability - by_missed * self.chance_by_stability[places]
        )
        step.by_difficulty[places] = -growth / easier
        step.add(8, places, growth)
        step.add(9, places, -log_stability * growth)
        step.add(10, places, base * bonus * lift * missed)
        step.add(15, places, np.where(rating == HARD, gained, 0.0))
        step.add(16, places, np.where(rating == EASY, gained, 0.0))
        step.add(20, places, -by_missed * self.chance_by_decay[places])
        grown: Numbers = stability + growth
        return grown

    def _fallen(self, step: "_Step", places: Numbers, _: Numbers, __: Numbers) -> Numbers:
        w, stability, difficulty = self.w, self.stability[places], self.difficulty[places]
        missed = 1 - self.chance[places]
        log_more, log_difficulty = np.log1p(stability), np.log(difficulty)
        scale = w[11] * np.exp(-w[12] * log_difficulty + missed * w[14])
        power = np.exp(w[13] * log_more)
        fallen = scale * (power - 1)
        most = stability * math.exp(-w[17] * w[18])
        capped = fallen >= most
        free = ~capped
        step.by_stability[places] = np.where(
            capped,
            math.exp(-w[17] * w[18]),
            scale * w[13] * power / (stability + 1)
            - fallen * w[14] * self.chance_by_stability[places],
        )
        step.by_difficulty[places] = np.where(capped, 0.0, -w[12] * fallen / difficulty)
        step.add(11, places, free * fallen / w[11])
        step.add(12, places, -1.0 * free * log_difficulty * fallen)
        step.add(13, places, free * scale * power * log_more)
        step.add(14, places, free * fallen * missed)
        step.add(17, places, -1.0 * capped * w[18] * most)
        step.add(18, places, -1.0 * capped * w[17] * most)
        step.add(20, places, -1.0 * free * fallen * w[14] * self.chance_by_decay[places])
        return np.where(capped, most, fallen)

    def _same_day(
        self, step: "_Step", places: Numbers, rating: Numbers, log_stability: Numbers
    ) -> Numbers:
        w, stability = self.w, self.stability[places]
        shift = rating - 3 + w[18]
        increase = np.exp(w[17] * shift - w[19] * log_stability)
        held = (rating >= HARD) & (increase <= 1)
        free = ~held
        moved = stability * np.where(held, 1.0, increase)
        step.by_stability[places] = np.where(held, 1.0, increase * (1 - w[19]))
        step.by_difficulty[places] = 0.0
        step.add(17, places, free * shift * moved)
        step.add(18, places, free * w[17] * moved)
        step.add(19, places, -1.0 * free * log_stability * moved)
        return moved

    def _next_difficulty(self, rating: Numbers) -> None:
        w, difficulty = self.w, self.difficulty
        pull = (rating - 3) / 9
        moved = difficulty - (10 - difficulty) * w[6] * pull
        of_easy = w[4] - math.exp(w[5] * 3) + 1
        exact = w[7] * of_easy + (1 - w[7]) * moved
        free = (exact > EASIEST) & (exact < HARDEST)
        self.d_difficulty = self.d_difficulty * (free * (1 - w[7]) * (1 + w[6] * pull))
        self.d_difficulty[0] += free * w[7]
        self.d_difficulty[1] -= free * w[7] * 3 * math.exp(w[5] * 3)
        self.d_difficulty[2] -= free * (1 - w[7]) * (10 - difficulty) * pull
        self.d_difficulty[3] += free * (of_easy - moved)
        self.difficulty = np.clip(exact, EASIEST, HARDEST)


class _Step:
    """How the next stability depends on this one, on difficulty, and on parameters themselves."""

    def __init__(self, d_stability: Numbers, d_difficulty: Numbers) -> None:
        self.d_stability, self.d_difficulty = d_stability, d_difficulty
        size = d_stability.shape[1]
        self.by_stability, self.by_difficulty = np.empty(size), np.empty(size)
        self.own: list[tuple[int, Numbers, Numbers]] = []

    def add(self, parameter: int, places: Numbers, values: Numbers) -> None:
        self.own.append((parameter, places, values))

    def finished(self) -> Numbers:
        """Return the derivatives of the next stability."""
        found = self.d_stability * self.by_stability
        found[_OF_DIFFICULTY] += self.d_difficulty * self.by_difficulty
        for row, places, values in self.own:
            found[row, places] += values
        return found
