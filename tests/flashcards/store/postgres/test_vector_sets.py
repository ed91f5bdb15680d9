"""The switch between sets of vectors where they are in PostgreSQL."""

import time
from collections.abc import Iterable
from unittest import mock
from uuid import UUID

import numpy as np

from flashcards.models import CardRow, CardVector, StoreVersions
from flashcards.store import VectorSets, recorded_vectors
from flashcards.store.errors import EngineChanged
from flashcards.store.postgres import vector_sets
from flashcards.store.postgres.search import meaning, vectors
from flashcards.store.values import KEEP_VERSIONS
from memoryloop.embeddings.builtin import BuiltIn
from tests.base import TestCase
from tests.engines import InLanceDB
from tests.factories import NOW, flashcard
from tests.flashcards.store.postgres.both_engines import store_in_both

WIDTH = 7
POSTGRESQL = StoreVersions.Engine.POSTGRESQL


class VectorSetsTests(InLanceDB, TestCase):
    def setUp(self) -> None:
        self.cards = [flashcard(self.alice, embedding_model=BuiltIn.name) for _ in range(3)]
        store_in_both(self.cards, np.eye(3, BuiltIn.dimensions, dtype=np.float32))
        StoreVersions.objects.update_or_create(id=1, defaults={"engine": POSTGRESQL})

    def fill(self, sets: VectorSets, ids: Iterable[UUID]) -> None:
        """Give cards a vector of the coming set, and have them name it."""
        assert sets.coming is not None
        for number, card_id in enumerate(ids):
            owner_id = CardRow.objects.get(id=card_id).owner_id
            CardVector.objects.create(
                card_id=card_id, owner_id=owner_id, column=sets.coming.column,
                vector=np.eye(WIDTH, dtype=np.float32)[number],
            )  # fmt: skip
        CardRow.objects.filter(id__in=ids).update(embedding_model=sets.coming.key)

    def found(self) -> list[UUID]:
        """Return the cards nearest to the first direction of whichever set serves."""
        width = recorded_vectors.read().serving.dimensions
        near = meaning.nearest(self.alice.pk, np.eye(1, width, dtype=np.float32)[0], limit=3)
        ids, matrix = vectors.read(self.alice.pk)
        self.assertEqual(set(ids), {card.id for _, card in near})
        self.assertEqual(matrix.shape, (len(ids), width))
        return [card.id for _, card in near]

    def test_the_coming_set_serves_once_no_card_lacks_a_vector(self) -> None:
        first, second, third = (card.id for card in self.cards)
        self.assertFalse(vector_sets.finish())
        self.assertEqual(vector_sets.owners_to_embed(), [])
        sets = vector_sets.begin("new", WIDTH, 0.9)
        self.assertEqual(vector_sets.begin("new", WIDTH, 0.9), sets)
        self.assertEqual(recorded_vectors.read(), sets)
        self.assertEqual(vector_sets.owners_to_embed(), [self.alice.pk])
        # A card in the trash has to be in both sets as well: it may be restored.
        CardRow.objects.filter(id=third).update(deleted_at=NOW)
        self.fill(sets, [second, first])
        self.assertEqual(self.found(), [first, second])
        self.assertFalse(vector_sets.finish())
        self.fill(sets, [third])
        self.assertEqual(vector_sets.owners_to_embed(), [])
        before = StoreVersions.objects.get().rebuilt
        self.assertTrue(vector_sets.finish())
        self.assertGreater(StoreVersions.objects.get().rebuilt, before)
        self.assertEqual(recorded_vectors.read().serving, sets.coming)
        self.assertEqual(self.found(), [second, first])
        # A search that began with the old set may read it for an hour.
        self.assertEqual(vector_sets.drop_retired(), 0)
        self.assertEqual(CardVector.objects.filter(column=sets.serving.column).count(), 3)
        later = time.time() + KEEP_VERSIONS.total_seconds() + 1
        with mock.patch.object(time, "time", return_value=later):
            self.assertEqual(vector_sets.drop_retired(), 1)
        self.assertFalse(CardVector.objects.filter(column=sets.serving.column).exists())
        self.assertEqual(recorded_vectors.read().retired, ())
        self.assertEqual(self.found(), [second, first])

    def test_a_set_that_is_given_up_leaves_the_other_serving(self) -> None:
        sets = vector_sets.begin("new", WIDTH, 0.9)
        self.fill(sets, [self.cards[1].id])
        vector_sets.give_up()
        self.assertEqual(self.found()[0], self.cards[0].id)
        self.assertEqual(len(self.found()), 3)
        self.assertFalse(vector_sets.finish())
        again = vector_sets.begin("new", WIDTH, 0.9)
        assert again.coming is not None
        self.assertEqual((again.coming.key, again.coming.column), ("new#3", "embedding_3"))
        with (
            mock.patch.object(vector_sets, "_BATCH_ROWS", 1),
            mock.patch.object(time, "time", return_value=time.time() + 7_200),
        ):
            self.assertEqual(vector_sets.drop_retired(), 1)
        self.assertEqual(CardVector.objects.count(), 3)

    def test_cards_in_the_trash_get_no_vector_unless_another_set_has_one(self) -> None:
        CardRow.objects.filter(id=self.cards[0].id).update(deleted_at=NOW, embedding_model="")
        self.assertEqual(vector_sets.owners_to_embed(), [])
        CardRow.objects.filter(id=self.cards[0].id).update(deleted_at=None)
        self.assertEqual(vector_sets.owners_to_embed(), [self.alice.pk])

    def test_nothing_is_recorded_where_the_cards_have_moved(self) -> None:
        StoreVersions.objects.update(engine=StoreVersions.Engine.LANCEDB)
        with self.assertRaises(EngineChanged):
            vector_sets.begin("new", WIDTH, 0.9)
        self.assertIsNone(recorded_vectors.read().coming)
