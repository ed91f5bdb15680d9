"""The table writer: a CSV file for spreadsheets and Anki, with one line for each note."""

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from flashcards.domain.records import Flashcard, Kind, ReviewLog
from flashcards.exchange.export_notes import labelled, note_of, origin_of
from flashcards.exchange.import_choice import DEFAULT
from flashcards.models import NoteOrigin
from memoryloop.csv_cells import is_formula, quoted

_NAMES = {
    Kind.BASIC: "Basic",
    Kind.REVERSED: "Basic (and reversed card)",
    Kind.CLOZE: "Cloze",
}
_HEAD = (
    "#separator:comma\n#html:true\n#guid column:1\n#notetype column:2\n#deck column:3\n"
    "#tags column:4\n#formulas:quoted\n#columns:Guid,Type,Deck,Tags,Front,Back,Note\n"
)


def _harmless(field: str) -> str:
    """Return a field that no spreadsheet computes, with its first character as an entity.

    A field is HTML, so it says the same to every program that imports it. An apostrophe, which is
    put in front of the other cells, would be imported into Anki.
    """
    return f"&#{ord(field[0])};{field[1:]}" if is_formula(field[:1]) else field


class CsvWriter:
    """Writes a file; the arguments are those of AnkiWriter."""

    def __init__(
        self, path: Path, *, deck_names: Mapping[UUID, str], now: datetime, **_: Any
    ) -> None:
        self._path = path
        self._deck_names = deck_names
        self._now = now
        self._notes: set[UUID] = set()

    def __enter__(self) -> "CsvWriter":
        self._file = self._path.open("w", encoding="utf-8", newline="")
        self._file.write(_HEAD)
        self._writer = csv.writer(self._file, lineterminator="\n")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(
        self,
        cards: Sequence[Flashcard],
        logs: Mapping[UUID, Sequence[ReviewLog]],  # noqa: ARG002 - a table has no history
        known: Mapping[UUID, NoteOrigin],
    ) -> list[NoteOrigin]:
        """Write the notes that are not in the file yet; return the rows that identify them."""
        origins = []
        for card in cards:
            if card.note_id in self._notes:
                continue
            self._notes.add(card.note_id)
            note = note_of(card, known)
            deck_ids = [each for each in card.deck_ids if each in self._deck_names]
            deck = self._deck_names[deck_ids[0]] if deck_ids else ""
            names = (note.guid, _NAMES[card.kind], deck, " ".join(note.tags))
            self._writer.writerow((*map(quoted, names), *map(_harmless, note.fields)))
            origin, before = origin_of(card, note), known.get(card.note_id)
            origins.append(labelled(origin, before, card, deck or DEFAULT, deck_ids))
        return origins
