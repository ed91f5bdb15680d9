"""How well cards will be known on a day to come, and how many a day it takes to know them better.

A simulation of many cards at once; the formulas are those of `workload`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from flashcards.scheduling.settings import ScheduleSettings
from flashcards.scheduling.simulation.workload import (
    GOOD,
    Numbers,
    after,
    first_difficulty,
    recall,
)

Places = np.ndarray[Any, np.dtype[np.int64]]
# Beyond, a sample stands for all.
MOST_CARDS = 1_000
# A longer way is walked in as many steps, several days in each.
MOST_STEPS = 90


@dataclass(frozen=True)
class Memories:
    """Cards as a simulation needs them; stability is NaN for cards never seen."""

    stability: Numbers
    difficulty: Numbers
    # Since the last review, up to now.
    elapsed_days: Numbers

    def __len__(self) -> int:
        return len(self.stability)

    def chosen(self, places: Places) -> "Memories":
        return Memories(self.stability[places], self.difficulty[places], self.elapsed_days[places])


@dataclass(frozen=True)
class Pace:
    """So many cards a day, and how well they are then known on average."""

    cards_a_day: int
    known: float


def predicted(cards: Memories, days: float, settings: ScheduleSettings) -> Numbers:
    """Return the chance that each card is recalled after so many days without a review.

    0 for a card never seen.
    """
    seen = ~np.isnan(cards.stability)
    chance = np.zeros(len(cards))
    elapsed = cards.elapsed_days[seen] + days
    chance[seen] = recall(np.maximum(cards.stability[seen], 0.001), elapsed, settings)
    return chance


def pace_for(
    cards: Memories, days: int, target: float, settings: ScheduleSettings, *, seed: int = 1
) -> Pace:
    """Return the smallest number a day with which the cards are known well enough on average.

    The day's cards are those with the lowest prediction. If all of them every day are not enough,
    that is what is returned. The same seed draws the same luck for every number.
    """
    total = len(cards)
    if not total:
        return Pace(0, 1.0)
    share = 1.0
    if total > MOST_CARDS:
        draws = np.random.default_rng(seed)
        cards = cards.chosen(draws.choice(total, MOST_CARDS, replace=False))
        share = total / MOST_CARDS

    def known(number: int) -> float:
        return _walk(cards, days, number, settings, seed)

    low, high = 0, len(cards)
    if known(0) >= target:
        return Pace(0, known(0))
    if known(high) < target:
        return Pace(total, known(high))
    # `low` is too few, `high` is enough.
    while high - low > 1:
        middle = (low + high) // 2
        if known(middle) >= target:
            high = middle
        else:
            low = middle
    return Pace(min(total, int(np.ceil(high * share))), known(high))


def _walk(cards: Memories, days: int, number: int, settings: ScheduleSettings, seed: int) -> float:
    """Return how well cards are known in the end when so many are reviewed each day."""
    draws = np.random.default_rng(seed)
    stability, difficulty = cards.stability.copy(), cards.difficulty.copy()
    last = -cards.elapsed_days
    steps = min(days, MOST_STEPS)
    for step in range(steps):
        now = days * step / steps
        most = min(len(cards), round(number * days / steps))
        if not most:
            break
        chance = predicted(Memories(stability, difficulty, now - last), days - now, settings)
        chosen = np.argpartition(chance, most - 1)[:most]
        luck = draws.random(len(cards))[chosen]
        new = np.isnan(stability[chosen])
        before = np.where(new, settings.parameters[2], stability[chosen])
        hard = np.where(new, first_difficulty(GOOD, settings), difficulty[chosen])
        chances = recall(before, np.where(new, 0.0, now - last[chosen]), settings)
        grown, harder = after((before, hard), chances, luck < chances, settings)
        stability[chosen] = np.where(new, before, grown)
        difficulty[chosen] = np.where(new, hard, harder)
        last[chosen] = now
    end = Memories(stability, difficulty, days - last)
    return float(predicted(end, 0.0, settings).mean())
