"""Exported notes: HTML fields for other programs, and what identifies a note that comes back."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from flashcards.domain.card_sides import card_ordinals
from flashcards.domain.records import Flashcard, Kind
from flashcards.domain.validation import clean
from flashcards.exchange import import_labels
from flashcards.exchange.anki import records
from flashcards.exchange.anki.collection import FIELD_SEPARATOR
from flashcards.exchange.anki.notes import OWN_PREFIX, words_of
from flashcards.exchange.anki.schema import FIELDS, TYPE_IDS
from flashcards.exchange.media import placeholder
from flashcards.exchange.note_identity import (
    OWN_GUID,
    fields_hash,
    words_as_stored,
    words_hash,
)
from flashcards.models import NoteOrigin
from memoryloop.markdown import portable

_FILE = re.compile(r'(?:src="|\[sound:)([0-9a-f]{64}\.[a-z0-9]+)["\]]')
_ANSWER = "{{FrontSide}}<hr id=answer>"


@dataclass(frozen=True)
class Outgoing:
    """A note's fields as HTML."""

    guid: str
    kind: Kind
    fields: tuple[str, ...]
    tags: tuple[str, ...]

    def media(self) -> set[str]:
        """Return the file names of its images and sounds."""
        return {name for text in self.fields for name in _FILE.findall(text)}


def note_of(card: Flashcard, origins: Mapping[UUID, NoteOrigin]) -> Outgoing:
    """Return the note of a card."""
    known = origins.get(card.note_id)
    guid = known.guid if known else f"{OWN_GUID}{card.note_id}"
    texts = (card.question, card.answer, card.extra)
    # In Anki a space ends a tag.
    tags = tuple("_".join(tag.split()) for tag in card.tags)
    # The separator of fields may not be in one.
    fields = (portable(text).replace(FIELD_SEPARATOR, "") for text in texts)
    return Outgoing(guid, card.kind, tuple(fields), tags)


def data_of(card: Flashcard, note: Outgoing) -> str:
    """Return the words in Markdown, which an import takes instead of the HTML fields."""
    words = {"question": card.question, "answer": card.answer, "extra": card.extra}
    whole = {"memoryloop": {**words, "fields": fields_hash(note.fields)}}
    return json.dumps(whole, ensure_ascii=False)


def labelled(
    origin: NoteOrigin,
    known: NoteOrigin | None,
    card: Flashcard,
    deck: str,
    deck_ids: Sequence[UUID],
) -> NoteOrigin:
    """Return a note's origin with what the file says of a card, if no file said it before."""
    labels = origin.labels or (known.labels if known else {})
    if import_labels.from_json(labels, card.ordinal) is None:
        tags = tuple("_".join(tag.split()) for tag in card.tags)
        deck_id = next(iter(deck_ids), None)
        said = import_labels.Labels(tags, deck, deck_id, card.flag, card.suspended)
        labels = import_labels.as_json(labels, {card.ordinal: said})
    origin.labels = labels
    return origin


def origin_of(card: Flashcard, note: Outgoing) -> NoteOrigin:
    """Return the row by which an import recognises the note if it is unchanged."""
    theirs = records.Note(0, note.guid, 0, (), note.fields, "")
    ordinals = [ordinal - 1 for ordinal in card_ordinals(card.kind, card.question)]
    found, _ = words_of(theirs, _TYPES[card.kind], ordinals, placeholder)
    hashed = words_hash(found[0].with_texts(clean)) if found else ""
    return NoteOrigin(
        owner_id=card.owner_id,
        note_id=card.note_id,
        guid=note.guid,
        words_hash=hashed,
        texts_hash=words_hash(words_as_stored(card)),
    )


def _type(kind: Kind) -> records.NoteType:
    front, back = FIELDS[kind][:2]
    fronts = [front, back] if kind is Kind.REVERSED else [front]
    templates = tuple(
        records.Template(
            ordinal,
            "",
            f"{{{{{'cloze:' if kind is Kind.CLOZE else ''}{asked}}}}}",
            f"{_ANSWER}{{{{{back if asked == front else front}}}}}",
        )
        for ordinal, asked in enumerate(fronts)
    )
    return records.NoteType(
        TYPE_IDS[kind], OWN_PREFIX, kind is Kind.CLOZE, False, FIELDS[kind], templates
    )


_TYPES = {kind: _type(kind) for kind in Kind}
