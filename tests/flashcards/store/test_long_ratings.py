"""Who only rates, for hours, reads nothing: what was moved meanwhile is let go all the same."""

import uuid
from datetime import timedelta

from django.db import connection
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from flashcards.domain.records import Rating
from flashcards.review.due import due_queue
from flashcards.review.ratings import Answer, rate
from flashcards.store import review_logs
from flashcards.store.journal.pending import remembered_pending
from flashcards.store.lance_view import LanceView
from flashcards.store.maintenance import checkpoint
from flashcards.store.pending import Pending
from tests.engines import InLanceDB
from tests.flashcards.given_cards import give_many

CARDS = 12


class LongRatingsTests(InLanceDB, TransactionTestCase):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org")
        self.cards = give_many(self.alice, CARDS)
        checkpoint.run_until_empty()
        self.now = timezone.now()
        due_queue(owner_id=self.alice.id, now=self.now, limit=CARDS)

    def rate(self, number: int) -> Pending:
        answer = Answer(self.cards[number].id, uuid.uuid4(), 0, Rating.GOOD)
        _, learner = rate(self.alice.id, answer, self.now + timedelta(seconds=number))
        assert learner is not None
        assert isinstance(learner.cards, LanceView)
        return learner.cards.pending

    def test_ratings_go_on_with_no_more_than_what_is_pending(self) -> None:
        held = []
        for number in range(CARDS):
            pending = self.rate(number)
            held.append((len(pending.changes), len(pending.trail)))
            self.assertEqual(remembered_pending(self.alice.id), pending)
            if number % 4 == 3:
                checkpoint.run_until_empty()
        self.assertEqual(max(held), (4, 8), held)
        self.assertEqual(review_logs.for_owner(self.alice).count(), CARDS)

    def test_a_rating_asks_once_and_after_a_checkpoint_twice(self) -> None:
        self.rate(0)
        for number, queries in ((1, 1), (2, 1), (3, 2), (4, 1)):
            if number == 3:
                checkpoint.run_until_empty()
            with CaptureQueriesContext(connection) as captured:
                self.rate(number)
            self.assertEqual(len(captured), queries, captured.captured_queries)
