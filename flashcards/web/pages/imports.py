"""The page of an import: the contents of a file and the choices, then the report."""

from typing import Any

from flashcards.models import CardImport
from flashcards.web.forms.imports import ImportForm


def context(row: CardImport, form: ImportForm) -> dict[str, Any]:
    """Return what the template of an import takes."""
    chosen = form.chosen_decks()
    return {
        "row": row,
        "form": form,
        "decks": [
            {"id": deck_id, "name": name, "cards": cards, "chosen": str(deck_id) in chosen}
            for deck_id, name, cards in row.contents.get("decks", ())
        ],
        "schedule": form.data.get("schedule", "keep"),
        "skipped": _most_first(row.report.get("skipped", {})),
        "left_out": _most_first(row.report.get("left_out", {})),
        "skipped_total": sum(each["count"] for each in row.report.get("skipped", {}).values()),
    }


def _most_first(reasons: dict[str, Any]) -> list[dict[str, Any]]:
    found = [{"reason": reason, **each} for reason, each in reasons.items()]
    return sorted(found, key=lambda each: -each["count"])
