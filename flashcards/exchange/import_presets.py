"""FSRS settings of a package: the parameters and the desired retention of its presets.

One preset may give those for all cards. Each deck that an import creates has the parameters and the
desired retention that it has in the file: by a preset, if they are not those for all cards. What is
not taken is told.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from flashcards import store, study_settings
from flashcards.cards import folding
from flashcards.exchange.anki.collection import Collection
from flashcards.exchange.anki.presets import ANKIS_RETENTION, DeckPreset, Preset
from flashcards.exchange.import_choice import AUTOMATIC, NO_PRESET, Choice, Decks, WantedPreset
from flashcards.exchange.report import Report
from flashcards.exchange.text.reader import TextFile
from flashcards.models import StudySettings
from flashcards.scheduling import DEFAULT_MODEL, DEFAULT_PARAMETERS

Source = Collection | TextFile
PARAMETERS_LEFT = "the FSRS parameters of the deck were not taken: it has others here"
RETENTION_LEFT = "the desired retention of the deck was not taken: it has another one here"
_FIRST = DeckPreset(1)


def offered(source: Source) -> list[dict[str, Any]]:
    """Return the presets that the cards of a file use, the one of most cards first."""
    counts: Counter[int] = Counter()
    for deck_id, number in source.cards_by_deck().items():
        counts[source.deck_presets.get(deck_id, _FIRST).preset] += number
    return [
        {
            "id": str(preset_id),
            "name": source.presets[preset_id].name[:200],
            "parameters": bool(source.presets[preset_id].parameters),
            "retention": source.presets[preset_id].desired_retention,
            "cards": number,
        }
        for preset_id, number in counts.most_common()
        if preset_id in source.presets
    ]


def is_plain(preset: Mapping[str, Any]) -> bool:
    """Tell whether a preset that is offered sets nothing."""
    return not preset["parameters"] and preset["retention"] == ANKIS_RETENTION


def take(*, owner_id: UUID, source: Source, choice: Choice, report: Report, now: datetime) -> None:
    """Set what the chosen preset has for all cards, once in an import; the worker folds them."""
    if report.settings:
        return
    settings = study_settings.settings_for(owner_id=owner_id)
    report.settings = {"preset": ""}
    preset = _chosen(source, choice, has_own=bool(settings.parameters))
    if preset is None or settings.memory_model != DEFAULT_MODEL:
        return
    own = StudySettings.objects.filter(owner_id=owner_id, name="").first()
    retention = own.desired_retention if own else None
    with transaction.atomic():
        store.lock_owner(owner_id)
        report.settings = {
            "preset": preset.name[:200],
            "before": {"parameters": list(settings.parameters), "retention": retention},
            "parameters": list(settings.parameters),
            "retention": retention,
        }
        if preset.parameters and preset.parameters != settings.parameters:
            report.settings["parameters"] = list(preset.parameters)
            folding.set_parameters(
                owner_id=owner_id, preset_id=None, parameters=preset.parameters, now=now
            )
        is_free = retention is None or choice.preset != AUTOMATIC
        if is_free and preset.desired_retention != settings.desired_retention:
            report.settings["retention"] = preset.desired_retention
            _save_retention(owner_id, preset.desired_retention, now)


def give_back(*, owner_id: UUID, taken: Mapping[str, Any], now: datetime) -> None:
    """Set back what `take` set, unless it was changed since. `taken` is what the report holds."""
    before = taken.get("before")
    if not before:
        return
    with transaction.atomic():
        store.lock_owner(owner_id)
        own = StudySettings.objects.filter(owner_id=owner_id, name="").first()
        parameters = list(own.parameters or ()) if own else []
        if parameters == taken["parameters"] != before["parameters"]:
            folding.set_parameters(
                owner_id=owner_id, preset_id=None, parameters=before["parameters"], now=now
            )
        retention = own.desired_retention if own else None
        if retention == taken["retention"] != before["retention"]:
            _save_retention(owner_id, before["retention"], now)


def delete_unused(*, owner_id: UUID, presets_made: Iterable[int]) -> None:
    """Delete the presets that an import created and that no deck uses any more."""
    made = StudySettings.objects.filter(owner_id=owner_id, pk__in=list(presets_made))
    made.exclude(name="").filter(decks=None).delete()


def of_decks(*, owner_id: UUID, source: Source, choice: Choice) -> dict[int, WantedPreset]:
    """Return the preset of each deck of a file that needs one here.

    None does if all of them have what holds for all of the learner's cards.
    """
    settings = study_settings.settings_for(owner_id=owner_id)
    if choice.preset == NO_PRESET or settings.memory_model != DEFAULT_MODEL:
        return {}
    found: dict[int, WantedPreset] = {}
    for deck_id in source.cards_by_deck():
        deck = source.deck_presets.get(deck_id, _FIRST)
        preset = source.presets.get(deck.preset)
        retention = _retention_of(source, deck_id)
        if preset is None or retention is None:
            continue
        is_own = retention != preset.desired_retention
        name = f"{preset.name} ({100 * retention:g}%)" if is_own else preset.name
        parameters = preset.parameters or (DEFAULT_PARAMETERS if settings.parameters else None)
        found[deck_id] = WantedPreset(name[:200], retention, parameters)
    differs = any(
        each.desired_retention != settings.desired_retention
        or (each.parameters is not None and each.parameters != settings.parameters)
        for each in found.values()
    )
    return found if differs else {}


def tell(*, owner_id: UUID, source: Source, choice: Choice, decks: Decks, report: Report) -> None:
    """Name in the report the decks that have not what they have in the file."""
    settings = study_settings.settings_for(owner_id=owner_id)
    for deck_id in source.cards_by_deck():
        preset = source.presets.get(source.deck_presets.get(deck_id, _FIRST).preset)
        if not choice.wants(deck_id) or preset is None:
            continue
        deck = decks.existing(deck_id)
        here = settings.of_decks([deck] if deck else [])
        is_known = here.memory_model == DEFAULT_MODEL
        if preset.parameters and not (is_known and preset.parameters == here.parameters):
            report.leave_out(PARAMETERS_LEFT, decks.name_of(deck_id))
        if _retention_of(source, deck_id) not in (None, here.desired_retention):
            report.leave_out(RETENTION_LEFT, decks.name_of(deck_id))


def _chosen(source: Source, choice: Choice, *, has_own: bool) -> Preset | None:
    presets = offered(source)
    if choice.preset == AUTOMATIC:
        if has_own or not presets or is_plain(presets[0]):
            return None
        return source.presets[int(presets[0]["id"])]
    return next(
        (source.presets[int(each["id"])] for each in presets if each["id"] == choice.preset), None
    )


def _retention_of(source: Source, deck_id: int) -> float | None:
    """Return the desired retention of a deck; None if the file does not say."""
    deck = source.deck_presets.get(deck_id, _FIRST)
    preset = source.presets.get(deck.preset)
    if preset is None:
        return None
    return deck.desired_retention or preset.desired_retention


def _save_retention(owner_id: UUID, retention: float | None, now: datetime) -> None:
    values = {"desired_retention": retention}
    study_settings.save(owner_id=owner_id, deck=None, values=values, now=now)
