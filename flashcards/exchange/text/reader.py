"""The reader of text files with columns (.csv, .tsv, .txt) and of the headers that Anki writes.

It has the interface of a collection: notes of three types, in decks, without a history. Two lines
are one note if they are equal as a whole, or if a column gives both the same id.
"""

import csv
import dataclasses
import html
import io
import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, tzinfo
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from flashcards.domain.card_sides import cloze_ordinals
from flashcards.exchange.anki.collection import CHUNK_NOTES
from flashcards.exchange.anki.package import BadPackage
from flashcards.exchange.anki.presets import DeckPreset, Preset
from flashcards.exchange.anki.records import ROW_ID, Card, Note, NoteType, Template, Whole
from memoryloop.csv_cells import unquoted
from memoryloop.storable import storable

FILE_MAX_BYTES = 100 * 1024**2

COLUMNS_MOST = 100
# What has more is no note: a quotation mark that is not closed takes in all that follows.
ROW_LINES_MOST = 2_000
_SEPARATORS = {
    "comma": ",", "semicolon": ";", "tab": "\t", "space": " ", "pipe": "|", "colon": ":",
}  # fmt: skip
_FRONT_NAMES = {"front", "question", "q", "text", "vorderseite", "frage", "recto", "pregunta"}
_BACK_NAMES = {"back", "answer", "a", "back extra", "rückseite", "antwort", "verso", "respuesta"}
# Columns with another meaning than a side of the card, and what they are called.
_GUID_NAMES, _ID_NAMES = {"guid"}, {"id", "note id"}
_BASIC, _REVERSED, _CLOZE = 1, 2, 3
_ANSWER = "{{FrontSide}}<hr id=answer>"


class TextFile:
    """An open text file; its methods raise BadPackage."""

    first_scheduler = False
    presets: ClassVar[dict[int, Preset]] = {}
    deck_presets: ClassVar[dict[int, DeckPreset]] = {}

    def __init__(self, path: Path, note: Callable[[int], None] | None = None) -> None:
        """Read the file; `note` is told after each thousands of lines how many there were."""
        self._note = note
        if path.stat().st_size > FILE_MAX_BYTES:
            raise BadPackage(
                f"A text file may have {FILE_MAX_BYTES // 1024**2} MB. Cut this one into several."
            )
        self._text = storable(_decode(path.read_bytes()))
        csv.field_size_limit(FILE_MAX_BYTES)
        self._head: dict[str, str] = {}
        lines = self._text.split("\n", 50)
        skipped = 0
        for line in lines:
            name, colon, value = line.strip("\r").partition(":")
            if not line.startswith("#") or not colon:
                break
            self._head[name[1:].strip().lower()] = value.strip()
            skipped += len(line) + 1
        self._text = self._text[skipped:]
        self._separator = self._find_separator()
        self._special = {
            name: self._column(f"{name} column")
            for name in ("guid", "notetype", "deck", "tags", "id")
        }
        self._names = self._find_names()
        said = {n for n in ("deck", "tags") if n in self._head or self._special[n] is not None}
        self.unsaid = frozenset({"deck", "tags", "flag", "suspended"} - said)
        self.decks: dict[int, str] = {}
        self._deck_ids: dict[str, int] = {}
        self.note_types = {each.id: each for each in self._types()}
        self._counts: dict[str, dict[int, int]] = {"deck": {}, "type": {}}
        self._lines = self._cards_twice = 0
        seen: set[str] = set()
        for whole in itertools.chain.from_iterable(self.wholes(after=0)):
            self._lines += 1
            if whole.note.guid in seen:
                self._cards_twice += len(whole.cards)
                continue
            seen.add(whole.note.guid)
            deck_id, type_id = whole.cards[0].deck_id, whole.note.type_id
            decks, types = self._counts["deck"], self._counts["type"]
            decks[deck_id] = decks.get(deck_id, 0) + len(whole.cards)
            types[type_id] = types.get(type_id, 0) + 1
        if not self._counts["type"]:
            raise BadPackage("This file has no cards in it.")

    def __enter__(self) -> "TextFile":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def repeated_guids(self) -> set[str]:
        """Return the guids that several notes have."""
        seen, repeated = set[str](), set[str]()
        for whole in itertools.chain.from_iterable(self.wholes(after=0)):
            (repeated if whole.note.guid in seen else seen).add(whole.note.guid)
        return repeated

    def day_zero(self, zone: tzinfo) -> date:
        return datetime(2000, 1, 1, tzinfo=UTC).astimezone(zone).date()

    def count_notes(self) -> int:
        return sum(self._counts["type"].values())

    def count_rows(self) -> int:
        return self._lines

    def count_twice(self) -> int:
        return self._cards_twice

    def count_reviews(self) -> int:
        return 0

    def count_scheduled(self) -> int:
        return 0

    def cards_by_deck(self) -> dict[int, int]:
        return self._counts["deck"]

    def notes_by_type(self) -> dict[int, int]:
        return self._counts["type"]

    def wholes(self, *, after: int) -> Iterator[list[Whole]]:
        """Yield the notes of the lines after a line, some thousands at a time."""
        notes = (whole for whole in self._all_wholes() if whole.note.id > after)
        while chunk := list(itertools.islice(notes, CHUNK_NOTES)):
            yield chunk

    def _all_wholes(self) -> Iterator[Whole]:
        # The lines that have the same words: with other tags or in another deck each is a note of
        # its own, and the first is known by its words alone, whatever its tags are in a later file.
        lines: dict[str, dict[str, int]] = {}
        for number, row in enumerate(self._rows(), 1):
            if not any(row):
                continue
            whole = self._whole(number, row)
            if not whole.note.guid:
                guid = self._words_hash(row, whole.note.type_id)
                there = lines.setdefault(guid, {})
                position = there.setdefault(_hash(row), len(there))
                whole = _with_guid(whole, f"{guid}#{position}" if position else guid)
            yield whole

    def _rows(self) -> Iterator[list[str]]:
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=self._separator)
        read = 0
        try:
            for number, row in enumerate(reader):
                if reader.line_num - read > ROW_LINES_MOST:
                    raise csv.Error
                read = reader.line_num
                if self._note and number and not number % CHUNK_NOTES:
                    self._note(number)
                if number or not self._has_names_row:
                    yield row[:COLUMNS_MOST]
        except csv.Error as error:
            raise BadPackage(
                f"The entry that begins on line {read + 1} of this file cannot be read: "
                "a quotation mark may be missing."
            ) from error

    def _whole(self, number: int, row: list[str]) -> Whole:
        taken = {at for at in self._special.values() if at is not None}
        raw = [value for at, value in enumerate(row) if at not in taken]
        is_html = self._head.get("html", "").lower() == "true"
        fields = raw if is_html else [_as_html(value) for value in raw]
        type_id = self._type_of(self._value(row, "notetype") or self._head.get("notetype", ""), raw)
        deck = self._value(row, "deck") or self._head.get("deck", "")
        tags = f"{self._head.get('tags', '')} {self._value(row, 'tags')}".split()
        deck_id = self._deck_id(deck)
        guid, row_id = self._value(row, "guid"), self._value(row, "id")
        other = "" if guid else _first_column_guid(raw)
        if row_id and not guid:
            # Other files number their lines as well: an id holds among files with these columns.
            guid = f"{ROW_ID}{_hash(self._names)[:8]}:{row_id}"
            other = self._words_hash(row, type_id)
        note = Note(number, guid, type_id, tuple(dict.fromkeys(tags)), tuple(fields), "", other)
        cards = [
            Card(ordinal, number, deck_id, ordinal, 0, 0, 0, 0, 0, 0, "")
            for ordinal in _ordinals(type_id, raw)
        ]
        return Whole(note, cards, {card.id: [] for card in cards})

    def _words_hash(self, row: list[str], type_id: int) -> str:
        taken = {at for at in self._special.values() if at is not None}
        return _hash([str(type_id), *(cell for at, cell in enumerate(row) if at not in taken)])

    def _type_of(self, name: str, fields: list[str]) -> int:
        lowered = name.lower()
        gapped = bool(fields) and "{{c" in fields[0] and "::" in fields[0]
        if "cloze" in lowered or (gapped and not name):
            return _CLOZE
        return _REVERSED if "reverse" in lowered and "optional" not in lowered else _BASIC

    def _deck_id(self, name: str) -> int:
        deck_id = self._deck_ids.setdefault(name, len(self._deck_ids) + 1)
        self.decks[deck_id] = name
        return deck_id

    def _value(self, row: list[str], name: str) -> str:
        at = self._special[name]
        value = row[at].strip() if at is not None and at < len(row) else ""
        # Only our own export says so: elsewhere an apostrophe is one.
        return unquoted(value) if self._head.get("formulas") == "quoted" else value

    def _column(self, name: str) -> int | None:
        value = self._head.get(name, "")
        return int(value) - 1 if value.isdecimal() and 0 < int(value) <= COLUMNS_MOST else None

    def _find_separator(self) -> str:
        named = self._head.get("separator", "")
        if named:
            return _SEPARATORS.get(named.lower(), named[0] if len(named) == 1 else "\t")
        first = next((line for line in self._text.split("\n") if line.strip()), "")
        return next((each for each in ("\t", ";", ",") if each in first), "\t")

    def _find_names(self) -> list[str]:
        self._has_names_row = False
        columns = self._head.get("columns", "")
        row = next(csv.reader([columns], delimiter=self._separator), []) if columns else []
        if not row:
            row = next(self._rows(), [])
            faces = [name for name in _lowered(row) if name not in _GUID_NAMES | _ID_NAMES][:2]
            named = len(faces) == 2 and faces[0] in _FRONT_NAMES and faces[1] in _BACK_NAMES
            self._has_names_row = named
            if not named:
                return []
            self._find_column("tags", row, {"tags"})
        self._find_column("guid", row, _GUID_NAMES)
        self._find_column("id", row, _ID_NAMES)
        taken = {at for at in self._special.values() if at is not None}
        return [name.strip() for at, name in enumerate(row) if at not in taken]

    def _find_column(self, special: str, row: list[str], names: set[str]) -> None:
        """Note the column of one of these names, unless the head of the file names one."""
        if self._special.get(special) is None:
            found = (at for at, name in enumerate(_lowered(row)) if name in names)
            self._special[special] = next(found, None)

    def _types(self) -> Iterator[NoteType]:
        """Yield the three note types, with a field for each column."""
        rest = [
            self._names[at] if at < len(self._names) and self._names[at] else f"Field {at + 1}"
            for at in range(2, COLUMNS_MOST)
        ]
        own = "MemoryLoop " if rest[0] == "Note" else ""
        basic = Template(0, "Card 1", "{{Front}}", f"{_ANSWER}{{{{Back}}}}")
        other = Template(1, "Card 2", "{{Back}}", f"{_ANSWER}{{{{Front}}}}")
        gaps = Template(0, "Cloze", "{{cloze:Text}}", "{{cloze:Text}}<br>{{Back Extra}}")
        faces = ("Front", "Back", *rest)
        yield NoteType(_BASIC, f"{own}Basic", False, False, faces, (basic,))
        yield NoteType(_REVERSED, f"{own}Basic and reversed", False, False, faces, (basic, other))
        text = ("Text", "Back Extra", *rest)
        yield NoteType(_CLOZE, f"{own}Cloze", True, False, text, (gaps,))


def _lowered(row: list[str]) -> list[str]:
    return [name.strip().lower() for name in row]


def _ordinals(type_id: int, fields: list[str]) -> list[int]:
    if type_id == _CLOZE:
        return [ordinal - 1 for ordinal in cloze_ordinals(fields[0])] or [0]
    return [0, 1] if type_id == _REVERSED else [0]


def _hash(cells: Sequence[str]) -> str:
    """Return a hash of cells; spaces around them and empty cells at the end make no difference."""
    return sha256("\x1f".join(map(str.strip, cells)).rstrip("\x1f").encode()).hexdigest()[:32]


def _with_guid(whole: Whole, guid: str) -> Whole:
    return dataclasses.replace(whole, note=dataclasses.replace(whole.note, guid=guid))


def _first_column_guid(fields: list[str]) -> str:
    """Return the guid that earlier versions gave a line without one."""
    return sha256((fields[0] if fields else "").strip().encode()).hexdigest()[:32]


def _as_html(text: str) -> str:
    return html.escape(text, quote=False).replace("\r", "").replace("\n", "<br>")


def _decode(data: bytes) -> str:
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            break
    if b"\x00" in data[:4_096]:
        raise BadPackage("This is not a text file. Choose a CSV file or an Anki package.")
    return data.decode("cp1252", "replace")
