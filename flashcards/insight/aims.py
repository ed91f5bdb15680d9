"""The aim: the retention that a learner asks for, which decks may set otherwise."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np

from flashcards.domain.records import State
from flashcards.insight.reading import Reading
from flashcards.study_settings.settings import EffectiveSettings


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
    """Return what is asked for of the cards in review, by the settings of their decks."""
    settings = reading.learner.settings
    common = settings.desired_retention
    wanted = {
        deck: settings.decks[governing].desired_retention
        for deck, governing in settings.governed_by.items()
        if governing in settings.decks
    }
    if set(wanted.values()) <= {common}:
        return Aim(common, common, common)
    columns = reading.columns
    known = reading.cards & (columns.array("state") == State.REVIEW)
    aims = np.full(len(columns), common)
    pairs, names = columns.label_pairs("deck_ids", known)
    decks = [UUID(name) for name in names]
    asked = np.array([wanted.get(deck, np.nan) for deck in decks], dtype=np.float64)
    ranks = np.array([_rank(settings, deck) for deck in decks], dtype=np.int64)
    places, codes = pairs[:, 0], pairs[:, 1].astype(np.int64)
    # Of several decks the first one by name governs a card: it is written last.
    order = np.argsort(-ranks[codes], kind="stable")
    order = order[~np.isnan(asked[codes[order]])]
    aims[places[order]] = asked[codes[order]]
    found = aims[known]
    if not len(found):
        return Aim(common, common, common)
    return Aim(float(found.mean()), float(found.min()), float(found.max()))


def _rank(settings: EffectiveSettings, deck: UUID) -> int:
    return settings.deck_ranks.get(settings.governed_by.get(deck, deck), 0)
