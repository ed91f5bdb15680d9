"""The package writer: Anki's oldest format (schema 11), which all versions read."""

import hashlib
import sqlite3
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from flashcards import study_settings
from flashcards.cards import media
from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.exchange.anki import schema
from flashcards.exchange.anki.collection import FIELD_SEPARATOR
from flashcards.exchange.anki.package import write_media_map
from flashcards.exchange.anki.preset_rows import Presets
from flashcards.exchange.anki.rows import Days, Ids, Row, card_row, review_rows
from flashcards.exchange.export_notes import data_of, labelled, note_of, origin_of
from flashcards.exchange.html import to_markdown
from flashcards.exchange.import_choice import DEFAULT
from flashcards.models import NoteOrigin
from flashcards.study_settings import EffectiveSettings

# Day numbers are counted from here: earlier than any review.
_LONG_AGO = timedelta(days=365 * 10)
_DEFAULT_DECK = 1


class AnkiWriter:
    """Writes rows into a database beside the package, and zips it all when it is closed."""

    def __init__(
        self,
        path: Path,
        *,
        owner_id: UUID,
        deck_names: Mapping[UUID, str],
        settings: EffectiveSettings,
        now: datetime,
        with_schedule: bool,
        with_media: bool,
    ) -> None:
        self._path = path
        self._owner_id = owner_id
        self._deck_names = deck_names
        self._with_schedule = with_schedule
        self._with_media = with_media
        self._settings = settings
        day = settings.day
        begun = day.start(now - _LONG_AGO)
        offset = begun.astimezone(day.zone).utcoffset() or timedelta()
        self._days = Days(day.of(begun), day, now)
        west = round(-offset.total_seconds() / 60)
        self._head = schema.Head(begun, west, settings.rollover_hour, now)
        self._numbers, self._card_ids, self._review_ids = Ids(), Ids(), Ids()
        self._notes: dict[UUID, int] = {}
        self._decks: dict[str, int] = {DEFAULT: _DEFAULT_DECK}
        self._presets = Presets(settings if with_schedule else EffectiveSettings(), deck_names)
        self._media: set[str] = set()
        self._position = 0

    def __enter__(self) -> "AnkiWriter":
        self._database = self._path.with_name(f"{self._path.name}.anki2")
        self._db = sqlite3.connect(self._database)
        self._db.executescript(schema.TABLES)
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        try:
            if failed is None:
                self._finish()
        finally:
            self._db.close()

    def add(
        self,
        cards: Sequence[Flashcard],
        logs: Mapping[UUID, Sequence[ReviewLog]],
        known: Mapping[UUID, NoteOrigin],
    ) -> list[NoteOrigin]:
        """Write cards, their notes and their reviews; return the rows that identify the notes."""
        notes, rows, reviews = [], [], []
        origins: dict[UUID, NoteOrigin] = {}
        for card in cards:
            if card.note_id not in self._notes:
                note = note_of(card, known)
                number = self._notes[card.note_id] = self._numbers.of(card.created_at)
                self._media |= note.media()
                origins[card.note_id] = origin_of(card, note)
                first = to_markdown.plain(note.fields[0])
                sum_ = int(hashlib.sha1(first.encode(), usedforsecurity=False).hexdigest()[:8], 16)
                edited = int(card.edited_at.timestamp())
                tags = f" {' '.join(note.tags)} " if note.tags else ""
                notes.append(
                    (
                        *(number, note.guid, schema.TYPE_IDS[card.kind], edited, -1, tags),
                        *(FIELD_SEPARATOR.join(note.fields), first, sum_, 0, data_of(card, note)),
                    )
                )
            # Of a note that an earlier chunk has written, it was stored then.
            before = known.get(card.note_id)
            origin = origins.get(card.note_id) or before
            deck_ids = [each for each in card.deck_ids if each in self._deck_names]
            deck = self._deck_names[deck_ids[0]] if deck_ids else DEFAULT
            if origin is not None:
                origins[card.note_id] = labelled(origin, before, card, deck, deck_ids)
            self._position += 1
            card_number = self._card_ids.of(card.created_at)
            rows.append(
                card_row(
                    card,
                    number=card_number,
                    note_number=self._notes[card.note_id],
                    deck_number=self._deck_number(deck),
                    position=self._position,
                    days=self._days,
                    settings=study_settings.for_card(self._settings, card).schedule,
                    with_schedule=self._with_schedule,
                )
            )
            if self._with_schedule:
                reviews += review_rows(card_number, logs.get(card.id, ()), self._review_ids)
        for table, each in (("notes", notes), ("cards", rows), ("revlog", reviews)):
            self._insert(table, each)
        return list(origins.values())

    def _insert(self, table: str, rows: Sequence[Row]) -> None:
        if rows:
            marks = ",".join("?" * len(rows[0]))
            self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - our own names

    def _deck_number(self, name: str) -> int:
        """Return the id of a card's first deck: in Anki a card is in one."""
        if name not in self._decks:
            self._decks[name] = int(self._head.now.timestamp() * 1000) + len(self._decks)
        return self._decks[name]

    def _finish(self) -> None:
        decks = [
            (number, name, self._presets.number_of(name)) for name, number in self._decks.items()
        ]
        row = schema.head_row(self._head, decks, self._presets.rows(), self._position + 1)
        self._insert("col", [row])
        self._db.executescript(schema.INDEXES)
        self._db.commit()
        self._db.close()
        stamp = self._head.now.astimezone(UTC).timetuple()[:6]
        with zipfile.ZipFile(self._path, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.write(self._database, "collection.anki2")
            names: list[str] = []
            for name in sorted(self._media) if self._with_media else ():
                file = media.find(owner_id=self._owner_id, name=name)
                path = media.path_of(file) if file else None
                if path is None or not path.exists():
                    continue
                # They are compressed already.
                entry = zipfile.ZipInfo(str(len(names)), date_time=stamp)
                bundle.writestr(entry, path.read_bytes())
                names.append(name)
            bundle.writestr("media", write_media_map(names))
