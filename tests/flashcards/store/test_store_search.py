"""Cards are found by words and by meaning, also those still in the journal."""

import dataclasses
from datetime import timedelta
from typing import Any
from unittest import mock

import numpy as np
from lancedb.index import IvfRq

from flashcards.cards import embedding
from flashcards.domain.records import Flashcard
from flashcards.store import Change, asked, cards, write
from flashcards.store.lance import tables
from flashcards.store.maintenance import checkpoint, optimize
from flashcards.store.rows import vector_sets
from flashcards.store.rows.schema import FLASHCARDS, Index
from flashcards.store.search import search, words
from flashcards.store.values import WordMatches
from memoryloop.embeddings import get_embedder
from memoryloop.embeddings.builtin import BuiltIn
from memoryloop.search_words import terms
from tests.base import TestCase
from tests.engines import InLanceDB
from tests.factories import NOW, flashcard, store, stored_card

index_config = tables.index_config


def questions(cards: list[Flashcard]) -> list[str]:
    return [card.question for card in cards]


class WordsTests(InLanceDB, TestCase):
    def setUp(self) -> None:
        self.france = stored_card(self.alice, question="Capital of France?", answer="Paris")
        self.spain = stored_card(self.alice, question="Capital of Spain?", answer="Madrid")
        stored_card(self.alice, question="Formula of water?", answer="H2O")
        stored_card(self.bob, question="Capital of France, for Bob?", answer="Paris")

    def search(self, text: str, limit: int = 10) -> WordMatches:
        return words.begin(self.alice.pk, terms(text), limit=limit).result()

    def find(self, text: str, limit: int = 10) -> list[str]:
        return sorted(questions(self.search(text, limit).cards))

    def test_cards_with_any_of_the_words_are_found_and_counted_stored_or_pending(self) -> None:
        for _ in range(2):
            found = self.search("the capital: FRANCE")
            self.assertEqual(
                sorted(questions(found.cards)), ["Capital of France?", "Capital of Spain?"]
            )
            self.assertEqual(found.counts, {"capital": 2, "france": 1})
            self.assertEqual(self.find("madrid"), ["Capital of Spain?"])
            self.assertEqual(self.find("bob"), [])
            self.assertEqual(self.find(" ?! "), [])
            checkpoint.run()

    def test_words_are_found_by_their_forms_and_without_accents(self) -> None:
        stored_card(self.alice, question="Where do cafés serve croissants?", answer="Everywhere")
        stored_card(self.alice, question="光合成とは?", answer="光のエネルギー")
        for _ in range(2):
            self.assertEqual(self.find("cafe croissant"), ["Where do cafés serve croissants?"])
            self.assertEqual(self.find("光合成"), ["光合成とは?"])
            checkpoint.run()

    def test_a_word_that_no_card_has_finds_what_begins_so_or_is_spelt_alike(self) -> None:
        for _ in range(2):
            for typed in ("Madird", "Madri", "madrdi", "Maddrid", "Mad", "Matrid"):
                found = self.search(typed)
                self.assertEqual(questions(found.cards), ["Capital of Spain?"], typed)
            self.assertEqual(self.find("Maadriids"), [])
            checkpoint.run()

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
        for share in (0.0, 0.9):
            with mock.patch.object(search, "ALONE_SHARE", share):
                search.clear_cache()
                self.assertIn("Capital of France?", self.find("capital of France", limit=1))
                self.assertNotIn("Capital capital capital of France", self.find("capital"))

    def test_a_long_text_is_looked_for_by_some_of_its_words(self) -> None:
        checkpoint.run()
        found = self.search("and so on " * 50 + "Extraordinarily " + "x y z " * 50 + "Madrid")
        self.assertLessEqual(len(found.counts), asked.TERMS_MOST)
        self.assertEqual(questions(found.cards), ["Capital of Spain?"])

    def test_no_text_breaks_the_query_language(self) -> None:
        checkpoint.run()
        for text in ('"', "capital AND (", "a:b", "france~2", "-capital", "'; DROP", "\\", "*",
                     "^^^mad", "+capital", "\ud800x", "x" * 5_000, "水" * 500, "😀", "ж" * 30,
                     "अ" * 30, "xy" * 15):  # fmt: skip
            self.find(text)


class MeaningTests(InLanceDB, TestCase):
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

    def stored(self, vectors: np.ndarray) -> list[Flashcard]:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        cards = [flashcard(self.alice, embedding_model=BuiltIn.name) for _ in vectors]
        write(Change(card, vector=vector) for card, vector in zip(cards, vectors, strict=True))
        checkpoint.run()
        return cards

    def unindexed(self) -> int:
        column = vector_sets.first().serving.column
        (index,) = (
            index
            for index in tables.for_writing(FLASHCARDS).list_indices()
            if index.columns == [column]
        )
        return int(index.num_unindexed_rows)

    def test_with_a_vector_index_the_same_are_found(self) -> None:
        vectors = np.random.default_rng(1).standard_normal((400, 896)).astype("f4")
        with mock.patch.object(checkpoint, "VECTOR_INDEX_ROWS", 256):
            cards = self.stored(vectors)
        self.assertEqual(self.unindexed(), 0)
        for position in range(0, 400, 40):
            found = search.by_meaning(self.alice.pk, vectors[position], limit=1)
            self.assertEqual(found[0].id, cards[position].id)

    def test_an_index_of_vectors_that_are_alike_takes_cards_without_one(self) -> None:
        """Parts of it are empty, and LanceDB finds no file of them when it adds to it."""
        vectors = np.tile(np.random.default_rng(1).standard_normal(896).astype("f4"), (600, 1))
        cards = self.stored(vectors)
        with (
            mock.patch.object(tables, "index_config", _in_parts),
            mock.patch.object(checkpoint, "VECTOR_INDEX_ROWS", 256),
            checkpoint.exclusive() as recorded,
        ):
            table = tables.for_writing(FLASHCARDS)
            checkpoint.index_vectors(table, vector_sets.first().serving)
            recorded.flashcards = table.version
        for _ in range(24):
            stored_card(self.alice)
        with self.assertLogs(checkpoint.logger, "WARNING"):
            optimize.optimize_fully(timedelta(0))
        self.assertEqual(self.unindexed(), 0)
        found = search.by_meaning(self.alice.pk, vectors[0], limit=1)
        self.assertIn(found[0].id, {card.id for card in cards})


def _in_parts(kind: Index) -> Any:
    """Return an index of as many parts as one of 20,000 vectors has."""
    if kind is not Index.VECTOR:
        return index_config(kind)
    return IvfRq(distance_type="cosine", num_partitions=7)
