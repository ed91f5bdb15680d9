"""Rows of PostgreSQL come back as the records, and vectors as the numbers, that were written."""

import re
import uuid
from dataclasses import fields
from datetime import timedelta

import numpy as np
from django.db import connection, transaction

from flashcards import store
from flashcards.domain.records import Flashcard, Kind, LogKind, Rating, State
from flashcards.store import Change
from flashcards.store.postgres import tables
from flashcards.store.rows.filters import condition
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS
from tests.base import TestCase
from tests.engines import InPostgreSQL
from tests.factories import NOW, flashcard, review_log


class RecordTests(InPostgreSQL, TestCase):
    def test_each_field_is_what_it_was(self) -> None:
        plain = flashcard(self.alice)
        full = flashcard(
            self.alice,
            kind=Kind.CLOZE,
            ordinal=2,
            deck_ids=(uuid.uuid4(), uuid.uuid4()),
            tags=("plain", 'with "quotes", and {braces}'),
            buried_until=NOW,
            message_id=uuid.uuid4(),
            source_start=1,
            source_end=2,
            state=State.RELEARNING,
            step=1,
            stability=0.1 + 0.2,
            difficulty=1e-17,
            memory=(1 / 3, 2.0),
            last_review=NOW - timedelta(microseconds=1),
            deleted_at=NOW,
        )
        log = review_log(full, sequence=0, rating=Rating.HARD, reviewed_at=NOW)
        undo = review_log(full, sequence=1, kind=LogKind.UNDO, rating=None, undoes=log.id)
        self.write([Change(plain), Change(full, log), Change(full, undo)])
        cards = tables.records(FLASHCARDS, [condition(FLASHCARDS, "owner_id", self.alice.pk)])
        logs = tables.records(REVIEW_LOGS, [condition(REVIEW_LOGS, "owner_id", self.alice.pk)])
        self.assertCountEqual(cards, [plain, full])
        self.assertCountEqual(logs, [log, undo])
        # Equality takes a list for a tuple's like, and 2 for State.REVIEW; types do not.
        (read,) = (card for card in cards if card.id == full.id)
        for field in fields(Flashcard):
            self.assertIs(type(getattr(read, field.name)), type(getattr(full, field.name)))

    def test_a_column_of_vectors_has_their_numbers(self) -> None:
        serving = store.read_vector_sets().serving
        vector = np.linspace(-1, 1, serving.dimensions, dtype="f4")
        vector /= np.linalg.norm(vector)
        embedded = flashcard(self.alice, embedding_model=serving.key)
        bare = flashcard(self.alice)
        self.write([Change(embedded, vector=vector), Change(bare)])
        owned = condition(FLASHCARDS, "owner_id", self.alice.pk)
        sets = store.read_vector_sets()
        rows = tables.read(FLASHCARDS, ["id", serving.column], [owned], sets).to_pylist()
        found = {row["id"]: row[serving.column] for row in rows}
        self.assertIsNone(found[str(bare.id)])
        self.assertEqual(found[str(embedded.id)], vector.astype(np.float16).tolist())

    def test_a_rating_writes_every_field(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'flashcards_record'")
            ((source,),) = cursor.fetchall()
        found = re.search(
            r"UPDATE flashcards_flashcard SET \((.*?)\) = ROW \((.*?)\)", source, re.S
        )
        assert found is not None
        columns, values = ([each.strip() for each in part.split(",")] for part in found.groups())
        written = {field.name for field in fields(Flashcard)} - {"id", "owner_id"}
        self.assertEqual(set(columns), {*written, "revision"})
        self.assertEqual(
            values, [f"image.{name}" if name != "revision" else "number" for name in columns]
        )

    def write(self, changes: list[Change]) -> None:
        with transaction.atomic():
            store.lock_owner(self.alice.pk)
            store.write(changes)
