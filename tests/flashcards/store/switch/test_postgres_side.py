"""PostgreSQL's side of a switch: how rows are exchanged."""

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from flashcards import store
from flashcards.models import CardRow, CardVector, ReviewRow
from flashcards.store.switch.postgres_side import PostgresSide
from flashcards.store.switch.rows import Rows, Selection
from tests.factories import flashcard, review_log


class ReplaceTests(TestCase):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org")
        self.sets = store.read_vector_sets()

    def filled(self, cards: int) -> Rows:
        """Return rows of so many cards, each with a vector and a review."""
        rows = Rows()
        width = self.sets.serving.dimensions
        for number in range(cards):
            card = flashcard(self.alice)
            rows.add_card(number, card)
            rows.add_log(review_log(card))
            rows.vectors[card.id][self.sets.serving.column] = bytes(2 * width)
        return rows

    def test_rows_are_exchanged_without_any_being_read(self) -> None:
        side = PostgresSide()
        counts = []
        for cards in (3, 30):
            rows = self.filled(cards)
            side.replace(rows.ids, rows, self.sets)
            with CaptureQueriesContext(connection) as asked:
                side.replace(rows.ids, rows.only(rows.ids), self.sets)
            self.assertEqual([q["sql"] for q in asked if "SELECT" in q["sql"]], [])
            counts.append(len(asked))
            found = side.read(Selection(ids=frozenset(rows.ids)), self.sets)
            self.assertEqual(found.digests(), rows.digests())
        self.assertEqual(counts[0], counts[1])

    def test_only_the_rows_of_the_cards_that_are_named_go(self) -> None:
        side = PostgresSide()
        rows = self.filled(4)
        side.replace(rows.ids, rows, self.sets)
        gone = sorted(rows.ids)[:3]
        side.replace(gone, Rows(), self.sets)
        for found in (CardRow, ReviewRow, CardVector):
            self.assertEqual(found.objects.count(), 1)
