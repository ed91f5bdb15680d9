"""Presets: named study settings that decks share, and whatever else changes study settings.

The settings for all cards are such a row without a name. What is changed here says nothing about
the memories of cards: whoever changes parameters, or which preset a deck has, has the cards folded
(`cards/folding.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from flashcards.models import Deck, StudySettings
from flashcards.models.study import PRESET_NAME_MAX_CHARACTERS
from flashcards.scheduling import ScheduleSettings
from flashcards.study_settings.settings import FIELDS, PRESET_FIELDS
from memoryloop.errors import UserError
from memoryloop.folding import fold
from memoryloop.storable import storable

PRESETS_MOST = 200
_KEPT = (*PRESET_FIELDS, "parameters")


class BadPreset(UserError):
    """A preset cannot be called so, or there are too many."""


# Settings for all cards, and those of one deck


def save(*, owner_id: UUID, deck: Deck | None, values: Mapping[str, Any], now: datetime) -> None:
    """Set what `values` name (None: no longer set) for all cards, or for those of a deck.

    A deck's preset is changed, also for the other decks that use it; one that has none gets one of
    its name. Raises ValueError for what cannot be set here, as parameters: see `save_model`.
    """
    _check(values, FIELDS if deck is None else PRESET_FIELDS)
    with transaction.atomic():
        if deck is None:
            StudySettings.objects.update_or_create(
                owner_id=owner_id, name="", defaults={**values, "updated_at": now}
            )
            return
        preset = own_preset(owner_id, deck, now)
        save_preset(owner_id=owner_id, preset_id=preset.pk, values=values, now=now)


def reset(*, owner_id: UUID) -> dict[str, Any]:
    """Set everything for all cards back; return what was set, for `save`. The parameters stay."""
    with transaction.atomic():
        row = StudySettings.objects.filter(owner_id=owner_id, name="").first()
        if row is None:
            return {}
        before = {n: getattr(row, n) for n in FIELDS if getattr(row, n) is not None}
        StudySettings.objects.filter(pk=row.pk).update(**dict.fromkeys(FIELDS))
    return before


def save_model(
    *,
    owner_id: UUID,
    preset_id: int | None,
    parameters: Sequence[float] | None,
    now: datetime,
    model: str | None = None,
) -> None:
    """Set parameters of a preset, or with None those for all cards; the caller folds the cards.

    None for parameters has a preset use those for all cards, and all cards the model's own. A
    `model` is for all cards only. Raises ValueError for parameters that are not the model's, and
    StudySettings.DoesNotExist.
    """
    given = [float(each) for each in parameters or ()]
    with transaction.atomic():
        common = StudySettings.objects.filter(owner_id=owner_id, name="").first()
        name = model or (common and common.memory_model) or ScheduleSettings().memory_model
        # Raises ValueError for what the model does not take.
        ScheduleSettings(memory_model=name, parameters=tuple(given)).model  # noqa: B018 - it is made
        values: dict[str, Any] = {"parameters": given or None, "updated_at": now}
        if preset_id is not None:
            row = preset_of(owner_id, preset_id)
            StudySettings.objects.filter(pk=row.pk).update(**values)
            return
        if model is not None:
            values["memory_model"] = model
        StudySettings.objects.update_or_create(owner_id=owner_id, name="", defaults=values)


def add_today(
    *, owner_id: UUID, deck: Deck | None, today: date, new: int = 0, reviews: int = 0
) -> None:
    """Allow so many cards more, on this one of the learner's days only."""
    with transaction.atomic():
        row: Deck | StudySettings | None
        if deck is None:
            StudySettings.objects.get_or_create(owner_id=owner_id, name="")
            row = StudySettings.objects.select_for_update().get(owner_id=owner_id, name="")
        else:
            row = Deck.objects.select_for_update().filter(owner_id=owner_id).get(pk=deck.pk)
        is_more = row.extra_on == today
        row.extra_new = (row.extra_new if is_more else 0) + new
        row.extra_reviews = (row.extra_reviews if is_more else 0) + reviews
        row.extra_on = today
        row.save(update_fields=["extra_on", "extra_new", "extra_reviews"])


# Presets


def presets_of(owner_id: UUID) -> list[StudySettings]:
    """Return an owner's presets by name."""
    rows = StudySettings.objects.filter(owner_id=owner_id).exclude(name="")
    return sorted(rows, key=lambda row: (fold(row.name), row.pk))


def preset_of(owner_id: UUID, preset_id: int) -> StudySettings:
    """Return a preset of an owner. Raises StudySettings.DoesNotExist."""
    return StudySettings.objects.exclude(name="").get(owner_id=owner_id, pk=preset_id)


def create(
    *, owner_id: UUID, name: str, values: Mapping[str, Any] | None = None, now: datetime
) -> StudySettings:
    """Create a preset that no deck uses yet. Raises BadPreset."""
    _check(values or {}, _KEPT)
    name = _free(owner_id, name)
    if StudySettings.objects.filter(owner_id=owner_id).count() > PRESETS_MOST:
        raise BadPreset(f"You have {PRESETS_MOST} presets, which is the maximum.")
    try:
        with transaction.atomic():
            return StudySettings.objects.create(
                owner_id=owner_id, name=name, updated_at=now, **(values or {})
            )
    except IntegrityError:
        raise BadPreset(f"You have a preset called “{name}” already.") from None


def save_preset(
    *, owner_id: UUID, preset_id: int, values: Mapping[str, Any], now: datetime
) -> None:
    """Set what `values` name for the cards of every deck that uses a preset."""
    _check(values, PRESET_FIELDS)
    row = preset_of(owner_id, preset_id)
    StudySettings.objects.filter(pk=row.pk).update(**values, updated_at=now)


def rename(*, owner_id: UUID, preset_id: int, name: str, now: datetime) -> StudySettings:
    """Rename a preset. Raises BadPreset."""
    row = preset_of(owner_id, preset_id)
    row.name, row.updated_at = _free(owner_id, name, but=row), now
    row.save(update_fields=["name", "updated_at"])
    return row


def duplicate(*, owner_id: UUID, preset_id: int, now: datetime) -> StudySettings:
    """Create a preset with the settings and the parameters of another. Raises BadPreset."""
    row = preset_of(owner_id, preset_id)
    values = {name: getattr(row, name) for name in _KEPT}
    name = free_name(owner_id, f"{row.name} (copy)")
    return create(owner_id=owner_id, name=name, values=values, now=now)


def delete(*, owner_id: UUID, preset_id: int) -> dict[str, Any]:
    """Delete a preset; its decks have none any more. Return what `restore` takes, as JSON."""
    with transaction.atomic():
        row = preset_of(owner_id, preset_id)
        deck_ids = [str(each) for each in row.decks.values_list("pk", flat=True)]
        kept = {name: getattr(row, name) for name in _KEPT if getattr(row, name) is not None}
        row.delete()
    return {"name": row.name, "decks": deck_ids, "values": kept}


def restore(*, owner_id: UUID, kept: Mapping[str, Any], now: datetime) -> StudySettings:
    """Create a deleted preset again, for those of its decks that have none now."""
    with transaction.atomic():
        name = free_name(owner_id, kept["name"])
        row = create(owner_id=owner_id, name=name, values=kept["values"], now=now)
        decks = Deck.objects.filter(owner_id=owner_id, pk__in=kept["decks"], preset=None)
        decks.update(preset=row)
    return row


def choose(
    *, owner_id: UUID, deck_ids: Iterable[UUID], preset_id: int | None, now: datetime
) -> dict[UUID, int | None]:
    """Have decks use a preset, or none of their own; return what each used. Smart decks are left.

    Raises StudySettings.DoesNotExist.
    """
    with transaction.atomic():
        row = None if preset_id is None else preset_of(owner_id, preset_id)
        decks = Deck.objects.select_for_update().filter(owner_id=owner_id, search="")
        before: dict[UUID, int | None] = dict(
            decks.filter(pk__in=list(deck_ids)).values_list("pk", "preset_id")
        )
        Deck.objects.filter(pk__in=before).update(preset=row)
        # A rating that was worked out by what held before is worked out anew: it compares versions.
        StudySettings.objects.filter(owner_id=owner_id).update(updated_at=now)
    return before


def row_of(owner_id: UUID, deck: Deck | None) -> StudySettings | None:
    """Return the settings for all cards, or the preset that a deck names; None without any."""
    rows = StudySettings.objects.filter(owner_id=owner_id)
    return (rows.filter(name="") if deck is None else rows.filter(decks=deck)).first()


def set_back(*, owner_id: UUID, deck: Deck, now: datetime) -> None:
    """Have a deck use no preset; one that only this deck used, without parameters, is deleted."""
    with transaction.atomic():
        before = choose(owner_id=owner_id, deck_ids=[deck.pk], preset_id=None, now=now)
        unused = [each for each in before.values() if each is not None]
        rows = StudySettings.objects.filter(owner_id=owner_id, pk__in=unused)
        rows.exclude(name="").filter(decks=None, parameters=None).delete()


def own_preset(owner_id: UUID, deck: Deck, now: datetime) -> StudySettings:
    """Return a deck's preset; if it has none, one of the deck's name is created for it."""
    with transaction.atomic():
        fresh = Deck.objects.select_for_update().get(owner_id=owner_id, pk=deck.pk)
        if fresh.preset_id is not None:
            return preset_of(owner_id, fresh.preset_id)
        created = create(owner_id=owner_id, name=free_name(owner_id, fresh.name), now=now)
        Deck.objects.filter(pk=fresh.pk).update(preset=created)
    return created


def free_name(owner_id: UUID, wanted: str) -> str:
    """Return a name for a preset, with a number where another preset is called so."""
    taken = {fold(row.name) for row in presets_of(owner_id)}
    wanted = _clean(wanted)[: PRESET_NAME_MAX_CHARACTERS - 6]
    numbered = (f"{wanted} {number}" for number in range(2, len(taken) + 3))
    return next(name for name in (wanted, *numbered) if fold(name) not in taken)


def _free(owner_id: UUID, name: str, but: StudySettings | None = None) -> str:
    cleaned = _clean(name)
    if not cleaned:
        raise BadPreset("A preset needs a name.")
    if len(cleaned) > PRESET_NAME_MAX_CHARACTERS:
        raise BadPreset(
            f"This name has {len(cleaned)} characters; the maximum is {PRESET_NAME_MAX_CHARACTERS}."
        )
    if any(fold(row.name) == fold(cleaned) for row in presets_of(owner_id) if row != but):
        raise BadPreset(f"You have a preset called “{cleaned}” already.")
    return cleaned


def _clean(name: str) -> str:
    return " ".join(storable(name).split())


def _check(values: Mapping[str, Any], known: Sequence[str]) -> None:
    if unknown := set(values) - set(known):
        raise ValueError(f"There is no such setting: {sorted(unknown)}.")
