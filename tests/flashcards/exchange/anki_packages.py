"""Anki packages for tests, written from nothing but sqlite3, zipfile and zstandard."""

import json
import sqlite3
import struct
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import zstandard

CREATED = datetime(2025, 1, 1, 4, tzinfo=UTC)
ANSWER = "{{FrontSide}}\n\n<hr id=answer>\n\n"
BASIC, REVERSED, CLOZE, TYPED, CAPITALS, OCCLUSION, GAPS_APART = 11, 12, 13, 14, 15, 16, 17
# (name, is cloze, fields, [(front, back), …])
TYPES: dict[int, tuple[str, bool, list[str], list[tuple[str, str]]]] = {
    BASIC: ("Basic", False, ["Front", "Back"], [("{{Front}}", ANSWER + "{{Back}}")]),
    REVERSED: (
        "Basic (and reversed card)",
        False,
        ["Front", "Back"],
        [("{{Front}}", ANSWER + "{{Back}}"), ("{{Back}}", ANSWER + "{{Front}}")],
    ),
    CLOZE: (
        "Cloze",
        True,
        ["Text", "Back Extra"],
        [("{{cloze:Text}}", "{{cloze:Text}}<br>\n{{Back Extra}}")],
    ),
    TYPED: (
        "Basic (type in the answer)",
        False,
        ["Front", "Back"],
        [("{{Front}}\n\n{{type:Back}}", "{{Front}}\n\n<hr id=answer>\n\n{{type:Back}}")],
    ),
    CAPITALS: (
        "Capitals",
        False,
        ["Country", "Capital", "Fact", "Source"],
        [
            (
                "The capital of <b>{{Country}}</b>?",
                ANSWER + "{{Capital}}{{#Fact}}<br>{{Fact}}{{/Fact}}",
            ),
            ("{{Capital}} is the capital of what?", ANSWER + "{{Country}}"),
        ],
    ),
    OCCLUSION: (
        "Image Occlusion",
        True,
        ["Occlusion", "Image"],
        [("{{cloze:Occlusion}}{{Image}}", "{{cloze:Occlusion}}{{Image}}")],
    ),
    GAPS_APART: (
        "Cloze in two fields",
        True,
        ["One", "Two"],
        [("{{cloze:One}}{{cloze:Two}}", "{{cloze:One}}{{cloze:Two}}")],
    ),
}  # fmt: skip


@dataclass
class Package:
    """A collection that is put together, and written as one of the three formats."""

    notes: list[tuple[Any, ...]] = field(default_factory=list)
    cards: list[tuple[Any, ...]] = field(default_factory=list)
    reviews: list[tuple[Any, ...]] = field(default_factory=list)
    decks: dict[int, str] = field(default_factory=lambda: {1: "Default"})
    media: dict[str, bytes] = field(default_factory=dict)
    conf: dict[str, Any] = field(default_factory=lambda: {"schedVer": 2, "creationOffset": 0})
    # By their ids, as in the JSON of the older schema; and by the names of the decks that use them.
    presets: dict[int, dict[str, Any]] = field(default_factory=dict)
    preset_of: dict[str, int] = field(default_factory=dict)

    def deck(self, name: str) -> int:
        for deck_id, known in self.decks.items():
            if known == name:
                return deck_id
        self.decks[len(self.decks) + 1] = name
        return len(self.decks)

    def note(
        self, type_id: int, *fields: str, tags: str = "", guid: str = "", made: datetime = CREATED
    ) -> int:
        number = round(made.timestamp() * 1000) + len(self.notes)
        guid = guid or f"guid{len(self.notes)}"
        text = "\x1f".join(fields)
        self.notes.append((number, guid, type_id, 0, -1, f" {tags} ", text, fields[0], 0, 0, ""))
        return number

    def card(self, note_id: int, ordinal: int = 0, deck: str = "Default", **values: Any) -> int:
        number = note_id * 10 + ordinal
        known = {
            "type": 0, "queue": 0, "due": 0, "ivl": 0, "factor": 0, "reps": 0, "lapses": 0,
            "left": 0, "odue": 0, "odid": 0, "flags": 0, "data": "{}",
        }  # fmt: skip
        row = {**known, **values}
        self.cards.append((number, note_id, self.deck(deck), ordinal, 0, -1, *row.values()))
        return number

    def basic(self, front: str, back: str, deck: str = "Default", **values: Any) -> int:
        """Add a note with one card; return the card's id."""
        about = {k: values.pop(k) for k in ("tags", "guid", "made") if k in values}
        return self.card(self.note(BASIC, front, back, **about), 0, deck, **values)

    def review(
        self,
        card_id: int,
        at: datetime,
        ease: int,
        interval: int,
        last: int = 0,
        *,
        factor: int = 2500,
        kind: int = 1,
        milliseconds: int = 5_000,
    ) -> None:
        number = round(at.timestamp() * 1000)
        self.reviews.append((number, card_id, -1, ease, interval, last, factor, milliseconds, kind))

    def studied(self, card_id: int, first: datetime = CREATED + timedelta(days=10)) -> datetime:
        """Give a card a history: learnt in two steps, then Good after 3 and Again after 8 days."""
        self.review(card_id, first, 3, -600, -60, factor=0, kind=0)
        self.review(card_id, first + timedelta(minutes=10), 3, 3, -600, kind=0)
        self.review(card_id, first + timedelta(days=3), 3, 8, 3)
        self.review(card_id, first + timedelta(days=11), 1, -600, 8, factor=2300)
        last = first + timedelta(days=11, minutes=10)
        self.review(card_id, last, 3, 2, -600, factor=2300, kind=2)
        return last

    def database(self, path: Path, *, new: bool = False) -> Path:
        path.unlink(missing_ok=True)
        db = sqlite3.connect(path)
        db.executescript(_TABLES)
        models, decks, conf = "{}", "{}", json.dumps(self.conf)
        if new:
            db.create_collation("unicase", lambda a, b: (a > b) - (a < b))
            self._new_schema(db)
        else:
            models, decks = json.dumps(_models()), json.dumps(self._old_decks())
        head = (1, round(CREATED.timestamp()), 0, 0, 18 if new else 11, 0, 0, 0)
        db.execute(
            "INSERT INTO col VALUES (?,?,?,?,?,?,?,?,?,?,?,?,'{}')",
            (*head, "" if new else conf, models, decks, "" if new else json.dumps(self.presets)),
        )
        for table, rows in (("notes", self.notes), ("cards", self.cards), ("revlog", self.reviews)):
            if rows:
                marks = ",".join("?" * len(rows[0]))
                db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        db.commit()
        db.close()
        return path

    def _new_schema(self, db: sqlite3.Connection) -> None:
        db.executescript(_NEW_TABLES)
        for key, value in self.conf.items():
            db.execute("INSERT INTO config VALUES (?,0,0,?)", (key, json.dumps(value).encode()))
        for deck_id, name in self.decks.items():
            named = name.replace("::", "\x1f")
            kind = message({1: message({1: self.preset_of.get(name, 1)})})
            db.execute("INSERT INTO decks VALUES (?,?,0,0,x'',?)", (deck_id, named, kind))
        for preset_id, preset in self.presets.items():
            values = (preset_id, preset.get("name", ""), _preset(preset))
            db.execute("INSERT INTO deck_config VALUES (?,?,0,0,?)", values)
        for type_id, (name, is_cloze, fields, templates) in TYPES.items():
            stock = 6 if type_id == OCCLUSION else 1
            config = bytes([8, int(is_cloze), 72, stock])
            db.execute("INSERT INTO notetypes VALUES (?,?,0,0,?)", (type_id, name, config))
            for n, each in enumerate(fields):
                db.execute("INSERT INTO fields VALUES (?,?,?,x'')", (type_id, n, each))
            for n, (front, back) in enumerate(templates):
                data = message({1: front.encode(), 2: back.encode()})
                row = (type_id, n, f"Card {n + 1}", data)
                db.execute("INSERT INTO templates VALUES (?,?,?,0,0,?)", row)

    def _old_decks(self) -> dict[str, Any]:
        return {
            str(deck_id): {"id": deck_id, "name": name, "conf": self.preset_of.get(name, 1)}
            for deck_id, name in self.decks.items()
        }

    def write(self, path: Path, form: str = "anki21") -> Path:
        """Write the package: "anki2", "anki21" or "anki21b"."""
        new = form == "anki21b"
        database = self.database(path.with_suffix(".db"), new=new)
        pack = zstandard.compress if new else bytes
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr(f"collection.{form}", pack(database.read_bytes()))
            if form != "anki2":
                old = Package().database(path.with_suffix(".old"))
                bundle.writestr("collection.anki2", old.read_bytes())
            for number, content in enumerate(self.media.values()):
                bundle.writestr(str(number), pack(content))
            if new:
                bundle.writestr("meta", message({1: 3}))
                entries = (
                    message({1: name.encode(), 2: len(content), 3: b"\0" * 20})
                    for name, content in self.media.items()
                )
                bundle.writestr("media", pack(b"".join(message({1: each}) for each in entries)))
            else:
                names = {str(number): name for number, name in enumerate(self.media)}
                bundle.writestr("media", json.dumps(names))
        return path


def message(fields: dict[int, int | bytes]) -> bytes:
    """Return fields in Protocol Buffers' wire format."""
    parts = []
    for number, value in fields.items():
        if isinstance(value, int):
            parts.append(_varint(number << 3) + _varint(value))
        else:
            parts.append(_varint(number << 3 | 2) + _varint(len(value)) + value)
    return b"".join(parts)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _models() -> dict[str, Any]:
    return {
        str(type_id): {
            "id": type_id,
            "name": name,
            "type": int(is_cloze),
            "flds": [{"name": each, "ord": n} for n, each in enumerate(fields)],
            "tmpls": [
                {"name": f"Card {n + 1}", "ord": n, "qfmt": front, "afmt": back}
                for n, (front, back) in enumerate(templates)
            ],
            "originalStockKind": 6 if type_id == OCCLUSION else 1,
        }
        for type_id, (name, is_cloze, fields, templates) in TYPES.items()
    }


def _preset(preset: dict[str, Any]) -> bytes:
    """Return a preset as the newer schema has it: packed floats, and one of 32 bits."""
    packed = b""
    for number, name in ((3, "fsrsWeights"), (5, "fsrsParams5"), (6, "fsrsParams6")):
        if given := preset.get(name):
            packed += message({number: struct.pack(f"<{len(given)}f", *given)})
    options = preset.get("options", {})
    for number, steps in options.get("lists", {}).items():
        packed += message({number: struct.pack(f"<{len(steps)}f", *steps)})
    packed += message(options.get("numbers", {}))
    if "desiredRetention" in preset:
        packed += _varint(37 << 3 | 5) + struct.pack("<f", preset["desiredRetention"])
    return packed


_TABLES = """
CREATE TABLE col (id integer primary key, crt integer, mod integer, scm integer, ver integer,
  dty integer, usn integer, ls integer, conf text, models text, decks text, dconf text, tags text);
CREATE TABLE notes (id integer primary key, guid text, mid integer, mod integer, usn integer,
  tags text, flds text, sfld integer, csum integer, flags integer, data text);
CREATE TABLE cards (id integer primary key, nid integer, did integer, ord integer, mod integer,
  usn integer, type integer, queue integer, due integer, ivl integer, factor integer,
  reps integer, lapses integer, left integer, odue integer, odid integer, flags integer, data text);
CREATE TABLE revlog (id integer primary key, cid integer, usn integer, ease integer, ivl integer,
  lastIvl integer, factor integer, time integer, type integer);
CREATE TABLE graves (usn integer, oid integer, type integer);
CREATE INDEX ix_cards_nid ON cards (nid);
CREATE INDEX ix_revlog_cid ON revlog (cid);
"""
_NEW_TABLES = """
CREATE TABLE config (key text primary key, usn integer, mtime_secs integer, val blob);
CREATE TABLE decks (id integer primary key, name text collate unicase, mtime_secs integer,
  usn integer, common blob, kind blob);
CREATE TABLE deck_config (id integer primary key, name text collate unicase, mtime_secs integer,
  usn integer, config blob);
CREATE TABLE notetypes (id integer primary key, name text collate unicase, mtime_secs integer,
  usn integer, config blob);
CREATE TABLE fields (ntid integer, ord integer, name text collate unicase, config blob);
CREATE TABLE templates (ntid integer, ord integer, name text collate unicase,
  mtime_secs integer, usn integer, config blob);
"""
