"""The aim: the retention that a learner asks for, which decks may set otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from flashcards.domain.records import State
from flashcards.insight.reading import Reading


@dataclass(frozen=True, slots=True)
class Aim:
    """The desired retention, 0 to 1: the mean over the known cards of a scope, and its range."""

    mean: float
    lowest: float
    highest: float

    @property
    def is_one(self) -> bool:
        return self.lowest == self.highest


def aim_of(reading: Reading) -> Aim:
    """Return what is asked for of the cards in review, by the settings that hold for each."""
    settings = reading.learner.settings
    common = settings.desired_retention
    if all(each.desired_retention == common for each in settings.decks.values()):
        return Aim(common, common, common)
    ranks = settings.deck_ranks
    by_rank = {ranks[deck]: each.desired_retention for deck, each in settings.decks.items()}

    def governing(deck_ids: Sequence[str]) -> dict[str, int]:
        found = {each: settings.governed_by.get(UUID(each)) for each in deck_ids}
        return {each: ranks[deck] for each, deck in found.items() if deck}

    columns = reading.columns
    known = reading.cards & (columns.array("state") == State.REVIEW)
    of_cards = columns.label_ranks("deck_ids", governing)[known]
    if not len(of_cards):
        return Aim(common, common, common)
    # Those without a rank are governed by no deck.
    of_ranks = np.full(max(by_rank) + 2, common)
    of_ranks[list(by_rank)] = list(by_rank.values())
    aims = of_ranks[np.where(np.isnan(of_cards), len(of_ranks) - 1, of_cards).astype(np.int64)]
    return Aim(float(aims.mean()), float(aims.min()), float(aims.max()))
