"""The one search: what is found by words, by spelling and by meaning, and in which order."""

from unittest import mock

from flashcards.cards import embedding
from flashcards.domain.records import NewCard
from flashcards.search.evidence import Found
from flashcards.search.find_cards import FoundCard, find_cards
from flashcards.store.maintenance import checkpoint
from memoryloop.embeddings.base import EmbeddingError
from tests.base import TestCase
from tests.flashcards.given_cards import give_cards

CARDS = (
    ("What is the capital of Slovenia?", "Ljubljana"),
    ("What is the capital of Slovakia?", "Bratislava"),
    ("What is the capital of Norway?", "Oslo"),
    ("Function of the mitochondria", "Produce ATP by oxidative phosphorylation"),
    ("What is apoptosis?", "Programmed cell death"),
    ("Wo liegt die Zugspitze?", "In den Alpen, an der Grenze zu Österreich"),
    ("Who painted The Night Watch?", "Rembrandt, 1642"),
    ("植物の光合成はどこで起こるか", "葉緑体"),
)


class FindCardsTests(TestCase):
    def setUp(self) -> None:
        self.cards = give_cards(self.alice, *(NewCard(question=q, answer=a) for q, a in CARDS))
        give_cards(self.bob, NewCard(question="What is the capital of Slovenia?", answer="-"))
        embedding.embed_all(owner_id=self.alice.pk)

    def find(self, text: str, limit: int = 5) -> list[FoundCard]:
        return find_cards(owner_id=self.alice.pk, text=text, limit=limit)

    def assert_first(self, text: str, question: str, by: Found) -> None:
        first = self.find(text)[0]
        self.assertEqual((first.card.question, first.by), (question, by), text)

    def test_the_card_that_was_meant_comes_first_stored_or_pending(self) -> None:
        slovenia, mitochondria = "What is the capital of Slovenia?", "Function of the mitochondria"
        photosynthesis = "植物の光合成はどこで起こるか"
        for _ in range(2):
            for text, question, by in (
                ("capital of Slovenia?", slovenia, Found.WORDS),
                ("ljubljana", slovenia, Found.WORDS),
                ("Capitol of Slovinia", slovenia, Found.SPELLING),
                ("mitochodria", mitochondria, Found.SPELLING),
                ("mitoch", mitochondria, Found.WORDS),
                ("how cells die on purpose", "What is apoptosis?", Found.MEANING),
                ("Welche Stadt ist die Hauptstadt von Slowenien?", slovenia, Found.MEANING),
                ("osterreich grenze", "Wo liegt die Zugspitze?", Found.WORDS),
                ("光合成とは何ですか", photosynthesis, Found.WORDS),
                ("rembrants", "Who painted The Night Watch?", Found.SPELLING),
            ):
                self.assert_first(text, question, by)
            checkpoint.run()

    def test_an_exact_phrase_leads(self) -> None:
        give_cards(
            self.alice,
            NewCard(question="Night, watch: the old man", answer="the watch of the night"),
            NewCard(question="Nights that people watch", answer="night watch night"),
        )
        for _ in range(2):
            self.assert_first("the night watch", "Who painted The Night Watch?", Found.WORDS)
            checkpoint.run()

    def test_a_rare_word_weighs_more_than_a_frequent_one(self) -> None:
        first, second = (each.card.answer for each in self.find("capital oslo")[:2])
        self.assertEqual(first, "Oslo")
        self.assertNotEqual(second, "Oslo")

    def test_every_card_belongs_to_whoever_asks(self) -> None:
        checkpoint.run()
        found = find_cards(owner_id=self.bob.pk, text="capital of Slovenia", limit=5)
        self.assertEqual([each.card.owner_id for each in found], [self.bob.pk])

    def test_without_the_model_words_and_spelling_still_find(self) -> None:
        broken = mock.Mock()
        broken.embed_query.side_effect = EmbeddingError("It does not run.")
        with mock.patch.object(embedding, "embedder_named", autospec=True, return_value=broken):
            self.assert_first("slovinia", "What is the capital of Slovenia?", Found.SPELLING)
            self.assertEqual(self.find("zebra"), [])

    def test_scores_fall_and_stay_between_0_and_1(self) -> None:
        for text in ("capital of Slovenia", "die", "x", "what is", "光", "1642"):
            scores = [each.score for each in self.find(text, limit=20)]
            self.assertEqual(scores, sorted(scores, reverse=True))
            self.assertTrue(all(0 <= score <= 1 for score in scores), scores)

    def test_nothing_to_look_for_finds_nothing(self) -> None:
        for text in ("", "   ", "\n"):
            self.assertEqual(self.find(text), [])
        self.assertEqual(self.find("capital", limit=0), [])
