"""Anki's collection: notes, their types, cards, decks and reviews, in either of its two schemas.

The database is untrusted. It is opened read-only; no view, trigger or function of its schema runs,
values are converted to the expected types, and a query that takes too long is ended.
"""

import contextlib
import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

from flashcards.exchange.anki import protobuf
from flashcards.exchange.anki.package import DAMAGED, BadPackage

FIELD_SEPARATOR = "\x1f"
DECK_SEPARATOR = "::"
QUERY_SECONDS_MOST = 120
# The most bytes of one note; real ones are far smaller.
VALUE_MAX_BYTES = 8 * 1024**2
_NEEDED = ("col", "notes", "cards", "revlog")
_STEPS_BETWEEN_LOOKS = 1_000_000
# Notes read at once.
CHUNK_NOTES = 2_000
# From this version on, note types and decks have tables of their own.
_NEW_SCHEMA = 15
_IMAGE_OCCLUSION = 6
_ALLOWED = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_TRANSACTION,
}


@dataclass(frozen=True)
class Template:
    ordinal: int
    name: str
    front: str
    back: str


@dataclass(frozen=True)
class NoteType:
    id: int
    name: str
    is_cloze: bool
    is_image_occlusion: bool
    fields: tuple[str, ...]
    templates: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class Note:
    id: int
    guid: str
    type_id: int
    tags: tuple[str, ...]
    fields: tuple[str, ...]
    data: str


@dataclass(frozen=True, slots=True)
class Card:
    """A row of Anki's cards; `due` is a position, a day number or a time, by its kind."""

    id: int
    note_id: int
    deck_id: int
    ordinal: int
    type: int
    queue: int
    due: int
    interval: int
    factor: int
    flag: int
    data: str


@dataclass(frozen=True, slots=True)
class Review:
    """A row of Anki's log: its id is the time (ms); intervals are days, or seconds below 0."""

    id: int
    ease: int
    interval: int
    last_interval: int
    factor: int
    duration_ms: int
    type: int


@dataclass(frozen=True, slots=True)
class Whole:
    """A note with its cards and their reviews."""

    note: Note
    cards: list[Card]
    reviews: dict[int, list[Review]]


class Collection:
    """An open collection. Every method that reads it raises BadPackage if it is damaged."""

    def __init__(self, path: Path) -> None:
        with _translate_errors():
            self._db = _open(path)
            try:
                _check_schema(self._db)
                self._read_head()
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> "Collection":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def _read_head(self) -> None:
        row = self._one("SELECT crt, ver, conf, models, decks FROM col LIMIT 1")
        created, version, conf, models, decks = row or (0, 11, "", "", "")
        self.created = datetime.fromtimestamp(min(max(_int(created), 0), 2**32), UTC)
        if _int(version) >= _NEW_SCHEMA:
            config = self._config()
            self.note_types = {each.id: each for each in self._new_types()}
            self.decks = dict(self._new_decks())
        else:
            config = _json_object(conf)
            self.note_types = {each.id: each for each in _old_types(models)}
            self.decks = dict(_old_decks(decks))
        offset = config.get("creationOffset")
        # Minutes west of Greenwich.
        self.offset = -offset if isinstance(offset, int) and abs(offset) < 24 * 60 else None
        self.first_scheduler = _int(config.get("schedVer", 1)) < 2

    def day_zero(self, zone: tzinfo) -> date:
        """Return the date that due days are counted from; `zone` is used if the file names none."""
        if self.offset is not None:
            zone = timezone(timedelta(minutes=self.offset))
        return self.created.astimezone(zone).date()

    def count_notes(self) -> int:
        return _int((self._one("SELECT count(*) FROM notes") or (0,))[0])

    def count_reviews(self) -> int:
        return _int((self._one("SELECT count(*) FROM revlog") or (0,))[0])

    def cards_by_deck(self) -> dict[int, int]:
        """Return how many cards each deck has; cards in a filtered deck count for their own."""
        home = "CASE WHEN odid THEN odid ELSE did END"
        rows = self._all(f"SELECT {home}, count(*) FROM cards GROUP BY 1")  # noqa: S608 - no value
        return {_int(deck): _int(count) for deck, count in rows}

    def notes_by_type(self) -> dict[int, int]:
        rows = self._all("SELECT mid, count(*) FROM notes GROUP BY mid")
        return {_int(type_id): _int(count) for type_id, count in rows}

    def count_scheduled(self) -> int:
        """Return how many cards have been studied."""
        return _int((self._one("SELECT count(*) FROM cards WHERE type > 0") or (0,))[0])

    def repeated_guids(self) -> set[str]:
        """Return the guids that several notes have."""
        rows = self._all("SELECT guid FROM notes GROUP BY guid HAVING count(*) > 1")
        return {_text(guid) for (guid,) in rows}

    def wholes(self, *, after: int) -> Iterator[list[Whole]]:
        """Yield the notes after an id in the order of their ids, some thousands at a time."""
        while notes := self._notes(after):
            after = notes[-1].id
            yield self._with_cards(notes)

    def _notes(self, after: int) -> list[Note]:
        rows = self._all(
            "SELECT id, guid, mid, tags, flds, data FROM notes WHERE id > ? ORDER BY id LIMIT ?",
            after,
            CHUNK_NOTES,
        )
        return [
            Note(
                _int(number),
                _text(guid),
                _int(type_id),
                tuple(_text(tags).split()),
                tuple(_text(fields).split(FIELD_SEPARATOR)),
                _text(data),
            )
            for number, guid, type_id, tags, fields, data in rows
        ]

    def _with_cards(self, notes: list[Note]) -> list[Whole]:
        span = notes[0].id, notes[-1].id
        cards: dict[int, list[Card]] = defaultdict(list)
        for row in self._all(
            "SELECT id, nid, CASE WHEN odid THEN odid ELSE did END, ord, type, queue, "
            "CASE WHEN odid AND odue THEN odue ELSE due END, ivl, factor, flags, data "
            "FROM cards WHERE nid BETWEEN ? AND ? ORDER BY nid, ord",
            *span,
        ):
            number, note_id, deck_id, ordinal, *state, flags, data = row
            type_, queue, due, interval, factor = map(_int, state)
            card = Card(
                id=_int(number),
                note_id=_int(note_id),
                deck_id=_int(deck_id),
                ordinal=_int(ordinal),
                type=type_,
                queue=queue,
                due=due,
                interval=interval,
                factor=factor,
                flag=_int(flags) & 7,
                data=_text(data),
            )
            cards[card.note_id].append(card)
        reviews: dict[int, list[Review]] = defaultdict(list)
        for card_id, *numbers in self._all(
            "SELECT cid, id, ease, ivl, lastIvl, factor, time, type FROM revlog "
            "WHERE cid IN (SELECT id FROM cards WHERE nid BETWEEN ? AND ?) ORDER BY id",
            *span,
        ):
            reviews[_int(card_id)].append(Review(*map(_int, numbers)))
        return [
            Whole(
                note,
                cards.get(note.id, []),
                {card.id: reviews[card.id] for card in cards.get(note.id, ())},
            )
            for note in notes
        ]

    # The newer schema

    def _config(self) -> dict[str, Any]:
        rows = self._all("SELECT key, val FROM config WHERE key IN ('creationOffset', 'schedVer')")
        found: dict[str, Any] = {"schedVer": 2}
        for key, value in rows:
            with contextlib.suppress(ValueError):
                found[_text(key)] = json.loads(_text(value))
        return found

    def _new_types(self) -> Iterator[NoteType]:
        fields: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for type_id, ordinal, name in self._all("SELECT ntid, ord, name FROM fields"):
            fields[_int(type_id)].append((_int(ordinal), _text(name)))
        templates: dict[int, list[Template]] = defaultdict(list)
        for type_id, ordinal, name, config in self._all(
            "SELECT ntid, ord, name, config FROM templates"
        ):
            data = _bytes(config)
            front, back = protobuf.text(data, 1), protobuf.text(data, 2)
            templates[_int(type_id)].append(Template(_int(ordinal), _text(name), front, back))
        for type_id, name, config in self._all("SELECT id, name, config FROM notetypes"):
            data = _bytes(config)
            yield NoteType(
                _int(type_id),
                _text(name),
                protobuf.number(data, 1) == 1,
                protobuf.number(data, 9) == _IMAGE_OCCLUSION,
                tuple(field for _, field in sorted(fields[_int(type_id)])),
                tuple(sorted(templates[_int(type_id)], key=lambda each: each.ordinal)),
            )

    def _new_decks(self) -> Iterator[tuple[int, str]]:
        for deck_id, name in self._all("SELECT id, name FROM decks"):
            yield _int(deck_id), _text(name).replace(FIELD_SEPARATOR, DECK_SEPARATOR)

    def _one(self, sql: str, *values: int) -> tuple[Any, ...] | None:
        rows = self._all(sql, *values)
        return rows[0] if rows else None

    def _all(self, sql: str, *values: int) -> list[tuple[Any, ...]]:
        ends = time.monotonic() + QUERY_SECONDS_MOST
        self._db.set_progress_handler(lambda: time.monotonic() > ends, _STEPS_BETWEEN_LOOKS)
        with _translate_errors():
            return self._db.execute(sql, values).fetchall()


@contextlib.contextmanager
def _translate_errors() -> Iterator[None]:
    """Raise BadPackage for what SQLite or wrong values may raise."""
    try:
        yield
    except (
        *(sqlite3.Error, ValueError, TypeError, AttributeError),
        *(OverflowError, RecursionError),
    ) as error:
        raise BadPackage(DAMAGED) from error


def _open(path: Path) -> sqlite3.Connection:
    # Immutable: SQLite opens no lock, journal or other file beside it.
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, VALUE_MAX_BYTES)
    db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0", "query_only=ON"):
        db.execute(f"PRAGMA {pragma}")
    db.text_factory = lambda data: data.decode("utf-8", "replace")
    # Some of Anki's columns use a collation of its own, which no query here needs.
    db.create_collation("unicase", lambda a, b: (a > b) - (a < b))
    db.set_authorizer(
        lambda action, *_: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY
    )
    return db


def _check_schema(db: sqlite3.Connection) -> None:
    """Raise BadPackage if a table that is read is a view or a virtual table."""
    kinds = {
        _text(name): (_text(kind), _text(sql).lstrip().upper())
        for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_master")
        if kind in ("table", "view")
    }
    tables = [*_NEEDED, *(n for n in ("notetypes", "fields", "templates", "decks") if n in kinds)]
    for name in tables:
        kind, sql = kinds.get(name, ("", ""))
        if kind != "table" or not sql.startswith("CREATE TABLE"):
            raise BadPackage(DAMAGED)


def _old_types(models: object) -> Iterator[NoteType]:
    for key, model in _json_object(models).items():
        fields = sorted(model.get("flds", []), key=lambda field: _int(field.get("ord")))
        templates = [
            Template(
                _int(each.get("ord")),
                _text(each.get("name")),
                _text(each.get("qfmt")),
                _text(each.get("afmt")),
            )
            for each in model.get("tmpls", [])
        ]
        yield NoteType(
            _int(model.get("id", key)),
            _text(model.get("name")),
            _int(model.get("type")) == 1,
            _int(model.get("originalStockKind")) == _IMAGE_OCCLUSION,
            tuple(_text(field.get("name")) for field in fields),
            tuple(sorted(templates, key=lambda each: each.ordinal)),
        )


def _old_decks(decks: object) -> Iterator[tuple[int, str]]:
    for key, deck in _json_object(decks).items():
        yield _int(deck.get("id", key)), _text(deck.get("name"))


def _json_object(text: object) -> dict[str, Any]:
    found = json.loads(_text(text) or "{}")
    if not isinstance(found, dict):
        raise BadPackage(DAMAGED)
    return found


def _int(value: object) -> int:
    """Return a number that both stores accept; an SQLite column may have a value of any type."""
    if type(value) is int and -(2**62) <= value <= 2**62:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0
    try:
        return min(max(int(value), -(2**62)), 2**62)
    except (ValueError, OverflowError):
        return 0


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
