"""Habits: the learner's own answers where there are enough, somebody typical's where not."""

from datetime import timedelta

import pytest

from flashcards.domain.answer_codes import QUARTER_MICROS, code_of
from flashcards.domain.records import Rating, State
from flashcards.domain.study_day import micros
from flashcards.insight.habits import habits_of
from flashcards.models import ReviewTotals
from flashcards.scheduling.simulation.habits import TYPICAL
from tests.base import TestCase
from tests.factories import NOW, flashcard, review_log


class HabitsTests(TestCase):
    def give(self, state: State, rating: Rating, reviews: int, seconds: float, days: int) -> None:
        log = review_log(
            flashcard(self.alice),
            rating=rating,
            state_before=state,
            elapsed_days=float(state is State.REVIEW),
        )
        ReviewTotals.objects.create(
            owner_id=self.alice.id,
            quarter=micros(NOW - timedelta(days=days)) // QUARTER_MICROS,
            code=code_of(log),
            reviews=reviews,
            duration_ms=round(1000 * seconds * reviews),
        )

    def test_nobody_has_none_of_their_own(self) -> None:
        own = habits_of(owner_id=self.alice.id, now=NOW)
        self.assertEqual(own.habits, TYPICAL)
        self.assertEqual(own.answers, 0)
        self.assertFalse(own.is_own)

    def test_shares_and_seconds_are_those_of_the_log(self) -> None:
        self.give(State.REVIEW, Rating.GOOD, 700, 5, 3)
        self.give(State.REVIEW, Rating.GOOD, 100, 13, 9)
        self.give(State.REVIEW, Rating.AGAIN, 200, 20, 3)
        self.give(State.REVIEW, Rating.GOOD, 9_000, 40, 400)
        self.give(State.RELEARNING, Rating.GOOD, 40, 3, 3)
        self.give(State.LEARNING, Rating.GOOD, 40, 5, 3)
        own = habits_of(owner_id=self.alice.id, now=NOW)
        self.assertTrue(own.is_own)
        review = own.habits.review
        assert review.seconds[Rating.GOOD - 1] == pytest.approx(6.0)
        assert review.seconds[Rating.AGAIN - 1] == pytest.approx(20.0)
        assert review.shares[Rating.GOOD - 1] == pytest.approx(0.8, abs=0.01)
        assert sum(review.shares) == pytest.approx(1.0)
        # Never pressed, and yet not impossible.
        assert 0 < review.shares[Rating.EASY - 1] < 0.01
        assert own.habits.steps.seconds[Rating.GOOD - 1] == pytest.approx(4.0)
        # New cards were none: those of somebody typical, at the learner's pace.
        assert own.habits.first.shares == TYPICAL.first.shares
        assert own.habits.first.seconds[0] < TYPICAL.first.seconds[0]
        self.assertEqual(own.typical, ("first",))

    def test_undone_reviews_times_of_nothing_and_long_pauses_do_no_harm(self) -> None:
        self.give(State.REVIEW, Rating.GOOD, 60, 0, 3)
        self.give(State.REVIEW, Rating.HARD, 20, 60, 3)
        self.give(State.NEW, Rating.EASY, -1, 1, 3)
        habits = habits_of(owner_id=self.alice.id, now=NOW).habits
        assert habits.review.seconds[Rating.HARD - 1] == 45.0
        assert all(seconds > 0 for seconds in habits.review.seconds)
        assert min(habits.first.shares) >= 0

    def test_another_learners_answers_do_not_count(self) -> None:
        self.give(State.REVIEW, Rating.GOOD, 700, 5, 3)
        self.assertEqual(habits_of(owner_id=self.bob.id, now=NOW).answers, 0)
