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
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

from flashcards.exchange.anki import presets, protobuf
from flashcards.exchange.anki.package import DAMAGED, TOO_NEW, BadPackage
from flashcards.exchange.anki.records import Card, Note, NoteType, Review, Template, Whole
from flashcards.exchange.anki.values import blob, integer, json_object, text

FIELD_SEPARATOR = "\x1f"
DECK_SEPARATOR = "::"
QUERY_SECONDS_MOST = 120
# The most bytes of one note; real ones are far smaller. One that has more is skipped.
VALUE_MAX_BYTES = 8 * 1024**2
# The most bytes of all note types or decks: the older schema has them in one value.
HEAD_MAX_BYTES = 64 * 1024**2
_NEWER = ("notetypes", "fields", "templates", "decks", "deck_config")
_NEEDED = ("col", "notes", "cards", "revlog")
_STEPS_BETWEEN_LOOKS = 1_000_000
# Notes read at once, unless these have more characters already.
CHUNK_NOTES = 2_000
CHUNK_CHARACTERS = 32 * 1024**2
# So much of a note that is too large is read for its name.
_NAME_BYTES = 400
# From this version on, note types and decks have tables of their own.
_NEW_SCHEMA = 15
# The newest that is known, of Anki 2.1.28 and later.
_NEWEST_SCHEMA = 18
_IMAGE_OCCLUSION = 6
# Of notes with the same guid, and of a note's cards with the same ordinal, the first is imported.
_GUID = "CASE WHEN guid IS NULL OR guid = '' THEN 'note ' || id ELSE guid END"
_FIRST = f"SELECT min(id) FROM notes GROUP BY {_GUID}"  # noqa: S608 - a constant
_IMPORTED = f"SELECT min(id) FROM cards WHERE nid IN ({_FIRST}) GROUP BY nid, ord"  # noqa: S608 - as above
_ALLOWED = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_TRANSACTION,
}


class Collection:
    """An open collection. Every method that reads it raises BadPackage if it is damaged."""

    # Which of deck, tags, flag and suspended it does not say of its cards.
    unsaid: frozenset[str] = frozenset()

    def __init__(self, path: Path) -> None:
        with _translate_errors():
            self._db = _open(path)
            try:
                self._tables = _check_schema(self._db)
                self._read_head()
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> "Collection":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def _read_head(self) -> None:
        sql = "SELECT crt, ver, conf, models, decks, dconf FROM col LIMIT 1"
        rows = self._all(sql, most=HEAD_MAX_BYTES)
        row = rows[0] if rows else (0, 11, "", "", "", "")
        created, version, conf, models, decks, options = row
        if integer(version) > _NEWEST_SCHEMA:
            raise BadPackage(TOO_NEW)
        self.created = datetime.fromtimestamp(min(max(integer(created), 0), 2**32), UTC)
        if integer(version) >= _NEW_SCHEMA:
            config = self._config()
            self.note_types = {each.id: each for each in self._new_types()}
            self.decks = dict(self._new_decks())
            self._new_presets()
        else:
            config = json_object(conf)
            self.note_types = {each.id: each for each in _old_types(models)}
            self.decks = dict(_old_decks(decks))
            with contextlib.suppress(ValueError, RecursionError):
                options = json.loads(text(options) or "{}")
            found = presets.from_json(options if isinstance(options, dict) else {})
            self.presets = {each.id: each for each in found}
            self.deck_presets = {
                integer(deck.get("id", key)): presets.deck_from_json(deck)
                for key, deck in json_object(decks).items()
            }
        if config.get("fsrs") is False:
            # Anki schedules by SM-2: what is set for FSRS is not in use.
            self.presets = {key: each.without_fsrs for key, each in self.presets.items()}
            self.deck_presets = {
                key: presets.DeckPreset(each.preset) for key, each in self.deck_presets.items()
            }
        offset = config.get("creationOffset")
        # Minutes west of Greenwich.
        self.offset = -offset if isinstance(offset, int) and abs(offset) < 24 * 60 else None
        self.first_scheduler = integer(config.get("schedVer", 1)) < 2

    def day_zero(self, zone: tzinfo) -> date:
        """Return the date that due days are counted from; `zone` is used if the file names none."""
        if self.offset is not None:
            zone = timezone(timedelta(minutes=self.offset))
        return self.created.astimezone(zone).date()

    def count_notes(self) -> int:
        sql = f"SELECT count(DISTINCT {_GUID}) FROM notes"  # noqa: S608 - as above
        return integer((self._one(sql) or (0,))[0])

    def count_rows(self) -> int:
        """Return how many notes there are, those that are there twice among them."""
        return integer((self._one("SELECT count(*) FROM notes") or (0,))[0])

    def count_twice(self) -> int:
        """Return how many cards belong to a note that is there before."""
        row = self._one(
            "SELECT count(DISTINCT nid || ' ' || ord) FROM cards "  # noqa: S608 - as above
            f"WHERE nid IN (SELECT id FROM notes) AND nid NOT IN ({_FIRST})"
        )
        return integer((row or (0,))[0])

    def count_reviews(self) -> int:
        """Return how often the cards were answered."""
        row = self._one(
            "SELECT count(*) FROM revlog WHERE ease BETWEEN 1 AND 4 AND type NOT IN (4, 5) "  # noqa: S608 - a constant
            f"AND cid IN ({_IMPORTED})"
        )
        return integer((row or (0,))[0])

    def cards_by_deck(self) -> dict[int, int]:
        """Return how many cards each deck has; cards in a filtered deck count for their own."""
        home = "CASE WHEN odid THEN odid ELSE did END"
        rows = self._all(
            f"SELECT {home}, count(*) FROM cards WHERE id IN ({_IMPORTED}) GROUP BY 1"  # noqa: S608 - no value
        )
        return {integer(deck): integer(count) for deck, count in rows}

    def notes_by_type(self) -> dict[int, int]:
        rows = self._all("SELECT mid, count(*) FROM notes GROUP BY mid")
        return {integer(type_id): integer(count) for type_id, count in rows}

    def count_scheduled(self) -> int:
        """Return how many cards have been studied."""
        return integer((self._one("SELECT count(*) FROM cards WHERE type > 0") or (0,))[0])

    def repeated_guids(self) -> set[str]:
        """Return the guids that several notes have."""
        rows = self._all("SELECT guid FROM notes GROUP BY guid HAVING count(*) > 1")
        return {text(guid) for (guid,) in rows}

    def wholes(self, *, after: int) -> Iterator[list[Whole]]:
        """Yield the notes after an id in the order of their ids, some thousands at a time."""
        while notes := self._notes(after):
            after = notes[-1].id
            yield self._with_cards(notes)

    def _notes(self, after: int) -> list[Note]:
        """Return the next notes: fewer where one of them is too large, or that one alone."""
        most = CHUNK_NOTES
        with _translate_errors():
            while True:
                try:
                    notes = self._notes_up_to(after, most)
                except sqlite3.DataError:
                    if most == 1:
                        return [self._too_large(after)]
                    most //= 2
                    continue
                if notes and notes[-1].id <= after:
                    raise BadPackage(DAMAGED)
                return notes

    def _notes_up_to(self, after: int, most: int) -> list[Note]:
        columns = "SELECT id, guid, mid, tags, flds, data FROM notes"
        rows = self._rows(f"{columns} WHERE id > ? ORDER BY id LIMIT ?", after, most)
        notes: list[Note] = []
        characters = 0
        for number, guid, type_id, tags, fields, data in rows:
            words = text(fields)
            notes.append(
                Note(
                    integer(number),
                    text(guid) or f"note {number}",
                    integer(type_id),
                    tuple(text(tags).split()),
                    tuple(words.split(FIELD_SEPARATOR)),
                    text(data),
                )
            )
            characters += len(words)
            if characters > CHUNK_CHARACTERS:
                break
        return notes

    def _too_large(self, after: int) -> Note:
        """Return the next note, which has too many bytes, with the beginning of its first field."""
        sql = "SELECT id, mid FROM notes WHERE id > ? ORDER BY id LIMIT 1"
        number, type_id = self._one(sql, after) or (None, None)
        with self._db.blobopen("notes", "flds", number, readonly=True) as value:
            begun = text(value.read(_NAME_BYTES)).partition(FIELD_SEPARATOR)[0]
        guid = f"note {number}"
        return Note(integer(number), guid, integer(type_id), (), (begun,), "", is_too_large=True)

    def _with_cards(self, notes: list[Note]) -> list[Whole]:
        span = notes[0].id, notes[-1].id
        cards: dict[int, list[Card]] = defaultdict(list)
        for row in self._all(
            "SELECT id, nid, CASE WHEN odid THEN odid ELSE did END, ord, type, queue, "
            "CASE WHEN odid AND odue THEN odue ELSE due END, ivl, factor, reps, lapses, flags, "
            "data FROM cards WHERE nid BETWEEN ? AND ? ORDER BY nid, ord, id DESC",
            *span,
        ):
            number, note_id, deck_id, ordinal, *state, flags, data = row
            type_, queue, due, interval, factor, reps, lapses = map(integer, state)
            card = Card(
                id=integer(number),
                note_id=integer(note_id),
                deck_id=integer(deck_id),
                ordinal=integer(ordinal),
                type=type_,
                queue=queue,
                due=due,
                interval=interval,
                factor=factor,
                flag=integer(flags) & 7,
                data=text(data),
                reps=reps,
                lapses=lapses,
            )
            cards[card.note_id].append(card)
        reviews: dict[int, list[Review]] = defaultdict(list)
        for card_id, *numbers in self._all(
            "SELECT cid, id, ease, ivl, lastIvl, factor, time, type FROM revlog "
            "WHERE cid IN (SELECT id FROM cards WHERE nid BETWEEN ? AND ?) ORDER BY id",
            *span,
        ):
            reviews[integer(card_id)].append(Review(*map(integer, numbers)))
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
        rows = self._all(
            "SELECT key, val FROM config WHERE key IN ('creationOffset', 'schedVer', 'fsrs')"
        )
        found: dict[str, Any] = {"schedVer": 2}
        for key, value in rows:
            with contextlib.suppress(ValueError, RecursionError):
                found[text(key)] = json.loads(text(value))
        return found

    def _new_types(self) -> Iterator[NoteType]:
        fields: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for type_id, ordinal, name in self._all(
            "SELECT ntid, ord, name FROM fields", most=HEAD_MAX_BYTES
        ):
            fields[integer(type_id)].append((integer(ordinal), text(name)))
        templates: dict[int, list[Template]] = defaultdict(list)
        for type_id, ordinal, name, config in self._all(
            "SELECT ntid, ord, name, config FROM templates", most=HEAD_MAX_BYTES
        ):
            data = blob(config)
            front, back = protobuf.text(data, 1), protobuf.text(data, 2)
            templates[integer(type_id)].append(Template(integer(ordinal), text(name), front, back))
        for type_id, name, config in self._all(
            "SELECT id, name, config FROM notetypes", most=HEAD_MAX_BYTES
        ):
            data = blob(config)
            yield NoteType(
                integer(type_id),
                text(name),
                protobuf.number(data, 1) == 1,
                protobuf.number(data, 9) == _IMAGE_OCCLUSION,
                tuple(field for _, field in sorted(fields[integer(type_id)])),
                tuple(sorted(templates[integer(type_id)], key=lambda each: each.ordinal)),
            )

    def _new_decks(self) -> Iterator[tuple[int, str]]:
        for deck_id, name in self._all("SELECT id, name FROM decks", most=HEAD_MAX_BYTES):
            yield integer(deck_id), text(name).replace(FIELD_SEPARATOR, DECK_SEPARATOR)

    def _new_presets(self) -> None:
        self.presets, self.deck_presets = {}, {}
        with _translate_errors():
            if "deck_config" in self._tables:
                for number, name, data in self._all("SELECT id, name, config FROM deck_config"):
                    preset = presets.from_message(integer(number), text(name), blob(data))
                    self.presets[preset.id] = preset
            for deck_id, kind in self._all("SELECT id, kind FROM decks"):
                self.deck_presets[integer(deck_id)] = presets.deck_from_message(blob(kind))

    def _one(self, sql: str, *values: int) -> tuple[Any, ...] | None:
        rows = self._all(sql, *values)
        return rows[0] if rows else None

    def _all(self, sql: str, *values: int, most: int = VALUE_MAX_BYTES) -> list[tuple[Any, ...]]:
        with _translate_errors():
            return list(self._rows(sql, *values, most=most))

    def _rows(
        self, sql: str, *values: int, most: int = VALUE_MAX_BYTES
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query. Raises sqlite3.DataError for a value of more bytes."""
        ends = time.monotonic() + QUERY_SECONDS_MOST
        self._db.set_progress_handler(lambda: time.monotonic() > ends, _STEPS_BETWEEN_LOOKS)
        self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, most)
        yield from self._db.execute(sql, values)


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


def _check_schema(db: sqlite3.Connection) -> set[str]:
    """Return the names of the tables. Raises BadPackage if one that is read is none."""
    kinds = {
        text(name): (text(kind), text(sql).lstrip().upper())
        for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_master")
        if kind in ("table", "view")
    }
    tables = [*_NEEDED, *(name for name in _NEWER if name in kinds)]
    for name in tables:
        kind, sql = kinds.get(name, ("", ""))
        if kind != "table" or not sql.startswith("CREATE TABLE"):
            raise BadPackage(DAMAGED)
    return set(kinds)


def _old_types(models: object) -> Iterator[NoteType]:
    for key, model in json_object(models).items():
        fields = sorted(model.get("flds", []), key=lambda field: integer(field.get("ord")))
        templates = [
            Template(
                integer(each.get("ord")),
                text(each.get("name")),
                text(each.get("qfmt")),
                text(each.get("afmt")),
            )
            for each in model.get("tmpls", [])
        ]
        yield NoteType(
            integer(model.get("id", key)),
            text(model.get("name")),
            integer(model.get("type")) == 1,
            integer(model.get("originalStockKind")) == _IMAGE_OCCLUSION,
            tuple(text(field.get("name")) for field in fields),
            tuple(sorted(templates, key=lambda each: each.ordinal)),
        )


def _old_decks(decks: object) -> Iterator[tuple[int, str]]:
    for key, deck in json_object(decks).items():
        yield integer(deck.get("id", key)), text(deck.get("name"))
