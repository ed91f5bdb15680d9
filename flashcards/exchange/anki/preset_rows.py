"""Presets of an exported package: the learner's settings for all cards, and their presets."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flashcards.scheduling import anki_values
from flashcards.study_settings import EffectiveSettings

# Anki's first preset: every collection has one, which an import does not change.
_DEFAULT = 1
# So the learner's settings are another, and their presets the ones after it.
_COMMON = 1767225600099


class Presets:
    """The presets, by the numbers that decks name them by."""

    def __init__(self, settings: EffectiveSettings, deck_names: Mapping[UUID, str]) -> None:
        self._settings = settings
        self._ids = {name: deck_id for deck_id, name in deck_names.items()}
        used = {each.preset_id: each for each in settings.decks.values()}
        own = sorted(used.values(), key=lambda each: each.preset_name)
        self._presets = {_COMMON + n: each for n, each in enumerate(own, 1)}
        self._numbers = {each.preset_id: number for number, each in self._presets.items()}

    def number_of(self, deck_name: str) -> int:
        deck_id = self._ids.get(deck_name)
        governing = self._settings.governed_by.get(deck_id) if deck_id else None
        return self._numbers[self._settings.decks[governing].preset_id] if governing else _COMMON

    def rows(self) -> dict[int, dict[str, Any]]:
        """Return what the presets set, by their numbers."""
        common = _values(self._settings)
        found = {_DEFAULT: {"name": "Default", **common}, _COMMON: {"name": "MemoryLoop", **common}}
        for number, preset in self._presets.items():
            found[number] = {"name": preset.preset_name, **_values(preset)}
        return found


def _values(settings: EffectiveSettings) -> dict[str, Any]:
    return {
        "fsrsParams6": list(anki_values.parameters_of(settings.schedule)),
        "desiredRetention": settings.desired_retention,
        "new": {
            "delays": _minutes(settings.learning_steps_seconds),
            "perDay": settings.new_per_day,
        },
        "rev": {
            "perDay": settings.reviews_per_day,
            "maxIvl": settings.maximum_interval_days,
        },
        "lapse": {"delays": _minutes(settings.relearning_steps_seconds)},
    }


def _minutes(seconds: tuple[int, ...]) -> list[float]:
    return [each / 60 for each in seconds]
