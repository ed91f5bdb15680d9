"""Coverage: which ideas of a text have a card, by their source or by meaning."""

from datetime import timedelta
from unittest import mock

from django.utils import timezone

from chat.conversations.conversations import append_message, start_conversation
from chat.models import Conversation, Message
from flashcards.cards import embedding, trash
from flashcards.cards.cards import create_cards, delete_card
from flashcards.domain.records import Flashcard, NewCard, Rating
from flashcards.drafting import documents, origins
from flashcards.insight import coverage, coverage_answers, near_cards
from flashcards.insight.coverage import Coverage, Idea, State, Why
from flashcards.models import CoverageAnswer
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

    def idea(self, place: int) -> Idea:
        return coverage.ideas_of(self.origin)[place]

    def states(self) -> list[State]:
        return [each.state for each in self.read().ideas]

    def give(self, question: str, said: str, place: int | None = None) -> Flashcard:
        """Give the learner a card, made from an idea of the text if one is named."""
        source = None
        if place is not None:
            idea = self.idea(place)
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
        self.assertEqual(covering.why, Why.FROM_HERE)

    def test_a_card_that_means_the_same_covers_and_one_on_the_topic_perhaps(self) -> None:
        self.give("What do mitochondria produce?", "ATP")
        near = self.give("Which organ makes insulin?", "The pancreas")
        self.assertEqual(self.states(), [State.KNOWN, State.PERHAPS, State.NONE])
        self.assertEqual(getattr(self.read().ideas[INSULIN].perhaps, "id", None), near.id)
        self.assertEqual([each.start for each in self.read().uncovered], [self.idea(TREATY).start])
        (covering,) = self.read().ideas[MITO].cards
        self.assertEqual(covering.why, Why.MEANING)

    def say(self, place: int, card: Flashcard, *, is_covered: bool) -> CoverageAnswer:
        return coverage_answers.keep(
            owner_id=self.alice.id,
            where={"document_id": self.origin.id},
            digest=self.idea(place).digest,
            card_id=card.id,
            is_covered=is_covered,
            now=self.now,
        )

    def test_what_the_learner_says_of_a_card_is_kept(self) -> None:
        card = self.give("Which organ makes insulin?", "The pancreas")
        answer_id = self.say(INSULIN, card, is_covered=True).id
        (covering,) = self.read().ideas[INSULIN].cards
        self.assertEqual((covering.why, covering.answer_id), (Why.SAID, answer_id))
        self.assertEqual(self.say(INSULIN, card, is_covered=False).id, answer_id)
        self.assertEqual(self.states(), [State.NONE] * 3)
        self.give("What does insulin do to sugar?", "It lets the cells take it in")
        self.assertNotEqual(self.states()[INSULIN], State.NONE)
        coverage_answers.take_back(owner_id=self.bob.id, answer_id=answer_id)
        self.assertEqual(CoverageAnswer.objects.count(), 1)
        coverage_answers.take_back(owner_id=self.alice.id, answer_id=answer_id)
        self.assertEqual(CoverageAnswer.objects.count(), 0)

    def test_an_answer_is_of_one_idea_and_goes_with_its_card(self) -> None:
        card = self.give("Which organ makes insulin?", "The pancreas")
        self.say(MITO, card, is_covered=True)
        self.assertEqual(self.states(), [State.KNOWN, State.PERHAPS, State.NONE])
        delete_card(owner_id=self.alice.id, card_id=card.id, now=self.now)
        self.assertEqual(self.states(), [State.NONE] * 3)
        self.assertEqual(CoverageAnswer.objects.count(), 1)
        trash.erase(owner_id=self.alice.id, card_ids=[card.id])
        self.assertEqual(CoverageAnswer.objects.count(), 0)

    def test_what_is_said_holds_where_meaning_cannot_be_compared(self) -> None:
        self.say(MITO, self.give("Which organ makes insulin?", "The pancreas"), is_covered=True)
        with mock.patch.object(near_cards, "embedder_named", side_effect=EmbeddingError("Gone.")):
            self.assertEqual(self.states(), [State.KNOWN, State.NONE, State.NONE])

    def test_an_idea_is_fading_when_all_of_its_cards_are(self) -> None:
        card = answer(self.give("What is this?", "A treaty", TREATY), Rating.EASY, now=self.now)
        self.assertEqual(self.states()[TREATY], State.KNOWN)
        self.now = card.due + timedelta(days=300)
        self.assertEqual(self.states()[TREATY], State.FADING)
        self.give("Which treaty ended the Thirty Years' War in 1648?", "That of Westphalia")
        self.assertEqual(self.states()[TREATY], State.KNOWN)

    def test_where_the_model_cannot_be_run_cards_from_here_are_found(self) -> None:
        self.give("Something else entirely?", "Yes", TREATY)
        with mock.patch.object(near_cards, "embedder_named", side_effect=EmbeddingError("Gone.")):
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
