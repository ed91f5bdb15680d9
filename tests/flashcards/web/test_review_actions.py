"""What else a card in review can have done to it: suspended, put off; and the badge."""

from datetime import timedelta

from django.utils import timezone

from flashcards.cards.cards import get_card
from tests.base import TestCase
from tests.flashcards.given_cards import give_many
from tests.flashcards.web.view_rules import HTMX, CardViewRules


class SuspendInReviewTests(CardViewRules, TestCase):
    name = "review_suspend"
    method = "post"

    def test_the_card_goes_and_the_next_comes(self) -> None:
        self.log_in()
        first, second = give_many(self.alice, 2)
        response = self.client.post(self.url(first), {"done": 3}, headers=HTMX)
        self.assertEqual(response.context["stage"].card.id, second.id)
        self.assertEqual(response.context["stage"].done, 3)
        self.assertContains(response, f"/cards/{first.id}/resume/")
        self.assertTrue(get_card(owner_id=self.alice.id, card_id=first.id).suspended)

    def test_a_plain_form_is_answered_with_a_redirect(self) -> None:
        self.log_in()
        first, _ = give_many(self.alice, 2)
        response = self.client.post(self.url(first))
        self.assertRedirects(response, "/review/", fetch_redirect_response=False)


class BuryInReviewTests(CardViewRules, TestCase):
    name = "review_bury"
    method = "post"

    def test_the_card_stays_away_until_the_learners_next_day(self) -> None:
        self.log_in()
        first, second = give_many(self.alice, 2)
        response = self.client.post(self.url(first), headers=HTMX)
        self.assertEqual(response.context["stage"].card.id, second.id)
        card = get_card(owner_id=self.alice.id, card_id=first.id)
        assert card.buried_until is not None
        self.assertGreater(card.buried_until, timezone.now())
        self.assertLessEqual(card.buried_until, timezone.now() + timedelta(days=1))

    def test_it_can_be_undone(self) -> None:
        self.log_in()
        first, _ = give_many(self.alice, 2)
        self.client.post(self.url(first), headers=HTMX)
        self.client.post(f"/cards/{first.id}/unbury/", {"next": "/review/"})
        self.assertEqual(self.client.get("/review/").context["stage"].card.id, first.id)


class DueBadgeTests(TestCase):
    URL = "/review/badge/"

    def test_it_shows_how_many_are_waiting(self) -> None:
        self.log_in()
        give_many(self.alice, 3)
        self.assertContains(self.client.get(self.URL), '<span class="badge">3<')

    def test_it_is_empty_when_nothing_waits(self) -> None:
        self.log_in()
        give_many(self.bob, 3)
        self.assertEqual(self.client.get(self.URL).content.strip(), b"")

    def test_it_takes_no_post(self) -> None:
        self.log_in()
        self.assertEqual(self.client.post(self.URL).status_code, 405)

    def test_it_sends_a_visitor_to_the_log_in_page(self) -> None:
        self.assertRedirects(
            self.client.get(self.URL),
            f"/accounts/login/?next={self.URL}",
            fetch_redirect_response=False,
        )
