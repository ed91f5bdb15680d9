"""PostgreSQL finds the same cards by their meaning as LanceDB does, with its index and without."""

import dataclasses
from unittest import mock

import numpy as np
from django.db import connection

from flashcards.domain.records import Flashcard
from flashcards.models import CardVector
from flashcards.store import Numbers, recorded_vectors
from flashcards.store.maintenance import checkpoint
from flashcards.store.postgres.care import optimize
from flashcards.store.postgres.search import meaning, vector_index, vectors
from flashcards.store.search import search as lance_search
from flashcards.store.search import vectors as lance_vectors
from memoryloop.embeddings import EmbeddingError
from memoryloop.embeddings.builtin import BuiltIn
from memoryloop.postgres import extensions
from tests.base import TestCase
from tests.engines import InLanceDB
from tests.factories import NOW, flashcard
from tests.flashcards.store.postgres.both_engines import (
    change_in_both,
    in_postgresql,
    store_in_both,
)

CARDS, TOPICS, ASKED, NEIGHBOURS = 120, 6, 12, 10


class MeaningTests(InLanceDB, TestCase):
    def setUp(self) -> None:
        draw = np.random.default_rng(18)
        centres = draw.standard_normal((TOPICS, BuiltIn.dimensions))
        noise = draw.standard_normal((CARDS + ASKED, BuiltIn.dimensions))
        near = centres[draw.integers(0, TOPICS, CARDS + ASKED)] + 0.5 * noise
        unit = (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)
        self.vectors, self.asked = unit[:CARDS], unit[CARDS:]
        # Bob's are Alice's once more: as near, and none of hers.
        self.cards = [self.card(n) for n in range(CARDS)]
        others = [dataclasses.replace(flashcard(self.bob), embedding_model=BuiltIn.name)
                  for _ in range(CARDS)]  # fmt: skip
        store_in_both([*self.cards, *others], [*self.vectors, *self.vectors])
        checkpoint.run()
        # Some have gone, and some have other words now.
        for card in self.cards[::7]:
            change_in_both(card, deleted_at=NOW)
        for card in self.cards[1::7]:
            change_in_both(card, question="Other words", embedding_model="")
        meaning.clear_cache()

    def card(self, number: int) -> Flashcard:
        return flashcard(self.alice, question=f"Fact {number}", embedding_model=BuiltIn.name)

    def assert_the_same(self, wanted: Numbers, limit: int, max_distance: float = 2.0) -> None:
        known = lance_search.nearest(self.alice.pk, wanted, limit=limit, max_distance=max_distance)
        with in_postgresql():
            found = meaning.nearest(self.alice.pk, wanted, limit=limit, max_distance=max_distance)
        self.assertEqual([card for _, card in found], [card for _, card in known])
        np.testing.assert_allclose([far for far, _ in found], [far for far, _ in known], atol=2e-3)

    def test_the_same_cards_are_nearest_as_in_lancedb(self) -> None:
        for number, wanted in enumerate(self.asked):
            with self.subTest(number):
                self.assert_the_same(wanted, NEIGHBOURS)
        self.assert_the_same(self.asked[0], CARDS)
        self.assert_the_same(self.asked[0], CARDS, max_distance=0.7)
        with in_postgresql():
            self.assertEqual(meaning.nearest(self.alice.pk, self.asked[0], limit=0), [])
        with in_postgresql(), self.assertRaisesRegex(EmbeddingError, "reembed --all"):
            meaning.nearest(self.alice.pk, np.ones(3, np.float32), limit=1)

    def test_with_an_index_the_same_are_found(self) -> None:
        serving = recorded_vectors.read().serving
        self.assertFalse(vector_index.make(serving))
        # Foreign keys are looked at when a transaction ends; until then no index is made.
        connection.check_constraints()
        with (
            mock.patch.object(vector_index, "VECTORS_LEAST", 10),
            mock.patch.object(vector_index, "COSTS_OF_ONE", 10),
        ):
            self.assertTrue(vector_index.make(serving))
            self.assertFalse(vector_index.make(serving))
            self.assertEqual(vector_index.made(), {vector_index.name(serving): True})
            self.assertTrue(vector_index.pays_for(self.alice.pk, serving))
            for number, wanted in enumerate(self.asked):
                with self.subTest(number):
                    self.assert_the_same(wanted, NEIGHBOURS)
            with mock.patch.object(extensions, "may_index_vectors", return_value=False):
                self.assertFalse(vector_index.pays_for(self.alice.pk, serving))
            # Vectors of another width do no harm: a store that was here before had them.
            card = flashcard(self.alice)
            store_in_both([card])
            CardVector.objects.create(
                card_id=card.id, owner=self.alice, column=serving.column, vector=[1.0, 0.0]
            )
            self.assert_the_same(self.asked[0], CARDS)
            connection.check_constraints()
            vector_index.drop_of(serving.column)
            self.assertEqual(vector_index.made(), {})
            # The worker makes it, and counts vectors once an hour to find out whether to.
            self.assertTrue(optimize.optimize_if_due())
            vector_index.drop_of(serving.column)
            self.assertFalse(optimize.optimize_if_due())

    def test_all_vectors_are_those_of_lancedb(self) -> None:
        for batch in (4_096, 7):
            with mock.patch.object(vectors, "_BATCH_ROWS", batch), in_postgresql():
                ids, found = vectors.read(self.alice.pk)
            known_ids, known = lance_vectors.read(self.alice.pk)
            by_id = dict(zip(known_ids, known, strict=True))
            self.assertEqual(set(ids), set(known_ids))
            self.assertEqual(found.dtype, known.dtype)
            np.testing.assert_array_equal(found, np.array([by_id[each] for each in ids]))
        with in_postgresql():
            ids, found = vectors.read(self.charlie.pk)
        self.assertEqual((ids, found.shape), ([], (0, BuiltIn.dimensions)))

    def test_it_looks_deeper_where_the_nearest_are_gone(self) -> None:
        (nearest,) = lance_search.by_meaning(self.alice.pk, self.asked[0], limit=1)
        gone = [self.card(CARDS + n) for n in range(3 * meaning.SPARE)]
        store_in_both(
            [dataclasses.replace(card, deleted_at=NOW) for card in gone],
            [self.asked[0]] * len(gone),
        )
        with in_postgresql():
            self.assertEqual(meaning.by_meaning(self.alice.pk, self.asked[0], limit=1), [nearest])


class CostTests(TestCase):
    def test_the_index_pays_for_those_who_have_many_vectors_and_not_too_small_a_part(self) -> None:
        for owned, of_all, pays in (
            (14_000, 14_000, False),
            (15_000, 15_000, True),
            (20_000, 100_000, True),
            (20_000, 1_000_000, False),
            (100_000, 1_000_000, True),
            (100_000, 10_000_000, False),
        ):
            with self.subTest(owned=owned, of_all=of_all):
                self.assertEqual(vector_index.pays(owned, of_all), pays)
