"""The flashcards part of the account export: cards, reviews, and the rows of other models."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps

from accounts import account_export
from flashcards import store
from flashcards.cards import media
from flashcards.cards.media_kinds import SOUNDS
from flashcards.domain.records import State
from flashcards.models import (
    CardKeys,
    CardMap,
    CardRow,
    CardVector,
    JournalEntry,
    KnownWord,
    MediaFile,
    MovedEntry,
    ReviewRow,
    ReviewTotals,
)
from flashcards.store import cards, review_logs

ABOUT = """cards/
  cards.jsonl, cards.csv      your cards with their schedules; deleted_at is set for those in the
                              trash. due is when a card is asked next, stability the days until you
                              recall it with 90%, difficulty goes from 1 to 10; memory_model
                              names the model that says so (fsrs-6, with a fingerprint where
                              its parameters are not FSRS's own), memory what else it keeps
  reviews.jsonl, reviews.csv  every review; rating 1 is Again, 2 Hard, 3 Good, 4 Easy; a row
                              without a rating that has elapsed_days stands for the reviews
                              before an import: stability_before says how many there were,
                              difficulty_before how many of them were lapses
  the other files             your decks, drafts, texts, settings and edits, each under its name
  images/, sounds/            the files of your cards, which name them as /media/…"""

_STATES = {state.value: state.name.lower() for state in State}
_CARD_COLUMNS = (
    "id", "note_id", "kind", "ordinal", "question", "answer", "extra", "decks", "tags", "flag",
    "suspended", "state", "due", "stability", "difficulty", "reps", "lapses", "last_review",
    "created_at", "edited_at", "deleted_at",
)  # fmt: skip
_REVIEW_COLUMNS = (
    "id", "flashcard_id", "sequence", "kind", "rating", "reviewed_at", "duration_ms",
    "elapsed_days", "scheduled_days", "undoes", "state_before", "stability_before",
    "difficulty_before", "state_after", "stability_after", "difficulty_after",
)  # fmt: skip
# Internal to the store, whose cards and reviews are exported, or computed from what is exported.
_NOT_EXPORTED = (
    *(CardKeys, CardMap, CardRow, CardVector, JournalEntry),
    *(KnownWord, MovedEntry, ReviewRow, ReviewTotals),
)
_READ_BYTES = 256 * 1024


def files(owner_id: UUID) -> Iterator[account_export.File]:
    """Yield the files of a learner's archive; each is read when it is taken."""
    store.settle_batches(owner_id)
    names = _deck_names(owner_id)
    yield "cards/cards.jsonl", account_export.json_lines(_cards(owner_id, names))
    yield (
        "cards/cards.csv",
        account_export.csv_lines(_CARD_COLUMNS, map(_flat, _cards(owner_id, names))),
    )
    yield "cards/reviews.jsonl", account_export.json_lines(_reviews(owner_id))
    yield "cards/reviews.csv", account_export.csv_lines(_REVIEW_COLUMNS, _reviews(owner_id))
    yield from account_export.owned_models("cards", exported_models(), owner_id)
    for file in MediaFile.objects.filter(owner=owner_id).order_by("pk").iterator():
        path = media.path_of(file)
        if path.exists():
            folder = "sounds" if file.extension in SOUNDS else "images"
            yield f"cards/{folder}/{file.name}", _read(path)


def exported_models() -> list[Any]:
    """Return the ORM models whose rows are exported as they are."""
    return [
        model
        for model in apps.get_app_config("flashcards").get_models()
        if model._meta.managed and model not in _NOT_EXPORTED and _has_owner(model)
    ]


def _has_owner(model: Any) -> bool:
    try:
        account_export.owner_lookup(model)
    except LookupError:
        return False
    return True


def _cards(owner_id: UUID, deck_names: dict[str, str]) -> Iterator[dict[str, Any]]:
    for row in cards.for_owner(owner_id).with_deleted().stream():
        del row["owner_id"]
        row["state"] = _STATES[row["state"]]
        row["decks"] = [deck_names[each] for each in row["deck_ids"] if each in deck_names]
        yield row


def _reviews(owner_id: UUID) -> Iterator[dict[str, Any]]:
    for row in review_logs.for_owner(owner_id).stream():
        del row["owner_id"]
        for name in ("state_before", "state_after"):
            row[name] = _STATES[row[name]]
        yield row


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its lists as text, separated by spaces or semicolons."""
    return {**row, "tags": " ".join(row["tags"]), "decks": "; ".join(row["decks"])}


def _deck_names(owner_id: UUID) -> dict[str, str]:
    decks = apps.get_model("flashcards", "Deck").objects.filter(owner=owner_id)
    return {str(pk): name for pk, name in decks.values_list("pk", "name")}


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(_READ_BYTES):
            yield piece
