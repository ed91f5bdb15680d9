"""Undo: thirty reviews deep, across checkpoints, never an undo of an undo."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from unittest import mock

from flashcards import study_settings
from flashcards.cards.cards import delete_card
from flashcards.domain.records import Flashcard, LogKind, Rating
from flashcards.maintenance import check
from flashcards.review import ratings
from flashcards.review.ratings import UNDO_WITHIN, NothingToUndo, undo_review
from flashcards.store import cards, clear_cache, review_logs
from flashcards.store.lance import tables
from flashcards.store.maintenance import checkpoint
from tests.base import TestCase
from tests.engines import counts_queries
from tests.factories import NOW, stored_card
from tests.flashcards.given_cards import answer

DEEP = 30


def forget_everything() -> None:
    """Forget what this process has in memory, as another one or a reload would not know it."""
    clear_cache()
    ratings.clear_cache()


class UndoTests(TestCase):
    def setUp(self) -> None:
        self.now = NOW + timedelta(hours=1)
        self.cards = [stored_card(self.alice) for _ in range(6)]
        self.before: list[dict[uuid.UUID, Flashcard]] = []

    def review(self, number: int) -> None:
        for n in range(number):
            self.before.append(self.images())
            card = self.before[-1][self.cards[n % 6].id]
            rating = (Rating.GOOD, Rating.AGAIN, Rating.HARD, Rating.EASY)[n % 4]
            self.now += timedelta(minutes=7)
            answer(card, rating, now=self.now)

    def images(self) -> dict[uuid.UUID, Flashcard]:
        return {card.id: card for card in cards.for_owner(self.alice)}

    def undo(self) -> Flashcard:
        self.now += timedelta(seconds=5)
        return undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=self.now)

    def go_all_the_way_back(self, between: Callable[[], object]) -> None:
        while self.before:
            self.undo()
            expected = self.before.pop()
            found = {
                card_id: replace(card, sequence=expected[card_id].sequence)
                for card_id, card in self.images().items()
            }
            self.assertEqual(found, expected)
            if len(self.before) % 10 == 0:
                between()
        with self.assertRaises(NothingToUndo):
            self.undo()

    def test_thirty_steps_back_each_gives_what_was(self) -> None:
        self.review(DEEP)
        self.go_all_the_way_back(forget_everything)
        logs = review_logs.for_owner(self.alice)
        kinds = [log.kind for log in logs]
        self.assertEqual(kinds.count(LogKind.UNDO), DEEP)
        self.assertEqual(len({log.undoes for log in logs if log.kind is LogKind.UNDO}), DEEP)
        self.assertTrue(check.check().is_clean)

    def test_what_was_just_rated_is_taken_back_from_memory(self) -> None:
        checkpoint.run()
        self.review(6)
        with mock.patch.object(tables, "fetch", side_effect=AssertionError("LanceDB was read.")):
            for _ in range(6):
                self.undo()
        expected = {card.id: card for card in self.before[0].values()}
        found = {i: replace(card, sequence=0) for i, card in self.images().items()}
        self.assertEqual(found, expected)
        self.assertTrue(check.check().is_clean)

    def test_other_settings_than_at_the_rating_are_gone_by(self) -> None:
        self.review(1)
        values = {"desired_retention": 0.8}
        study_settings.save(owner_id=self.alice.pk, deck=None, values=values, now=self.now)
        self.undo()
        self.assertTrue(check.check().is_clean)

    def test_also_once_checkpoints_have_moved_the_reviews(self) -> None:
        self.review(DEEP // 2)
        checkpoint.run()
        self.before.clear()
        self.review(DEEP // 2)
        checkpoint.run()
        self.go_all_the_way_back_to_the_middle()
        self.assertTrue(check.check().is_clean)

    def go_all_the_way_back_to_the_middle(self) -> None:
        for number in range(DEEP // 2):
            self.undo()
            if number % 5 == 0:
                checkpoint.run()
        first = self.before[0]
        for card_id, card in self.images().items():
            self.assertEqual(replace(card, sequence=0), replace(first[card_id], sequence=0))

    def test_after_going_back_one_goes_on_and_back_again(self) -> None:
        self.review(4)
        for _ in range(2):
            self.undo()
        (one, two), self.before = self.before[:2], self.before[:2]
        self.assertNotEqual(one, two)
        card = self.images()[self.cards[2].id]
        answer(card, Rating.EASY, now=self.now)
        self.undo()
        self.undo()
        self.undo()
        with self.assertRaises(NothingToUndo):
            self.undo()
        self.assertTrue(all(card.reps == 0 for card in self.images().values()))

    def test_a_review_of_the_day_before_yesterday_stays(self) -> None:
        self.review(1)
        self.now += UNDO_WITHIN + timedelta(minutes=1)
        with self.assertRaises(NothingToUndo):
            self.undo()

    def test_a_review_of_a_card_since_deleted_is_taken_back_too(self) -> None:
        self.review(1)
        delete_card(owner_id=self.alice.pk, card_id=self.cards[0].id, now=self.now)
        checkpoint.run()
        self.assertEqual(self.undo().reps, 0)

    @counts_queries
    def test_it_costs_the_same_however_much_was_done(self) -> None:
        self.review(3)
        # the settings; what is pending; the write
        with self.assertNumQueries(3):
            self.undo()
        self.review(12)
        with self.assertNumQueries(3):
            self.undo()
