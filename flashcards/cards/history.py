"""The edit history: words and tags of a card before and after each edit, and what differs."""

import difflib
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from flashcards.domain.records import Flashcard
from flashcards.models import CardEdit, ReviewAction

FIELDS = ("question", "answer", "extra", "tags")
NAMES = {"question": "Question", "answer": "Answer", "extra": "Note", "tags": "Tags"}
EDITS_SHOWN = 50
_PIECES = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A run of words: "same", "gone" or "new"."""

    kind: str
    text: str


@dataclass(frozen=True)
class FieldDiff:
    """The differences that an edit made in one field of a card."""

    name: str
    pieces: list[Piece]


@dataclass(frozen=True)
class PastEdit:
    """One edit as the card's page shows it."""

    edit: CardEdit
    changed: list[FieldDiff]
    # How many siblings the same change edited.
    siblings: int


def record(
    *,
    owner_id: UUID,
    before: Iterable[Flashcard],
    after: Iterable[Flashcard],
    now: datetime,
    reverts: UUID | None = None,
) -> None:
    """Store what an edit changed, in the transaction of the caller; one SQL insert, or none.

    Cards are matched by id; those with the same words and tags, and those in only one of the two,
    get no entry. `reverts` is the change that this one reverts.
    """
    was = {card.id: content(card) for card in before}
    change_id = uuid.uuid4()
    CardEdit.objects.bulk_create(
        CardEdit(
            owner_id=owner_id,
            card_id=card.id,
            change_id=change_id,
            before=was[card.id],
            after=content(card),
            reverts=reverts,
            edited_at=now,
        )
        for card in after
        if card.id in was and was[card.id] != content(card)
    )


def content(card: Flashcard) -> dict[str, Any]:
    """Return the words and tags of a card as the history stores them."""
    return {
        "question": card.question,
        "answer": card.answer,
        "extra": card.extra,
        "tags": list(card.tags),
    }


def edits_for_owner(owner_id: UUID) -> "QuerySet[CardEdit]":
    return CardEdit.objects.filter(owner_id=owner_id)


def edits_of(*, owner_id: UUID, card_id: UUID) -> list[PastEdit]:
    """Return the edits of a card, newest first. One SQL query, and one for how many siblings."""
    edits = list(edits_for_owner(owner_id).filter(card_id=card_id)[:EDITS_SHOWN])
    counted = (
        edits_for_owner(owner_id)
        .filter(change_id__in={edit.change_id for edit in edits})
        .order_by()
        .values_list("change_id")
        .annotate(others=Count("id", filter=~Q(card_id=card_id)))
    )
    siblings = dict(counted) if edits else {}
    return [
        PastEdit(edit, differences(edit.before, edit.after), siblings.get(edit.change_id, 0))
        for edit in edits
    ]


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[FieldDiff]:
    """Return the fields that changed, as runs of words that are the same, gone or new."""
    return [
        FieldDiff(NAMES[field], word_diff(_text(before, field), _text(after, field)))
        for field in FIELDS
        if before.get(field) != after.get(field)
    ]


def word_diff(before: str, after: str) -> list[Piece]:
    """Return the differences of two texts, word by word."""
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    pieces: list[Piece] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, stop, new_start, new_stop in matcher.get_opcodes():
        if tag == "equal":
            _add(pieces, "same", old[start:stop])
            continue
        _add(pieces, "gone", old[start:stop])
        _add(pieces, "new", new[new_start:new_stop])
    return pieces


def delete_edits(*, owner_id: UUID, card_ids: Sequence[UUID]) -> None:
    """Delete the history of cards that are erased."""
    edits_for_owner(owner_id).filter(card_id__in=card_ids).delete()
    ReviewAction.objects.filter(owner_id=owner_id, card_id__in=card_ids).delete()


def _add(pieces: list[Piece], kind: str, words: Sequence[str]) -> None:
    if words:
        pieces.append(Piece(kind, "".join(words)))


def _text(content: dict[str, Any], field: str) -> str:
    value = content.get(field, "")
    return ", ".join(value) if isinstance(value, list) else str(value)
