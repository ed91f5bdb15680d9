"""The review log in the admin: everybody's, to look at."""

import uuid
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from flashcards.domain.records import NewCard, Rating, ReviewLog
from flashcards.review.ratings import undo_review
from flashcards.store import engines, review_logs
from flashcards.store.maintenance import checkpoint
from tests.flashcards.admin.admin_pages import CARD, LOG, LOGS, AdminTestCase, counted_reads
from tests.flashcards.given_cards import answer, give_cards, give_many


class TestTheLog(AdminTestCase):
    def setUp(self) -> None:
        self.log_in(self.charlie)
        now = timezone.now()
        self.france = give_cards(self.alice, now=now - timedelta(days=50))[0]
        (self.rome,) = give_cards(
            self.bob, NewCard(question="Which city is eternal?", answer="Rome")
        )
        answered = answer(self.france, Rating.AGAIN, now=now - timedelta(days=40))
        checkpoint.run()
        answer(answered, Rating.EASY, now=now - timedelta(days=3))
        answer(self.rome, Rating.GOOD, now=now)
        self.first, self.second = review_logs.for_owner(self.alice).order_by("reviewed_at")
        self.third = review_logs.for_owner(self.bob).get()

    def ids(self, *logs: ReviewLog) -> list[uuid.UUID]:
        return [log.id for log in logs]

    def test_it_lists_stored_and_pending_reviews_the_newest_first(self) -> None:
        self.assertEqual(self.listed(LOGS), self.ids(self.third, self.second, self.first))

    def test_it_shows_the_question_the_owner_and_the_rating(self) -> None:
        response = self.client.get(reverse(LOGS))
        self.assertContains(response, "Which city is eternal?")
        self.assertContains(response, reverse(CARD, args=[self.rome.id]))
        self.assertContains(response, "bob@example.org")
        self.assertContains(response, "Again")

    def test_it_finds_reviews_by_their_card(self) -> None:
        both = self.ids(self.second, self.first)
        self.assertEqual(self.listed(LOGS, q="capital FRANCE"), both)
        self.assertEqual(self.listed(LOGS, q=str(self.france.id)), both)
        self.assertEqual(self.listed(LOGS, card=str(self.france.id)), both)
        self.assertEqual(self.listed(LOGS, q=str(self.first.id)), self.ids(self.first))
        self.assertEqual(self.listed(LOGS, q=str(uuid.uuid4())), [])
        self.assertEqual(self.listed(LOGS, q="nowhere"), [])

    def test_each_filter_narrows_the_list(self) -> None:
        first, second, third = self.ids(self.first, self.second, self.third)
        for name, value, expected in (
            ("owner", "alice@", [second, first]),
            ("owner", "bob@example.org", [third]),
            ("card", str(self.rome.id), [third]),
            ("card", "nonsense", []),
            ("rating", "1", [first]),
            ("rating", "4", [second]),
            ("kind", "learn", [third, second, first]),
            ("kind", "undo", []),
            ("reviewed", "day", [third]),
            ("reviewed", "week", [third, second]),
            ("reviewed", "year", [third, second, first]),
        ):
            with self.subTest(filter=name, value=value):
                self.assertEqual(self.listed(LOGS, **{name: value}), expected)

    def test_it_orders_by_declared_columns(self) -> None:
        # 0 reviewed (there is no box to tick), 1 owner, 2 card, 3 kind, 4 rating.
        self.assertEqual(self.listed(LOGS, o="0"), self.ids(self.first, self.second, self.third))
        self.assertEqual(self.listed(LOGS, o="-4"), self.ids(self.second, self.third, self.first))

    def test_it_shows_a_review_and_leads_to_its_card_and_owner(self) -> None:
        response = self.client.get(reverse(LOG, args=[self.third.id]))
        self.assertContains(response, reverse(CARD, args=[self.rome.id]))
        self.assertContains(response, reverse("admin:accounts_user_change", args=[self.bob.pk]))
        self.assertNotContains(response, 'name="_save"')

    def test_it_shows_that_a_review_was_taken_back(self) -> None:
        undo_review(owner_id=self.bob.pk, undo_id=uuid.uuid4(), now=timezone.now())
        (undo,) = self.listed(LOGS, kind="undo")
        self.assertContains(self.client.get(reverse(LOG, args=[undo])), str(self.third.id))

    def test_an_unknown_id_leads_to_the_index_as_django_does(self) -> None:
        for object_id in (str(uuid.uuid4()), str(self.rome.id), "nonsense"):
            response = self.client.get(reverse(LOG, args=[object_id]))
            self.assertRedirects(response, reverse("admin:index"))

    def test_it_offers_no_action(self) -> None:
        self.assertIsNone(self.client.get(reverse(LOGS)).context["action_form"])


class TestPages(AdminTestCase):
    def review_all(self, user: User, number: int) -> None:
        for card in give_many(user, number):
            answer(card, now=timezone.now())
        checkpoint.run()

    def cost(self) -> tuple[int, int]:
        with counted_reads() as reads, CaptureQueriesContext(connection) as queries:
            self.client.get(reverse(LOGS))
        return len(queries), reads.call_count

    def test_a_page_costs_three_reads_however_many_rows_it_has(self) -> None:
        self.log_in(self.charlie)
        self.review_all(self.alice, 10)
        ten = self.cost()
        self.review_all(self.bob, 10)
        twenty = self.cost()
        self.assertEqual(ten, twenty)
        # The session, the user; the journal to count, to read, and for the cards; the owners. Of
        # PostgreSQL's rows how far they are, and the rows.
        self.assertEqual(twenty, (6, 3) if engines.name() == "lancedb" else (9, 0))

    def test_it_pages(self) -> None:
        self.log_in(self.charlie)
        self.review_all(self.alice, 60)
        pages = self.listed(LOGS, p=1), self.listed(LOGS, p=2)
        self.assertEqual([len(page) for page in pages], [50, 10])
        self.assertEqual(len({i for page in pages for i in page}), 60)
