"""Using a plan of study: its choices become the settings, and the ones before are given back."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from flashcards import study_settings
from flashcards.insight.plan import Choice
from flashcards.models import Deck
from flashcards.study_settings import PRESET_FIELDS, EffectiveSettings, presets


def use(*, owner_id: UUID, deck: Deck | None, choice: Choice, now: datetime) -> dict[str, Any]:
    """Set what a plan chooses, and return what was set, for `take_back`."""
    plain = EffectiveSettings()
    values = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in asdict(choice).items()
        if deck is None or name in PRESET_FIELDS
    }
    if deck is None:
        values = {n: None if v == getattr(plain, n) else v for n, v in values.items()}
    with transaction.atomic():
        row = presets.row_of(owner_id, deck)
        before = {name: getattr(row, name, None) for name in values}
        study_settings.save(owner_id=owner_id, deck=deck, values=values, now=now)
    return before


def take_back(*, owner_id: UUID, deck: Deck | None, before: dict[str, Any], now: datetime) -> None:
    """Set again what was set before a plan was used."""
    study_settings.save(owner_id=owner_id, deck=deck, values=before, now=now)
    row = presets.row_of(owner_id, deck)
    if deck is not None and all(getattr(row, name, None) is None for name in PRESET_FIELDS):
        # The preset was made for the plan.
        presets.set_back(owner_id=owner_id, deck=deck, now=now)
