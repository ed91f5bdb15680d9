"""What a learner has set about reviewing, for all cards and for single decks."""

from flashcards.study_settings.settings import (
    DECK_FIELDS,
    FIELDS,
    EffectiveSettings,
    Limits,
    NewCards,
    Order,
    add_today,
    for_card,
    queue_settings,
    remembered,
    reset,
    save,
    settings_for,
)

__all__ = [
    "DECK_FIELDS",
    "FIELDS",
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
