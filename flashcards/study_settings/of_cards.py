"""Which settings hold for each card of a collection, in arrays."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np

from flashcards.store import CardColumns, Mask
from flashcards.study_settings.settings import EffectiveSettings


def by_parameters(
    columns: CardColumns, settings: EffectiveSettings
) -> list[tuple[EffectiveSettings, Mask]]:
    """Return settings with other parameters each, and which cards are governed by such.

    Every card is in one of the masks, as long as `columns`. One for a learner without presets that
    have parameters of their own.
    """
    whole = np.ones(len(columns), dtype=bool)
    if not settings.models_differ:
        return [(settings, whole)]
    by_rank = {settings.deck_ranks[deck_id]: each for deck_id, each in settings.decks.items()}

    def ranks(deck_ids: Sequence[str]) -> dict[str, int]:
        governing = {each: settings.governed_by.get(UUID(each)) for each in deck_ids}
        return {each: settings.deck_ranks[deck] for each, deck in governing.items() if deck}

    of_cards = columns.label_ranks("deck_ids", ranks)
    found: dict[str, tuple[EffectiveSettings, Mask]] = {}
    rest = whole
    for rank, each in by_rank.items():
        key = each.schedule.model.key
        known, mask = found.get(key, (each, ~whole))
        found[key] = known, mask | (of_cards == rank)
    for _, mask in found.values():
        rest = rest & ~mask
    own = settings.schedule.model.key
    found[own] = settings, rest | (found[own][1] if own in found else ~whole)
    return list(found.values())
