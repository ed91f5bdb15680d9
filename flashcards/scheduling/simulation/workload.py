"""How much work a desired retention makes: a simulation of many cards at once, in numpy.

The formulas are FSRS-6's, as in the fsrs package; a test holds the two together.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from flashcards.scheduling.settings import ScheduleSettings

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
HORIZON_DAYS = 180
# An answer after forgetting is asked for again the same day.
REVIEWS_A_LAPSE = 2
AGAIN, GOOD = 1, 3
MOST_CARDS = 300


@dataclass(frozen=True)
class Workload:
    """What a span of days would bring."""

    reviews_a_day: float
    # The share of the cards that would be recalled, on an average day of the span.
    known: float


def workload(
    stability: Numbers,
    difficulty: Numbers,
    *,
    settings: ScheduleSettings,
    days: int = HORIZON_DAYS,
    seed: int = 1,
) -> Workload:
    """Return what these cards, each just reviewed, bring over so many days, scaled to them all.

    Beyond 300 cards a sample stands for all. The same seed draws the same luck for every setting.
    """
    total = len(stability)
    if not total:
        return Workload(0.0, settings.desired_retention)
    draws = np.random.default_rng(seed)
    if total > MOST_CARDS:
        chosen = draws.choice(total, MOST_CARDS, replace=False)
        stability, difficulty = stability[chosen], difficulty[chosen]
    memory = np.maximum(stability, 0.001), np.clip(difficulty, 1.0, 10.0)
    at = np.zeros(len(memory[0]))
    done = known = 0.0
    while len(at):
        interval = intervals(memory[0], settings)
        until = np.minimum(at + interval, days) - at
        known += float((until * recall(memory[0], until / 2, settings)).sum())
        at = at + interval
        luck = draws.random(len(at))
        inside = at < days
        at, luck, interval = at[inside], luck[inside], interval[inside]
        memory = memory[0][inside], memory[1][inside]
        chance = recall(memory[0], interval, settings)
        recalled = luck < chance
        done += float(np.where(recalled, 1, REVIEWS_A_LAPSE).sum())
        memory = after(memory, chance, recalled, settings)
    sample = min(total, MOST_CARDS)
    return Workload(done * total / sample / days, known / (sample * days))


def reviews_a_new_card(settings: ScheduleSettings, *, days: int = HORIZON_DAYS) -> float:
    """Return how many reviews a card takes in its first days after being learnt."""
    first = np.full(MOST_CARDS, settings.parameters[2])
    easy = np.full(MOST_CARDS, float(first_difficulty(GOOD, settings)))
    return workload(first, easy, settings=settings, days=days).reviews_a_day * days / MOST_CARDS


def intervals(stability: Numbers, settings: ScheduleSettings) -> Numbers:
    """Return the days until each memory falls to the desired retention, at least 1; no fuzz."""
    decay = -settings.parameters[20]
    factor = 0.9 ** (1 / decay) - 1
    days = stability / factor * (settings.desired_retention ** (1 / decay) - 1)
    whole: Numbers = np.clip(np.round(days), 1, settings.maximum_interval_days)
    return whole


def recall(stability: Numbers, elapsed: Numbers, settings: ScheduleSettings) -> Numbers:
    """Return the chance, 0 to 1, that each card is recalled so many days after its review."""
    decay = -settings.parameters[20]
    factor = 0.9 ** (1 / decay) - 1
    chance: Numbers = (1 + factor * elapsed / stability) ** decay
    return chance


def after(
    memory: tuple[Numbers, Numbers], chance: Numbers, recalled: Mask, settings: ScheduleSettings
) -> tuple[Numbers, Numbers]:
    """Return stability and difficulty after Good where the card was recalled, else after Again."""
    (stability, difficulty), w = memory, settings.parameters
    grown = stability * (
        1
        + np.exp(w[8]) * (11 - difficulty) * stability ** -w[9] * (np.exp((1 - chance) * w[10]) - 1)
    )
    fallen = np.minimum(
        w[11]
        * difficulty ** -w[12]
        * ((stability + 1) ** w[13] - 1)
        * np.exp((1 - chance) * w[14]),
        stability / np.exp(w[17] * w[18]),
    )
    harder = difficulty + (10 - difficulty) * np.where(recalled, 0.0, 2 * w[6]) / 9
    reverted = w[7] * first_difficulty(4, settings) + (1 - w[7]) * harder
    return np.maximum(np.where(recalled, grown, fallen), 0.001), np.clip(reverted, 1.0, 10.0)


def first_difficulty(rating: int, settings: ScheduleSettings) -> float:
    """Return the difficulty of a card whose first rating this is."""
    w = settings.parameters
    return float(w[4] - np.exp(w[5] * (rating - 1)) + 1)
