"""Cards are found by words, by meaning and by both, also those still in the journal."""

import dataclasses
from unittest import mock

import numpy as np

from flashcards.cards import embedding
from flashcards.domain.records import Flashcard
from flashcards.store import Change, cards, write
from flashcards.store.lance import tables, vector_sets
from flashcards.store.lance.schema import FLASHCARDS
from flashcards.store.maintenance import checkpoint
from flashcards.store.search import search
from memoryloop.embeddings import get_embedder
from memoryloop.embeddings.builtin import BuiltIn
from tests.base import TestCase
from tests.factories import NOW, flashcard, store, stored_card


def questions(cards: list[Flashcard]) -> list[str]:
    return [card.question for card in cards]


class WordsTests(TestCase):
    def setUp(self) -> None:
        self.france = stored_card(self.alice, question="Capital of France?", answer="Paris")
        self.spain = stored_card(self.alice, question="Capital of Spain?", answer="Madrid")
        stored_card(self.alice, question="Formula of water?", answer="H2O")
        stored_card(self.bob, question="Capital of France, for Bob?", answer="Paris")

    def find(self, text: str, limit: int = 10) -> list[str]:
        return questions(search.by_words(self.alice.pk, text, limit=limit))

    def test_most_of_the_words_comes_first_stored_or_pending(self) -> None:
        for _ in range(2):
            self.assertEqual(
                self.find("the capital: FRANCE"), ["Capital of France?", "Capital of Spain?"]
            )
            self.assertEqual(self.find("madrid"), ["Capital of Spain?"])
            self.assertEqual(self.find("bob"), [])
            self.assertEqual(self.find(" ?! "), [])
            checkpoint.run()

    def test_words_are_found_by_their_stems_and_without_accents(self) -> None:
        stored_card(self.alice, question="Where do cafés serve croissants?", answer="Everywhere")
        checkpoint.run()
        self.assertEqual(self.find("cafe croissant"), ["Where do cafés serve croissants?"])

    def test_a_card_changed_since_is_found_by_its_new_words_only(self) -> None:
        checkpoint.run()
        store(dataclasses.replace(self.spain, question="Chief city of Iberia?", answer="-"))
        store(dataclasses.replace(self.france, deleted_at=NOW))
        self.assertEqual(self.find("capital"), [])
        self.assertEqual(self.find("iberia"), ["Chief city of Iberia?"])

    def test_another_learners_cards_crowd_nobody_out(self) -> None:
        for _ in range(60):
            stored_card(self.bob, question="Capital capital capital of France", answer="Paris")
        checkpoint.run()
        self.assertEqual(self.find("capital of France", limit=1), ["Capital of France?"])

    def test_no_text_breaks_the_query_language(self) -> None:
        checkpoint.run()
        for text in ('"', "capital AND (", "a:b", "france~2", "-capital", "'; DROP", "\\", "*"):
            self.find(text)


class MeaningTests(TestCase):
    def setUp(self) -> None:
        self.cell = stored_card(
            self.alice, question="What does a mitochondrion make?", answer="ATP, for energy"
        )
        stored_card(self.alice, question="Capital of France?", answer="Paris")
        stored_card(self.bob, question="What does a mitochondrion make?", answer="Bob's ATP")
        self.vector = get_embedder().embed(["Where does a cell get its energy?"])[0]

    def find(self, max_distance: float = 2.0) -> list[str]:
        found = search.by_meaning(self.alice.pk, self.vector, limit=1, max_distance=max_distance)
        return questions(found)

    def test_embedded_cards_are_found_before_and_after_a_checkpoint(self) -> None:
        self.assertEqual(self.find(), [])
        embedding.embed_cards(owner_id=self.alice.pk)
        for _ in range(2):
            self.assertEqual(self.find(), ["What does a mitochondrion make?"])
            self.assertEqual(self.find(max_distance=0.05), [])
            checkpoint.run()

    def test_a_card_edited_or_deleted_since_is_not_found_by_its_old_meaning(self) -> None:
        embedding.embed_cards(owner_id=self.alice.pk)
        checkpoint.run()
        card = cards.for_owner(self.alice).get(id=self.cell.id)
        store(dataclasses.replace(card, question="Other words", embedding_model=""))
        self.assertEqual(self.find(), ["Capital of France?"])

    def test_it_looks_deeper_when_the_nearest_were_all_changed_since(self) -> None:
        twins = [
            stored_card(self.alice, question=self.cell.question, answer=f"{self.cell.answer} {n}")
            for n in range(8)
        ]
        embedding.embed_cards(owner_id=self.alice.pk)
        checkpoint.run()
        for card in cards.for_owner(self.alice).in_bulk([c.id for c in twins]).values():
            store(dataclasses.replace(card, deleted_at=NOW))
        self.assertEqual(self.find(), [self.cell.question])

    def test_somebody_nearly_alone_gets_no_card_of_others(self) -> None:
        embedding.embed_cards(owner_id=self.alice.pk)
        embedding.embed_cards(owner_id=self.bob.pk)
        checkpoint.run()
        for share in (0.0, 0.9):
            with mock.patch.object(search, "ALONE_SHARE", share):
                search.clear_cache()
                found = search.by_meaning(self.alice.pk, self.vector, limit=9)
            self.assertEqual({card.owner_id for card in found}, {self.alice.pk})
            self.assertEqual(len(found), 2)

    def test_words_and_meaning_are_fused(self) -> None:
        embedding.embed_cards(owner_id=self.alice.pk)
        stored_card(self.alice, question="Energy?", answer="The ability to do work")
        for _ in range(2):
            found = search.hybrid(self.alice.pk, "mitochondrion energy", self.vector, limit=3)
            self.assertEqual(found[0].id, self.cell.id)
            self.assertIn("Energy?", questions(found))
            self.assertEqual(
                questions(search.hybrid(self.alice.pk, "paris", None, limit=3)),
                ["Capital of France?"],
            )
            checkpoint.run()

    def test_with_a_vector_index_the_same_are_found(self) -> None:
        draw = np.random.default_rng(1)
        vectors = draw.standard_normal((400, 896)).astype("f4")
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        cards = [flashcard(self.alice, embedding_model=BuiltIn.name) for _ in vectors]
        write(Change(card, vector=vector) for card, vector in zip(cards, vectors, strict=True))
        with mock.patch.object(checkpoint, "VECTOR_INDEX_ROWS", 256):
            checkpoint.run()
        indexed = {c for i in tables.for_writing(FLASHCARDS).list_indices() for c in i.columns}
        self.assertIn(vector_sets.first().serving.column, indexed)
        for position in range(0, 400, 40):
            found = search.by_meaning(self.alice.pk, vectors[position], limit=1)
            self.assertEqual(found[0].id, cards[position].id)
