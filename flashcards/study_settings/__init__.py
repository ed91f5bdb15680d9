"""What a learner has set about reviewing, for all cards and, as presets, for single decks."""

from flashcards.study_settings.presets import add_today, reset, save
from flashcards.study_settings.settings import (
    FIELDS,
    PRESET_FIELDS,
    EffectiveSettings,
    Limits,
    NewCards,
    Order,
    for_card,
    queue_settings,
    remembered,
    settings_for,
)

__all__ = [
    "FIELDS",
    "PRESET_FIELDS",
    "EffectiveSettings",
    "Limits",
    "NewCards",
    "Order",
    "add_today",
    "for_card",
    "queue_settings",
    "remembered",
    "reset",
    "save",
    "settings_for",
]
