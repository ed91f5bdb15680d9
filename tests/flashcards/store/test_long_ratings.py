"""Who only rates, for hours, reads nothing: what came long ago is let go all the same."""

import uuid
from datetime import timedelta
from unittest import mock

from django.db import connection
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from flashcards.domain.records import Rating
from flashcards.review.due import due_queue
from flashcards.review.ratings import Answer, rate
from flashcards.store import checkpoint_all, remembered_view, review_logs
from flashcards.store.owner_view import StoreView
from flashcards.store.pending import Pending
from flashcards.store.postgres import changes
from tests.engines import InLanceDB, InPostgreSQL
from tests.flashcards.given_cards import give_many

CARDS = 12


class LongRatingsTestCase(TransactionTestCase):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org")
        self.cards = give_many(self.alice, CARDS)
        checkpoint_all()
        self.now = timezone.now()
        due_queue(owner_id=self.alice.id, now=self.now, limit=CARDS)

    def rate(self, number: int) -> Pending:
        answer = Answer(self.cards[number].id, uuid.uuid4(), 0, Rating.GOOD)
        _, learner = rate(self.alice.id, answer, self.now + timedelta(seconds=number))
        assert learner is not None
        assert isinstance(learner.cards, StoreView)
        self.assertEqual(remembered_view(self.alice.id), learner.cards)
        return learner.cards.pending

    def assert_asks(self, number: int, queries: int) -> None:
        with CaptureQueriesContext(connection) as captured:
            self.rate(number)
        self.assertEqual(len(captured), queries, captured.captured_queries)


class LanceDBTests(InLanceDB, LongRatingsTestCase):
    def test_ratings_go_on_with_no_more_than_what_is_pending(self) -> None:
        held = []
        for number in range(CARDS):
            pending = self.rate(number)
            held.append((len(pending.changes), len(pending.trail)))
            if number % 4 == 3:
                checkpoint_all()
        self.assertEqual(max(held), (4, 8), held)
        self.assertEqual(review_logs.for_owner(self.alice).count(), CARDS)

    def test_a_rating_asks_once_and_after_a_checkpoint_twice(self) -> None:
        self.rate(0)
        for number, queries in ((1, 1), (2, 1), (3, 2), (4, 1)):
            if number == 3:
                checkpoint_all()
            self.assert_asks(number, queries)


class PostgreSQLTests(InPostgreSQL, LongRatingsTestCase):
    def test_ratings_go_on_with_no_more_than_the_last_changes(self) -> None:
        held = []
        with mock.patch.object(changes, "TRAIL_MOST", 4):
            for number in range(CARDS):
                held.append(len(self.rate(number).trail))
            left = due_queue(owner_id=self.alice.id, now=self.now + timedelta(seconds=CARDS))
        self.assertEqual((max(held), min(held[4:])), (4, 2), held)
        self.assertEqual(left.total, 0)
        self.assertEqual(review_logs.for_owner(self.alice).count(), CARDS)

    def test_a_rating_asks_once(self) -> None:
        self.rate(0)
        for number in range(1, 5):
            self.assert_asks(number, 1)
