"""The reader of text files with columns (.csv, .tsv, .txt) and of the headers that Anki writes.

It has the interface of a collection: notes of three types, in decks, without a history. Two lines
are one note if they are equal as a whole, or if a column gives both the same id. How the file is
laid out is said by layout.py.
"""

import csv
import dataclasses
import html
import itertools
import re
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
from flashcards.exchange.text.layout import SIDES, Layout, Role, Text, column_names, guess
from flashcards.exchange.text.rows import COLUMNS_MOST, BadRow, noted
from memoryloop.csv_cells import unquoted
from memoryloop.storable import storable

COLUMNS_CUT = f"it has more than {COLUMNS_MOST} columns: those after them are not there"
# A byte that is no part of UTF-8, as `surrogateescape` decodes it.
_STRAY = re.compile("[\udc80-\udcff]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
FILE_MAX_BYTES = 100 * 1024**2

# Of a file's first rows so many are shown before the import, with so much of each column.
SHOWN_ROWS, SHOWN_CHARACTERS = 5, 200
_BASIC, _REVERSED, _CLOZE = 1, 2, 3
_ANSWER = "{{FrontSide}}<hr id=answer>"
# Parts of the names that Anki gives its note types, in the languages that it speaks most.
_CLOZE_NAMES = ("cloze", "lückentext", "à trous", "huecos", "穴埋め", "填空")
_REVERSED_NAMES = ("reverse", "umgekehrt", "inversé", "invertid", "反転", "反向", "翻转")
_OPTIONAL_NAMES = ("optional", "facultatif", "opcional", "任意", "可选")


class TextFile:
    """An open text file; its methods raise BadPackage."""

    first_scheduler = False
    presets: ClassVar[dict[int, Preset]] = {}
    deck_presets: ClassVar[dict[int, DeckPreset]] = {}

    def __init__(
        self,
        path: Path,
        note: Callable[[int], None] | None = None,
        layout: Layout | None = None,
    ) -> None:
        """Read the file; `note` is told after each thousands of lines how many there were."""
        self._note = note
        if path.stat().st_size > FILE_MAX_BYTES:
            raise BadPackage(
                f"A text file may have {FILE_MAX_BYTES // 1024**2} MB. Cut this one into several."
            )
        csv.field_size_limit(FILE_MAX_BYTES)
        self.text = read_text(path)
        self._head = self.text.head
        self.layout = layout or guess(self.text)
        roles = self.layout.places
        self._sides = roles(Role.FRONT, Role.BACK, Role.EXTRA)
        self._has_back = bool(roles(Role.BACK))
        # The columns that are no side of a card.
        self._taken = {at for at, role in enumerate(self.layout.roles) if role not in SIDES}
        names = column_names(self.text, self.layout)
        self.names = names
        self._names = [name for at, name in enumerate(names) if at not in self._taken]
        self.comments = self.text.comments
        self.cut_lines: list[int] = []
        said = {role for role in (Role.DECK, Role.TAGS) if role in self._head or roles(role)}
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
        for number, row in enumerate(self._rows(self._note), 1):
            if not any(row):
                continue
            whole = self._whole(number, row)
            if not whole.note.guid:
                guid = self._words_hash(row, whole.note.type_id)
                there = lines.setdefault(guid, {})
                position = there.setdefault(_hash(row), len(there))
                whole = _with_guid(whole, f"{guid}#{position}" if position else guid)
            yield whole

    def shown_rows(self) -> list[list[str]]:
        """Return the first rows, cut, without the one with the names."""
        rows = (row for row in self._rows() if any(row))
        return [
            [cell.strip()[:SHOWN_CHARACTERS] for cell in row]
            for row in itertools.islice(rows, SHOWN_ROWS)
        ]

    def _rows(self, note: Callable[[int], None] | None = None) -> Iterator[list[str]]:
        rows = self.text.rows(self.layout.separator)
        try:
            yield from itertools.islice(
                noted(iter(rows), CHUNK_NOTES, note), int(self.layout.has_names_row), None
            )
        except BadRow as error:
            raise BadPackage(
                f"The entry that begins on line {error.line} of this file cannot be read: "
                "a quotation mark may be missing."
            ) from error
        self.comments = self.text.comments + rows.comments
        self.cut_lines = rows.cut

    def _whole(self, number: int, row: list[str]) -> Whole:
        raw = self._raw(row)
        type_id = self._type_of(self._value(row, Role.TYPE) or self._head.get("notetype", ""), raw)
        fields = raw if self.layout.is_html else [_as_html(value) for value in raw]
        deck = self._value(row, Role.DECK) or self._head.get("deck", "")
        tags = f"{self._head.get('tags', '')} {self._value(row, Role.TAGS)}".split()
        deck_id = self._deck_id(deck)
        guid, row_id = self._value(row, Role.GUID), self._value(row, Role.ID)
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

    def _raw(self, row: list[str]) -> list[str]:
        """Return the sides of a row: the front, the back, and what goes into the card's note."""
        raw = [row[at] if at < len(row) else "" for at in self._sides]
        if not self._has_back:
            raw.insert(1, "")
        raw += row[len(self.layout.roles) :]
        while len(raw) > 1 and not raw[-1]:
            del raw[-1]
        return raw

    def _words_hash(self, row: list[str], type_id: int) -> str:
        cells = (cell for at, cell in enumerate(row) if at not in self._taken)
        return _hash([str(type_id), *cells])

    def _type_of(self, name: str, fields: list[str]) -> int:
        """Return the type of a note by the name of Anki's; takes out the field that chooses one."""
        lowered = name.lower()
        gapped = "{{c" in fields[0] and "::" in fields[0]
        if (gapped and not name) or any(each in lowered for each in _CLOZE_NAMES):
            return _CLOZE
        if not any(each in lowered for each in _REVERSED_NAMES):
            return _BASIC
        if any(each in lowered for each in _OPTIONAL_NAMES):
            # The third field says whether the card is asked both ways: any word will do.
            chosen = fields.pop(2).strip() if len(fields) > 2 else ""
            return _REVERSED if chosen else _BASIC
        return _REVERSED

    def _deck_id(self, name: str) -> int:
        deck_id = self._deck_ids.setdefault(name, len(self._deck_ids) + 1)
        self.decks[deck_id] = name
        return deck_id

    def _value(self, row: list[str], role: Role) -> str:
        """Return what a row has in the columns of a role."""
        places = self.layout.places(role)
        value = " ".join(row[at].strip() for at in places if at < len(row))
        # Only our own export says so: elsewhere an apostrophe is one.
        return unquoted(value) if self._head.get("formulas") == "quoted" else value

    def _types(self) -> Iterator[NoteType]:
        """Yield the three note types, with a field for each column."""
        extra = [self.names[at] for at in self.layout.places(Role.EXTRA) if at < len(self.names)]
        rest = [
            extra[at - 2] if at - 2 < len(extra) and extra[at - 2] else f"Field {at + 1}"
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


def read_text(path: Path) -> Text:
    """Return the text of a file. Raises BadPackage."""
    text = storable(_decode(path.read_bytes()))
    return Text.of(text.replace("\r\n", "\n").replace("\r", "\n"))


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
    return _mixed(data) or data.decode("cp1252", "replace")


def _mixed(data: bytes) -> str:
    """Return the text of a file in UTF-8 with some bytes of Windows in it; "" for another file.

    Somebody has put two files together: read as one of Windows, all its letters were wrong.
    """
    text = data.decode("utf-8-sig", "surrogateescape")
    strays = _STRAY.findall(text)
    if len(strays) >= len(_NOT_ASCII.findall(text)) - len(strays):
        return ""
    return _STRAY.sub(
        lambda stray: stray[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace"), text
    )
