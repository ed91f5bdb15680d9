"""Coverage: which ideas of a text have a card, by their source or by meaning."""

from datetime import timedelta
from unittest import mock

from django.utils import timezone

from chat.conversations.conversations import append_message, start_conversation
from chat.models import Conversation, Message
from flashcards.cards import embedding
from flashcards.cards.cards import create_cards
from flashcards.domain.records import Flashcard, NewCard, Rating
from flashcards.drafting import documents, origins
from flashcards.insight import coverage
from flashcards.insight.coverage import Coverage, State
from memoryloop.embeddings import EmbeddingError
from tests.base import TestCase
from tests.flashcards.given_cards import answer

TEXT = """# Energy of the cell

Mitochondria produce most of the cell's ATP by oxidative phosphorylation.
Insulin lowers blood sugar by letting the cells take up glucose.

- The Treaty of Westphalia ended the Thirty Years' War in 1648.
- Short.

What do you think about this question of mine?

It happens in the chloroplast, and it has two stages:

$$E = m c^2 + a + b + c + d + e + f$$
"""
MITO, INSULIN, TREATY = range(3)


class CoverageTests(TestCase):
    def setUp(self) -> None:
        self.now = timezone.now()
        document = documents.add(
            owner_id=self.alice.id, name="cell.md", content=TEXT.encode(), now=self.now
        )
        self.origin = origins.of_document(document)

    def read(self) -> Coverage:
        return coverage.read(self.alice, [self.origin], now=self.now)

    def states(self) -> list[State]:
        return [each.state for each in self.read().ideas]

    def give(self, question: str, said: str, place: int | None = None) -> Flashcard:
        """Give the learner a card, made from an idea of the text if one is named."""
        source = None
        if place is not None:
            idea = coverage.ideas_of(self.origin)[place]
            source = self.origin.source(idea.start, idea.end)
        card = NewCard(question=question, answer=said, source=source)
        made = create_cards(
            owner_id=self.alice.id, cards=[card], now=self.now - timedelta(minutes=1)
        )
        embedding.embed_all(owner_id=self.alice.id)
        return made[0]

    def test_ideas_are_sentences_and_items_without_questions_and_scraps(self) -> None:
        ideas = coverage.ideas_of(self.origin)
        self.assertEqual(
            [idea.text.split()[0] for idea in ideas], ["Mitochondria", "Insulin", "The"]
        )
        for idea in ideas:
            self.assertEqual(self.origin.text[idea.start : idea.end], idea.text)

    def test_without_cards_none_is_covered(self) -> None:
        found = self.read()
        self.assertEqual([each.state for each in found.ideas], [State.NONE] * 3)
        self.assertEqual(len(found.uncovered), 3)

    def test_a_card_from_these_words_covers_them_whatever_it_says(self) -> None:
        self.give("Something else entirely?", "Yes", TREATY)
        self.assertEqual(self.states(), [State.NONE, State.NONE, State.KNOWN])
        (covering,) = self.read().ideas[TREATY].cards
        self.assertTrue(covering.is_from_here)

    def test_a_card_that_means_the_same_covers_and_one_on_the_topic_does_not(self) -> None:
        self.give("What do mitochondria produce?", "ATP")
        self.give("Which organ makes insulin?", "The pancreas")
        self.assertEqual(self.states(), [State.KNOWN, State.NONE, State.NONE])
        (covering,) = self.read().ideas[MITO].cards
        self.assertFalse(covering.is_from_here)

    def test_an_idea_is_fading_when_all_of_its_cards_are(self) -> None:
        card = answer(self.give("What is this?", "A treaty", TREATY), Rating.EASY, now=self.now)
        self.assertEqual(self.states()[TREATY], State.KNOWN)
        self.now = card.due + timedelta(days=300)
        self.assertEqual(self.states()[TREATY], State.FADING)
        self.give("Which treaty ended the Thirty Years' War in 1648?", "That of Westphalia")
        self.assertEqual(self.states()[TREATY], State.KNOWN)

    def test_where_the_model_cannot_be_run_cards_from_here_are_found(self) -> None:
        self.give("Something else entirely?", "Yes", TREATY)
        with mock.patch.object(coverage, "embedder_named", side_effect=EmbeddingError("Gone.")):
            found = self.read()
        self.assertFalse(found.by_meaning)
        self.assertEqual(found.ideas[TREATY].state, State.KNOWN)

    def test_another_learners_cards_cover_nothing(self) -> None:
        create_cards(
            owner_id=self.bob.id,
            cards=[NewCard(question="What do mitochondria produce?", answer="ATP")],
            now=self.now,
        )
        embedding.embed_all(owner_id=self.bob.id)
        self.assertEqual(self.states(), [State.NONE] * 3)

    def test_a_long_text_is_cut_and_says_so(self) -> None:
        with mock.patch.object(coverage, "IDEAS_MOST", 2):
            found = self.read()
        self.assertTrue(found.is_cut)
        self.assertEqual(len(found.ideas), 2)

    def test_of_a_conversation_the_answers_are_taken(self) -> None:
        conversation = talk(self.alice)
        (origin,) = coverage.answers_of(conversation)
        self.assertIn("Mitochondria", origin.text)


def talk(user: object) -> Conversation:
    """Return a conversation with one answer that explains something."""
    asked = start_conversation(user, "How does a cell get its energy?")  # type: ignore[arg-type]
    append_message(
        asked.conversation,
        role=Message.Role.ASSISTANT,
        content="Mitochondria produce most of the cell's ATP by oxidative phosphorylation.",
    )
    return Conversation.objects.get(id=asked.conversation_id)
