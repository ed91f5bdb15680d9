"""The page of an import: the contents of a file and the choices, then the report."""

from typing import Any

from django.http import QueryDict

from flashcards import study_settings
from flashcards.exchange import import_presets
from flashcards.exchange.import_choice import NO_PRESET
from flashcards.exchange.text.layout import Layout
from flashcards.models import CardImport
from flashcards.web.forms.columns import ColumnsForm
from flashcards.web.forms.imports import ImportForm


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


def context(
    row: CardImport, form: ImportForm, columns: ColumnsForm | None = None
) -> dict[str, Any]:
    """Return what the template of an import takes."""
    columns = columns or columns_form(row)
    chosen = form.chosen_decks()
    presets = _presets(row, form) if row.status == row.Status.READY else []
    return {
        "row": row,
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
    return [
        {**each, "chosen": each["id"] == chosen, "percent": f"{100 * each['retention']:g}%"}
        for each in found
    ]


def _most_first(reasons: dict[str, Any]) -> list[dict[str, Any]]:
    found = [{"reason": reason, **each} for reason, each in reasons.items()]
    return sorted(found, key=lambda each: -each["count"])
