"""Adopting parameters: what an undo of it needs to know, and gives back.

A BulkChange of the verb `refold` moves the cards; its argument says whose parameters were changed:
{"preset": id or None, "before": [number] or None, "after": [number] or None}.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flashcards.models import BulkChange, StudySettings
from flashcards.study_settings import presets


def adopt(
    owner_id: UUID, preset_id: int | None, parameters: Sequence[float] | None, now: datetime
) -> dict[str, Any]:
    """Set the parameters of a preset, or with None of all cards; return the change's argument.

    Raises ValueError for parameters that are not the model's, StudySettings.DoesNotExist.
    """
    before = _parameters(owner_id, preset_id)
    presets.save_model(owner_id=owner_id, preset_id=preset_id, parameters=parameters, now=now)
    return {"preset": preset_id, "before": before, "after": _parameters(owner_id, preset_id)}


def give_back(change: BulkChange, now: datetime) -> None:
    """Set the parameters of before a change, unless they were changed since."""
    preset_id = change.argument["preset"]
    rows = StudySettings.objects.filter(owner_id=change.owner_id)
    if preset_id is not None and not rows.filter(pk=preset_id).exists():
        # The preset was deleted since.
        return
    if _parameters(change.owner_id, preset_id) == change.argument["after"]:
        presets.save_model(
            owner_id=change.owner_id,
            preset_id=preset_id,
            parameters=change.argument["before"],
            now=now,
        )


def _parameters(owner_id: UUID, preset_id: int | None) -> list[float] | None:
    rows = StudySettings.objects.filter(owner_id=owner_id)
    row = (rows.filter(name="") if preset_id is None else rows.filter(pk=preset_id)).first()
    return row.parameters if row is not None else None
