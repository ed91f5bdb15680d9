"""The page of an import: the contents of a file and the choices, then the report."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from flashcards import study_settings
from flashcards.domain import durations
from flashcards.exchange import import_presets
from flashcards.exchange.import_choice import NO_PRESET
from flashcards.exchange.text.layout import Layout
from flashcards.models import CardImport
from flashcards.study_settings import NewCards, Order
from flashcards.web.forms.columns import ColumnsForm
from flashcards.web.forms.imports import ImportForm
from flashcards.web.forms.study_settings import steps_in_words
from memoryloop import disk_space


def columns_form(row: CardImport, data: QueryDict | None = None) -> ColumnsForm | None:
    """Return the form of a text file's columns; None for a package."""
    table = row.contents.get("table")
    return ColumnsForm(data, layout=Layout.from_json(table["layout"])) if table else None


def _columns(row: CardImport, form: ColumnsForm) -> list[dict[str, Any]]:
    """Return the columns: each its field, what the file calls it, and its first cells."""
    table = row.contents["table"]
    return [
        {
            "field": field,
            "name": table["names"][at] if at < len(table["names"]) else "",
            "cells": [cells[at] if at < len(cells) else "" for cells in table["rows"]],
        }
        for at, field in enumerate(form.columns)
    ]


def progress(row: CardImport) -> dict[str, Any]:
    """Return what the template of the progress takes."""
    return {"row": row, "is_out_of_space": disk_space.free_bytes() < disk_space.FULL_BYTES}


def context(
    row: CardImport, form: ImportForm, columns: ColumnsForm | None = None
) -> dict[str, Any]:
    """Return what the template of an import takes."""
    columns = columns or columns_form(row)
    chosen = form.chosen_decks()
    presets = _presets(row, form) if row.status == row.Status.READY else []
    return {
        **progress(row),
        "form": form,
        "columns_form": columns,
        "columns": _columns(row, columns) if columns else (),
        "decks": [
            {"id": deck_id, "name": name, "cards": cards, "chosen": str(deck_id) in chosen}
            for deck_id, name, cards in row.contents.get("decks", ())
        ],
        "presets": presets,
        "keeps_settings": not any(each["chosen"] for each in presets),
        "schedule": form.data.get("schedule", "keep"),
        "skipped": _most_first(row.report.get("skipped", {})),
        "kept": _most_first(row.report.get("kept", {})),
        "left_out": _most_first(row.report.get("left_out", {})),
        "skipped_total": sum(each["count"] for each in row.report.get("skipped", {}).values()),
    }


def _presets(row: CardImport, form: ImportForm) -> list[dict[str, Any]]:
    """Return the presets to choose from; the one of most cards unless the learner has parameters"""
    offered: list[dict[str, Any]] = row.contents.get("presets", [])
    chosen = form.data.get("preset")
    if chosen is None:
        has_own = bool(study_settings.settings_for(owner_id=row.owner_id).parameters)
        chosen = NO_PRESET if has_own or not offered else offered[0]["id"]
    found = [each for each in offered if not import_presets.is_plain(each)]
    return [{**each, "chosen": each["id"] == chosen, "sets": preset_words(each)} for each in found]


def preset_words(preset: Mapping[str, Any]) -> str:
    """Return what a preset that is offered sets: "its FSRS parameters and 30 new cards a day"."""
    options = import_presets.set_options(preset)
    parts = ["its FSRS parameters"] if preset["parameters"] else []
    if preset["retention"] is not None:
        parts.append(f"a desired retention of {100 * preset['retention']:g}%")
    parts += [
        f"{what} {steps_in_words(options[name])}"
        for name, what in (
            ("learning_steps_seconds", "learning steps"),
            ("relearning_steps_seconds", "relearning steps"),
        )
        if name in options
    ]
    for name, what in (("new_per_day", "new card"), ("reviews_per_day", "review")):
        if name in options:
            parts.append(f"{durations.count(options[name], what)} a day in all")
    if "maximum_interval_days" in options:
        days = durations.count(options["maximum_interval_days"], "day")
        parts.append(f"a maximum interval of {days}")
    if "order" in options:
        parts.append(f"the review order “{Order(options['order']).label}”")
    if "new_cards" in options:
        parts.append(f"new cards {NewCards(options['new_cards']).label.lower()}")
    if "play_sounds" in options:
        parts.append("that sounds are not played by themselves")
    if "easy_days" in options:
        parts.append("its easy days")
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _most_first(reasons: dict[str, Any]) -> list[dict[str, Any]]:
    found = [{"reason": reason, **each} for reason, each in reasons.items()]
    return sorted(found, key=lambda each: -each["count"])
