"""The exam simulation: how well cards will be known on a day, and how many a day that takes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from flashcards.domain.records import Rating
from flashcards.scheduling.memory_model import Memory, Numbers, each_column, ratings_of
from flashcards.scheduling.settings import ScheduleSettings
from flashcards.scheduling.simulation.workload import from_columns

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
    memory = from_columns(cards.stability, cards.difficulty, settings)
    return _predicted(memory, cards.elapsed_days + days, settings)


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
    model, memory = settings.model, from_columns(cards.stability, cards.difficulty, settings)
    first = model.next(None, Rating.GOOD, 0.0)
    last = -cards.elapsed_days
    steps = min(days, MOST_STEPS)
    for step in range(steps):
        now = days * step / steps
        most = min(len(cards), round(number * days / steps))
        if not most:
            break
        chance = _predicted(memory, days - last, settings)
        chosen = np.argpartition(chance, most - 1)[:most]
        luck = draws.random(len(cards))[chosen]
        new = np.isnan(memory.stability[chosen])
        elapsed = np.where(new, 0.0, now - last[chosen])
        before = each_column(
            lambda column, number, new=new, chosen=chosen: np.where(new, number, column[chosen]),
            memory,
            first,
        )
        recalled = luck < model.retrievability(before, elapsed)
        after = model.after(before, elapsed, ratings_of(recalled))
        columns = zip(memory.numbers, before.numbers, after.numbers, strict=True)
        for column, at_first, grown in columns:
            column[chosen] = np.where(new, at_first, grown)
        last[chosen] = now
    return float(_predicted(memory, days - last, settings).mean())


def _predicted(
    memory: Memory[Numbers], elapsed_days: Numbers, settings: ScheduleSettings
) -> Numbers:
    """Return the chance of recall of each card, 0 for a card never seen."""
    seen = ~np.isnan(memory.stability)
    chance = np.zeros(len(seen))
    chance[seen] = settings.model.retrievability(
        each_column(lambda column: column[seen], memory), elapsed_days[seen]
    )
    return chance
