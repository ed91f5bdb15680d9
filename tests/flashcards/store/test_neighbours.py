"""Cards near in meaning are not due on adjacent days.

The vectors are those of the due cards in memory, which has nothing of PostgreSQL's rows within a
transaction: so each step commits.
"""

from accounts.models import User
from flashcards.domain.records import Rating, State
from flashcards.store import checkpoint_all, clear_cache
from tests.flashcards.given_cards import answer
from tests.flashcards.store.test_due_queue import NOW, QueueHelpers


class NeighbourDaysTests(QueueHelpers):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org", time_zone="Europe/Berlin")

    def test_they_fall_on_days_apart_where_the_range_allows(self) -> None:
        for direction in range(1, 6):
            cards = [self.embedded(direction, stability=30.0, difficulty=5.0) for _ in range(2)]
            checkpoint_all()
            # Of a card that changed since the due cards were read, the vector is not in memory.
            clear_cache()
            self.queue()
            first, second = (answer(c, Rating.GOOD, now=NOW) for c in cards)
            self.assertGreater(abs((first.due - second.due).days), 1)
        checkpoint_all()
        third = answer(self.embedded(1, stability=30.0), Rating.GOOD, now=NOW)
        # Its vector is not in memory, so nothing is known of what is near it.
        self.assertEqual(third.state, State.REVIEW)
