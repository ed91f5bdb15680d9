"""The journal reaches LanceDB once, whatever happens on the way."""

import dataclasses
import uuid
from datetime import timedelta
from unittest import mock

import numpy as np

from flashcards.cards import embedding
from flashcards.cards.cards import delete_card, delete_for_owner, edit_card
from flashcards.domain.records import Flashcard, Rating
from flashcards.maintenance import bulk_load
from flashcards.models import JournalEntry, StoreVersions
from flashcards.review.ratings import review_card
from flashcards.store import (
    Change,
    StoreError,
    cards,
    check_readable,
    clear_cache,
    failpoints,
    review_logs,
    write,
)
from flashcards.store.lance import tables
from flashcards.store.maintenance import apply_entries, checkpoint
from flashcards.store.rows import vector_sets
from flashcards.store.rows.schema import (
    FLASHCARDS,
    FLASHCARDS_SCHEMA,
    REVIEW_LOGS,
    REVIEW_LOGS_SCHEMA,
    Index,
)
from memoryloop import durable_files
from tests.base import TestCase
from tests.engines import InLanceDB
from tests.factories import NOW, flashcard, review_log, store, stored_card

COLUMN = vector_sets.first().serving.column


class DiedError(Exception):
    """Stands for the process ending just there."""


STEPS = [
    "checkpoint-read",
    "checkpoint-logs",
    "checkpoint-cards",
    "checkpoint-written",
    "checkpoint-before-commit",
]


class CheckpointTests(InLanceDB, TestCase):
    def test_it_moves_everything_and_empties_the_journal(self) -> None:
        card = stored_card(self.alice)
        store(card, logs=(review_log(card),))
        done = checkpoint.run()
        self.assertEqual((done.entries, done.cards, done.logs), (2, 1, 1))
        self.assertEqual(JournalEntry.objects.count(), 0)
        self.assertEqual(tables.for_writing(FLASHCARDS).count_rows(), 1)
        self.assertEqual(tables.for_writing(REVIEW_LOGS).count_rows(), 1)
        versions = StoreVersions.objects.get()
        self.assertEqual(versions.flashcards, tables.for_writing(FLASHCARDS).version)
        self.assertEqual(versions.checkpoints, 1)

    def test_nothing_pending_writes_nothing(self) -> None:
        self.assertEqual(checkpoint.run().entries, 0)
        self.assertFalse(StoreVersions.objects.exists())

    def test_the_tables_have_the_declared_schemas(self) -> None:
        stored_card(self.alice)
        checkpoint.run()
        vectors = vector_sets.field(vector_sets.first().serving)
        self.assertEqual(tables.for_writing(FLASHCARDS).schema, FLASHCARDS_SCHEMA.append(vectors))
        self.assertEqual(tables.for_writing(REVIEW_LOGS).schema, REVIEW_LOGS_SCHEMA)

    def test_a_checkpoint_that_dies_at_any_step_is_repaired_by_the_next(self) -> None:
        for step in STEPS:
            with self.subTest(step):
                card = stored_card(self.alice)
                log = review_log(card)
                store(dataclasses.replace(card, flag=3), logs=(log,))

                def die(reached: str, step: str = step) -> None:
                    if reached == step:
                        raise DiedError

                with (
                    mock.patch.object(failpoints, "reach", autospec=True, side_effect=die),
                    self.assertRaises(DiedError),
                ):
                    checkpoint.run()
                clear_cache()
                self.assertEqual(cards.for_owner(self.alice).get(id=card.id).flag, 3)
                checkpoint.run()
                self.assertEqual(cards.for_owner(self.alice).get(id=card.id).flag, 3)
                logs = review_logs.for_owner(self.alice).filter(flashcard_id=card.id)
                self.assertEqual(list(logs), [log])
                self.assertEqual(logs.all().count(), 1)

    def test_an_older_image_never_replaces_a_newer_one(self) -> None:
        """As when a checkpoint that lost its lock wakes up after the next one has finished."""
        card = stored_card(self.alice)
        late = list(JournalEntry.objects.all())
        store(dataclasses.replace(card, flag=5))
        checkpoint.run()
        apply_entries._merge_cards(tables.for_writing(FLASHCARDS), late, vector_sets.first())
        self.assertEqual(
            tables.for_writing(FLASHCARDS).search().select(["flag"]).to_arrow()["flag"].to_pylist(),
            [5],
        )

    def test_one_id_for_two_reviews_loses_neither(self) -> None:
        first, second = stored_card(self.alice), stored_card(self.alice)
        log = review_log(first)
        store(first, logs=(log,))
        checkpoint.run()
        store(second, logs=(review_log(second, id=log.id),))
        checkpoint.run()
        logs = review_logs.for_owner(self.alice)
        self.assertEqual(logs.filter(flashcard_id=first.id).get(), log)
        self.assertEqual(logs.filter(flashcard_id=second.id).count(), 1)

    def test_batches_follow_one_another_until_all_is_moved(self) -> None:
        for _ in range(5):
            stored_card(self.alice)
        with mock.patch.object(checkpoint, "BATCH_ENTRIES", 2):
            self.assertEqual(checkpoint.run_until_empty().cards, 5)
        self.assertEqual(JournalEntry.objects.count(), 0)

    def test_files_reach_the_disk_before_the_journal_forgets_them(self) -> None:
        stored_card(self.alice)
        with (
            mock.patch.object(durable_files, "flush", autospec=True) as fsync,
            mock.patch.object(
                failpoints,
                "reach",
                autospec=True,
                side_effect=lambda step: self.assert_synced(step, fsync),
            ),
        ):
            checkpoint.run()
        self.assertTrue(fsync.called)

    def assert_synced(self, step: str, fsync: mock.Mock) -> None:
        if step != "checkpoint-written":
            return
        paths = [str(call.args[0]) for call in fsync.call_args_list]
        self.assertTrue(any(path.endswith(".lance") for path in paths))
        self.assertTrue(any("_versions" in path for path in paths))

    def test_indexes_are_made(self) -> None:
        stored_card(self.alice)
        checkpoint.run()
        columns = {c for i in tables.for_writing(FLASHCARDS).list_indices() for c in i.columns}
        self.assertEqual(columns, {c for c, kind in FLASHCARDS.indexes if kind is not Index.VECTOR})

    def test_missing_files_are_told_and_not_taken_for_an_empty_store(self) -> None:
        stored_card(self.alice)
        checkpoint.run()
        with self.settings(LANCEDB_URI="/tmp/memoryloop-nothing-here"):
            with self.assertRaisesMessage(StoreError, "has no table flashcards"):
                list(cards.for_owner(self.alice))
            with self.assertRaises(StoreError):
                check_readable()


class BatchTests(InLanceDB, TestCase):
    def setUp(self) -> None:
        self.cards = [flashcard(self.alice) for _ in range(25)]
        self.logs = [review_log(card) for card in self.cards[:5]]
        self.shares: list[float] = []

    def load(self) -> None:
        with mock.patch.object(bulk_load, "BATCH_CARDS", 10):
            bulk_load.load_cards(
                owner_id=self.alice.pk,
                cards=self.cards,
                logs=self.logs,
                progress=self.shares.append,
            )

    def test_many_cards_and_their_reviews_come_in_at_once(self) -> None:
        self.load()
        self.assertEqual(list(cards.for_owner(self.alice)), self.cards)
        self.assertEqual(set(review_logs.for_owner(self.alice)), set(self.logs))
        self.assertEqual(cards.for_owner(self.bob).count(), 0)
        self.assertEqual(self.shares[-1], 1.0)
        self.assertEqual(JournalEntry.objects.count(), 0)

    def test_a_checkpoint_that_dies_doubles_nothing(self) -> None:
        for step in STEPS:

            def die(reached: str, step: str = step) -> None:
                if reached == step:
                    raise DiedError

            with (
                mock.patch.object(failpoints, "reach", autospec=True, side_effect=die),
                self.assertRaises(DiedError),
            ):
                self.load()
            clear_cache()
            checkpoint.run()
            self.assertEqual(cards.for_owner(self.alice).count(), 25)
            self.assertEqual(review_logs.for_owner(self.alice).count(), 5)
            delete_for_owner(owner_id=self.alice.pk)
            checkpoint.run()

    def test_a_strangers_card_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            bulk_load.load_cards(owner_id=self.bob.pk, cards=self.cards, logs=[])

    def test_later_changes_of_loaded_cards_stand(self) -> None:
        self.load()
        delete_card(owner_id=self.alice.pk, card_id=self.cards[3].id, now=NOW)
        checkpoint.run()
        self.assertEqual(cards.for_owner(self.alice).count(), 24)


class EmbeddingTests(InLanceDB, TestCase):
    def vector_of(self, card: Flashcard) -> list[float] | None:
        table = tables.for_writing(FLASHCARDS)
        rows = table.search().where(f"id = '{card.id}'").select([COLUMN]).to_arrow()
        vector: list[float] | None = rows[COLUMN].to_pylist()[0]
        return vector

    def test_cards_get_their_vectors_and_are_found_by_meaning(self) -> None:
        cells = stored_card(self.alice, question="What does a mitochondrion make?", answer="ATP")
        stored_card(self.alice, question="Capital of France?", answer="Paris")
        stored_card(self.bob, question="What does a mitochondrion make?", answer="Bob's ATP")
        self.assertEqual(embedding.embed_cards(owner_id=self.alice.pk), 2)
        self.assertEqual(embedding.embed_cards(owner_id=self.alice.pk), 0)
        checkpoint.run()
        found = embedding.similar_cards(
            owner_id=self.alice.pk, text="energy production in cells", limit=1
        )
        self.assertEqual([card.id for card in found], [cells.id])
        vector = self.vector_of(cells)
        assert vector is not None
        self.assertAlmostEqual(float(np.linalg.norm(vector)), 1.0, places=5)

    def test_a_review_keeps_the_vector_and_an_edit_drops_it(self) -> None:
        card = stored_card(self.alice)
        embedding.embed_cards(owner_id=self.alice.pk)
        checkpoint.run()
        before = self.vector_of(card)
        review_card(
            owner_id=self.alice.pk,
            card_id=card.id,
            review_id=uuid.uuid4(),
            sequence=0,
            rating=Rating.GOOD,
            now=NOW + timedelta(days=1),
        )
        checkpoint.run()
        self.assertEqual(self.vector_of(card), before)
        edit_card(
            owner_id=self.alice.pk, card_id=card.id, question="Other", answer="words", now=NOW
        )
        checkpoint.run()
        self.assertIsNone(self.vector_of(card))

    def test_a_vector_of_words_that_changed_meanwhile_is_not_kept(self) -> None:
        card = flashcard(self.alice, embedding_model=vector_sets.first().serving.key)
        data = np.ones(896, dtype="f4")
        with mock.patch.object(failpoints, "reach", autospec=True):
            store(card)
            write([Change(card, vector=data)])
            store(dataclasses.replace(card, question="Other", embedding_model=""))
            checkpoint.run()
        self.assertIsNone(self.vector_of(card))
