"""A card forgotten eight times is a leech, and every four times after that again."""

import uuid
from datetime import timedelta
from unittest.mock import patch

from django.urls import reverse
from django.utils import timezone

from flashcards.cards.cards import get_card, set_tags
from flashcards.domain.records import Flashcard, Rating, State
from flashcards.maintenance import check
from flashcards.review.due import due_queue
from flashcards.review.ratings import undo_review
from tests.base import TestCase
from tests.factories import NOW, stored_card
from tests.flashcards.given_cards import answer


class LeechTests(TestCase):
    def setUp(self) -> None:
        self.card = stored_card(self.alice, tags=("biology",))
        self.now = NOW

    def forget(self, times: int) -> Flashcard:
        """Learn the card and forget it, so often."""
        for _ in range(times):
            for rating in (Rating.EASY, Rating.AGAIN):
                self.now += timedelta(days=1)
                self.card = answer(self.card, rating, now=self.now)
        return self.card

    def test_at_eight_lapses_it_is_tagged(self) -> None:
        self.assertEqual(self.forget(7).tags, ("biology",))
        self.assertEqual(self.forget(1).tags, ("biology", "leech"))
        self.assertEqual(self.card.lapses, 8)
        stored = get_card(owner_id=self.alice.pk, card_id=self.card.id)
        self.assertEqual(stored.tags, ("biology", "leech"))
        self.assertTrue(check.check().is_clean)

    def test_once_the_learner_took_the_tag_off_it_comes_back_four_lapses_later(self) -> None:
        self.forget(8)
        self.card = set_tags(owner_id=self.alice.pk, card_id=self.card.id, tags=("biology",))
        self.assertEqual(self.forget(3).tags, ("biology",))
        self.assertEqual(self.forget(1).tags, ("biology", "leech"))

    def test_taking_the_review_back_takes_the_tag_back(self) -> None:
        self.forget(8)
        self.card = undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=self.now)
        self.assertEqual((self.card.tags, self.card.lapses), (("biology",), 7))

    def test_review_says_so_and_what_can_be_done(self) -> None:
        self.log_in()
        stored_card(
            self.alice,
            tags=("leech",),
            lapses=8,
            state=State.REVIEW,
            stability=1.0,
            difficulty=9.0,
            due=timezone.now() - timedelta(days=9),
            last_review=timezone.now() - timedelta(days=10),
        )
        card = due_queue(owner_id=self.alice.pk, now=timezone.now(), limit=1).cards[0]
        response = self.client.get("/review/")
        self.assertContains(response, "forgotten 8 times")
        self.assertContains(response, reverse("flashcards:edit_card", args=[card.id]))
        self.assertContains(response, reverse("flashcards:review_suspend", args=[card.id]))


class LeechPageTests(TestCase):
    URL = "/review/leeches/"

    def setUp(self) -> None:
        self.log_in()
        self.card = stored_card(
            self.alice, question="What is an ion?", tags=("chemistry", "leech"), lapses=9
        )

    def stored_tags(self) -> tuple[str, ...]:
        return get_card(owner_id=self.alice.pk, card_id=self.card.id).tags

    def test_it_lists_them_the_worst_first_with_what_can_be_done(self) -> None:
        stored_card(self.alice, question="What is a mole?", tags=("leech",), lapses=12)
        stored_card(self.alice, question="Not one", lapses=7)
        stored_card(self.bob, question="Of Bob", tags=("leech",), lapses=20)
        response = self.client.get(self.URL)
        found = [card.question for card in response.context["page"]]
        self.assertEqual(found, ["What is a mole?", "What is an ion?"])
        for name in ("edit_card", "split_card", "explain", "contrast_card", "suspend_card"):
            self.assertContains(response, reverse(f"flashcards:{name}", args=[self.card.id]))

    def test_without_any_it_says_when_a_card_comes_here(self) -> None:
        self.log_in(self.bob)
        self.assertContains(self.client.get(self.URL), "forgotten it eight times")

    def test_the_mark_can_be_taken_off_and_put_on(self) -> None:
        url = reverse("flashcards:mark_leech", args=[self.card.id])
        self.assertRedirects(self.client.post(url, {"mark": "off"}), self.URL)
        self.assertEqual(self.stored_tags(), ("chemistry",))
        self.client.post(url)
        self.assertEqual(self.stored_tags(), ("chemistry", "leech"))
        self.assertEqual(self.client.get(url).status_code, 405)

    def test_a_contrast_card_is_begun_with_the_nearest_card(self) -> None:
        near = stored_card(self.alice, question="What is an isotope?", answer="Same protons")
        found = [near]
        with patch("flashcards.cards.neighbours.neighbours_of", autospec=True, return_value=found):
            response = self.client.get(reverse("flashcards:contrast_card", args=[self.card.id]))
        self.assertContains(response, "What is the difference between")
        self.assertContains(response, "Same protons")
        self.assertContains(response, 'value="chemistry"')

    def test_with_no_card_near_it_says_so(self) -> None:
        with patch("flashcards.cards.neighbours.neighbours_of", autospec=True, return_value=[]):
            response = self.client.get(reverse("flashcards:contrast_card", args=[self.card.id]))
        self.assertRedirects(response, reverse("flashcards:card", args=[self.card.id]))
