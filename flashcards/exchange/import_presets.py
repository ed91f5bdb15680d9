"""Settings of a package: what its presets have and MemoryLoop has as well.

FSRS's parameters, the desired retention, steps, limits a day and the longest interval. One preset
may give those for all cards, and then the review order and easy days as well. Each deck that an
import creates has what it has in the file: by a preset, if that is not what holds for all cards.
What is not taken is told.
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
from flashcards.study_settings import EffectiveSettings

Source = Collection | TextFile
PARAMETERS_LEFT = "the FSRS parameters of the deck were not taken: it has others here"
RETENTION_LEFT = "the desired retention of the deck was not taken: it has another one here"
LEFT = {
    "learning_steps_seconds": "the learning steps of the deck were not taken: it has others here",
    "relearning_steps_seconds": (
        "the relearning steps of the deck were not taken: it has others here"
    ),
    "new_per_day": "the new cards a day of the deck were not taken: it has another limit here",
    "reviews_per_day": "the reviews a day of the deck were not taken: it has another limit here",
    "maximum_interval_days": (
        "the maximum interval of the deck was not taken: it has another one here"
    ),
}
# By the settings that presets here do not have.
COMMON_LEFT = {
    "order": "the review order of the preset was not taken: here it is one for all cards",
    "new_cards": "the order of new cards among reviews was not taken: here it is one for all cards",
    "play_sounds": "whether sounds are played was not taken: here it is one setting for all cards",
    "easy_days": "the easy days of the preset were not taken: here they are those of all cards",
}
UNKNOWN = "MemoryLoop does not have what the preset sets: {what}"
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
            "options": {
                **source.presets[preset_id].options.own,
                **source.presets[preset_id].options.common,
            },
        }
        for preset_id, number in counts.most_common()
        if preset_id in source.presets
    ]


def is_plain(preset: Mapping[str, Any]) -> bool:
    """Tell whether a preset that is offered sets nothing."""
    has_fsrs = bool(preset["parameters"]) or preset["retention"] not in (None, ANKIS_RETENTION)
    return not has_fsrs and not set_options(preset)


def set_options(preset: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a preset that is offered which are not as in a new collection here."""
    plain = EffectiveSettings()
    options = preset.get("options", {})
    return {name: each for name, each in options.items() if not _is(plain, name, each)}


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
    values: dict[str, Any] = {**preset.options.own, **preset.options.common}
    if preset.desired_retention is not None:
        values["desired_retention"] = preset.desired_retention
    before = {name: getattr(own, name) if own else None for name in values}
    taken = {
        name: value
        for name, value in values.items()
        if (before[name] is None or choice.preset != AUTOMATIC) and not _is(settings, name, value)
    }
    with transaction.atomic():
        store.lock_owner(owner_id)
        report.settings = {
            "preset": preset.name[:200],
            "before": {
                "parameters": list(settings.parameters),
                "values": {name: before[name] for name in taken},
            },
            "parameters": list(settings.parameters),
            "values": taken,
        }
        if preset.parameters and preset.parameters != settings.parameters:
            report.settings["parameters"] = list(preset.parameters)
            folding.set_parameters(
                owner_id=owner_id, preset_id=None, parameters=preset.parameters, now=now
            )
        if taken:
            study_settings.save(owner_id=owner_id, deck=None, values=taken, now=now)


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
        given, earlier = taken.get("values"), before.get("values", {})
        if given is None:
            # The report of an import before MemoryLoop took more than the desired retention.
            given = {"desired_retention": taken["retention"]}
            earlier = {"desired_retention": before["retention"]}
        unchanged = {
            name: earlier[name]
            for name, value in given.items()
            if own is not None and getattr(own, name) == value
        }
        if unchanged:
            study_settings.save(owner_id=owner_id, deck=None, values=unchanged, now=now)


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
        if preset is None:
            continue
        retention = _retention_of(source, deck_id)
        is_own = retention is not None and retention != preset.desired_retention
        name = f"{preset.name} ({100 * (retention or 0):g}%)" if is_own else preset.name
        parameters = preset.parameters or (DEFAULT_PARAMETERS if settings.parameters else None)
        own = dict(preset.options.own)
        found[deck_id] = WantedPreset(name[:200], retention, parameters, own)
    differs = any(
        each.desired_retention not in (None, settings.desired_retention)
        or (each.parameters is not None and each.parameters != settings.parameters)
        or any(not _is(settings, name, value) for name, value in each.options.items())
        for each in found.values()
    )
    return found if differs else {}


def tell(*, owner_id: UUID, source: Source, choice: Choice, decks: Decks, report: Report) -> None:
    """Name in the report what decks have in the file and not here, and what is not here at all."""
    settings = study_settings.settings_for(owner_id=owner_id)
    used: dict[int, Preset] = {}
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
        for name, value in preset.options.own.items():
            if not _is(here, name, value):
                report.leave_out(LEFT[name], decks.name_of(deck_id))
        used[preset.id] = preset
    for preset in used.values():
        for name, value in preset.options.common.items():
            if not _is(settings, name, value):
                report.leave_out(COMMON_LEFT[name], preset.name)
        for what in preset.options.unknown:
            report.leave_out(UNKNOWN.format(what=what), preset.name)


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


def _is(settings: EffectiveSettings, name: str, value: Any) -> bool:
    """Tell whether a setting has a value, a list of which is a tuple there."""
    here = getattr(settings, name)
    return bool(here == (tuple(value) if isinstance(value, list) else value))
