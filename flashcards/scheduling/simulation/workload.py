"""The workload: how many reviews a desired retention makes, simulated for many cards at once."""

from dataclasses import dataclass

import numpy as np

from flashcards.domain.records import Rating
from flashcards.scheduling.memory_model import Memory, Numbers, each_column, ratings_of
from flashcards.scheduling.settings import ScheduleSettings

HORIZON_DAYS = 180
# An answer after forgetting is asked for again the same day.
REVIEWS_A_LAPSE = 2
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
    model, memory = settings.model, from_columns(stability, difficulty, settings)
    at = np.zeros(len(memory.stability))
    done = known = 0.0
    while len(at):
        interval = intervals(memory, settings)
        until = np.minimum(at + interval, days) - at
        known += float((until * model.retrievability(memory, until / 2)).sum())
        at = at + interval
        luck = draws.random(len(at))
        inside = np.flatnonzero(at < days)
        at, luck, interval = at[inside], luck[inside], interval[inside]
        memory = each_column(lambda column, kept=inside: column[kept], memory)
        recalled = luck < model.retrievability(memory, interval)
        done += float(np.where(recalled, 1, REVIEWS_A_LAPSE).sum())
        memory = model.after(memory, interval, ratings_of(recalled))
    sample = min(total, MOST_CARDS)
    return Workload(done * total / sample / days, known / (sample * days))


def reviews_a_new_card(settings: ScheduleSettings, *, days: int = HORIZON_DAYS) -> float:
    """Return how many reviews a card takes in its first days after being learnt."""
    first = settings.model.next(None, Rating.GOOD, 0.0)
    columns = np.full(MOST_CARDS, first.stability), np.full(MOST_CARDS, first.difficulty)
    return workload(*columns, settings=settings, days=days).reviews_a_day * days / MOST_CARDS


def from_columns(
    stability: Numbers, difficulty: Numbers, settings: ScheduleSettings
) -> Memory[Numbers]:
    """Return cards' memories for a simulation, as far as stability and difficulty say them."""
    within = np.maximum(stability, 0.001), np.clip(difficulty, 1.0, 10.0)
    return settings.model.from_summary(*within)


def intervals(
    memory: Memory[Numbers], settings: ScheduleSettings, retention: Numbers | None = None
) -> Numbers:
    """Return the days until each memory falls to its retention, at least 1; no fuzz.

    Without `retention`, one for each memory, it is the desired one for all.
    """
    level = settings.desired_retention if retention is None else retention
    days = settings.model.days_until(memory, level)
    whole: Numbers = np.clip(np.round(days), 1, settings.maximum_interval_days)
    return whole
