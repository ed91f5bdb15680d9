"""Coverage of a goal: which of its lines have a card, found by meaning and words."""

from datetime import timedelta
from unittest import mock

from django.utils import timezone

from accounts.models import User
from flashcards.cards import embedding
from flashcards.cards.cards import create_cards
from flashcards.domain.records import Flashcard, NewCard, Rating
from flashcards.insight import goal_coverage, goals, near_cards
from flashcards.insight.coverage import State
from flashcards.insight.goal_coverage import CoveredLine, GoalCoverage
from memoryloop.embeddings import EmbeddingError
from tests.base import TestCase
from tests.engines import counts_queries
from tests.flashcards.given_cards import answer

LINES = """1. Stages of mitosis
2. Subnetting
3. What is a p-value?
"""
MITOSIS, SUBNETS, P_VALUE = range(3)


class GoalCoverageTests(TestCase):
    def setUp(self) -> None:
        self.now = timezone.now()
        self.goal = goals.create(
            owner_id=self.alice.id, name="Exam", lines=LINES, now=timezone.now()
        )

    def read(self) -> GoalCoverage:
        return goal_coverage.read(self.goal, now=self.now)

    def states(self) -> list[State]:
        return [line.state for line in self.read().lines]

    def give(
        self, question: str, said: str, owner: User | None = None, *, embedded: bool = True
    ) -> Flashcard:
        owner_id = (owner or self.alice).id
        card = NewCard(question=question, answer=said)
        made = create_cards(owner_id=owner_id, cards=[card], now=self.now - timedelta(minutes=1))
        if embedded:
            embedding.embed_all(owner_id=owner_id)
        return made[0]

    def test_without_cards_no_line_has_one(self) -> None:
        self.assertEqual(self.states(), [State.NONE] * 3)

    def test_a_line_has_the_cards_that_are_about_it(self) -> None:
        card = self.give("In which phase of mitosis do the chromosomes line up?", "Metaphase")
        self.give("What does p = 0.03 mean?", "Such data are rare under the null hypothesis")
        self.give("What is the capital of Slovenia?", "Ljubljana")
        found = self.read()
        self.assertEqual(found.lines[MITOSIS].state, State.KNOWN)
        self.assertEqual([each.card.id for each in found.lines[MITOSIS].cards], [card.id])
        self.assertEqual(found.lines[SUBNETS], CoveredLine("Subnetting", [], None))
        self.assertEqual(sum(found.count(state) for state in State), 3)

    def test_a_line_is_fading_when_all_of_its_cards_are(self) -> None:
        card = answer(
            self.give("How many addresses has a /26 subnet?", "64, by subnetting"),
            Rating.EASY,
            now=self.now,
        )
        self.assertEqual(self.states()[SUBNETS], State.KNOWN)
        self.now = card.due + timedelta(days=300)
        self.assertEqual(self.states()[SUBNETS], State.FADING)

    def test_another_learners_cards_cover_nothing(self) -> None:
        self.give("Stages of mitosis", "Prophase, metaphase, anaphase, telophase", self.bob)
        self.assertEqual(self.states(), [State.NONE] * 3)

    def test_where_the_model_cannot_be_run_words_are_compared(self) -> None:
        self.give("Stages of mitosis", "Prophase, metaphase, anaphase, telophase")
        self.give("How many stages has a rocket?", "Two or three")
        with mock.patch.object(near_cards, "embedder_named", side_effect=EmbeddingError("Gone.")):
            found = self.read()
        self.assertFalse(found.by_meaning)
        self.assertEqual(
            [line.state for line in found.lines], [State.KNOWN, State.NONE, State.NONE]
        )
        self.assertEqual(len(found.lines[MITOSIS].cards), 1)

    def test_cards_without_a_vector_yet_are_found_by_words(self) -> None:
        self.give("Stages of mitosis", "Prophase and so on", embedded=False)
        self.assertEqual(self.states()[MITOSIS], State.KNOWN)

    @counts_queries
    def test_reads_do_not_grow_with_the_lines(self) -> None:
        self.give("Stages of mitosis", "Prophase, metaphase, anaphase, telophase")
        # The answers, the sets of vectors, the journal twice with its vectors between, settings.
        with self.assertNumQueries(6):
            self.read()
        self.goal.lines = "\n".join(f"Topic {number}" for number in range(40))
        with self.assertNumQueries(6):
            self.read()
