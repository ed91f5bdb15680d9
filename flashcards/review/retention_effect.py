"""The effect of a desired retention: how many reviews a day it costs, from the learner's cards."""

import functools
from collections.abc import Collection
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np

from flashcards.domain.records import State
from flashcards.scheduling.memory_model import Numbers
from flashcards.scheduling.simulation.workload import reviews_a_new_card, workload
from flashcards.store import cards
from flashcards.study_settings.settings import EffectiveSettings

# With fewer cards of the learner's own, typical ones are simulated.
OWN_CARDS = 20
RETENTIONS = (0.80, 0.85, 0.90, 0.95, 0.97)
# Retentions are set in whole percent.
_SAME = 0.005


@dataclass(frozen=True)
class Cost:
    """A desired retention, and the reviews a day that it costs."""

    retention: float
    reviews_a_day: float

    def is_at(self, retention: float) -> bool:
        return abs(self.retention - retention) < _SAME


@dataclass(frozen=True)
class RetentionEffect:
    """What a desired retention and a number of new cards a day lead to."""

    present: Cost
    wanted: Cost
    options: tuple[Cost, ...]
    new_per_day: int
    # The reviews a day that the new cards lead to after half a year.
    reviews_of_new: float
    # Whether it was simulated with the learner's own cards.
    is_own: bool


def effect_of(
    *,
    owner_id: UUID,
    present: EffectiveSettings,
    retention: float,
    new_per_day: int,
    chosen: Collection[UUID] | None = None,
) -> RetentionEffect:
    """Return what a retention and a number of new cards a day would lead to.

    For the cards in chosen decks, or for all with None. Costs a read of two
    columns of the learner's cards and a few simulations, 100 ms together.
    """
    stability, difficulty, is_own = _cards(owner_id, chosen)
    settings = present.schedule

    @functools.cache
    def cost(share: float) -> Cost:
        wanted = replace(settings, desired_retention=share)
        return Cost(share, workload(stability, difficulty, settings=wanted).reviews_a_day)

    wanted = replace(settings, desired_retention=retention)
    return RetentionEffect(
        present=cost(present.desired_retention),
        wanted=cost(retention),
        options=tuple(cost(each) for each in RETENTIONS),
        new_per_day=new_per_day,
        reviews_of_new=new_per_day * reviews_a_new_card(wanted) if new_per_day else 0.0,
        is_own=is_own,
    )


def _cards(owner_id: UUID, chosen: Collection[UUID] | None) -> tuple[Numbers, Numbers, bool]:
    found = cards.for_owner(owner_id).filter(state=State.REVIEW, suspended=False)
    columns = ["stability", "difficulty"] + (["deck_ids"] if chosen is not None else [])
    rows = found.columns(*columns)
    if chosen is not None:
        wanted = {str(deck_id) for deck_id in chosen}
        inside = [not wanted.isdisjoint(listed) for listed in rows["deck_ids"]]
        rows = {name: rows[name][np.array(inside, dtype=bool)] for name in columns}
    if len(rows["stability"]) >= OWN_CARDS:
        return rows["stability"], rows["difficulty"], True
    # A collection of a few months: memories from days to a year, of all difficulties.
    return np.geomspace(2.0, 300.0, 200), np.tile(np.linspace(2.0, 8.0, 10), 20), False
