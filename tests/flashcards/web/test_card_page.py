"""GET /cards/<card>/: both sides, the source, the schedule and the history."""

from datetime import timedelta
from unittest import mock

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from flashcards import study_settings
from flashcards.cards.cards import delete_card, edit_card
from flashcards.cards.decks import set_decks
from flashcards.domain import durations
from flashcards.domain.records import Kind, NewCard, Rating
from flashcards.models import Deck
from flashcards.review.learner import Learner
from tests.base import TestCase
from tests.flashcards.given_cards import answer, give_cards
from tests.flashcards.web.test_review_source import sourced_card
from tests.flashcards.web.view_rules import CardViewRules


class CardPageTests(CardViewRules, TestCase):
    name = "card"

    def test_it_shows_both_sides(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice, NewCard(question="The {{c1::Seine}}", kind=Kind.CLOZE))
        response = self.client.get(self.url(card))
        self.assertContains(response, "<strong>[…]</strong>")
        self.assertContains(response, "<strong>Seine</strong>")

    def test_a_new_card_has_no_history(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        self.assertContains(self.client.get(self.url(card)), "Not reviewed yet.")

    def test_it_explains_the_schedule_in_words_with_exact_values(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        answer(card, Rating.EASY, now=timezone.now() - timedelta(days=1))
        response = self.client.get(self.url(card))
        self.assertContains(response, "about 8 days")
        self.assertContains(response, "Stability 8.30 days")
        self.assertContains(response, "Difficulty 1.00 on a scale from 1 (easy) to 10 (hard)")
        self.assertRegex(response.content.decode(), r"\d+% likely")

    def test_the_history_has_each_review_and_says_what_was_taken_back(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        now = timezone.now()
        answer(card, Rating.HARD, now=now - timedelta(minutes=5))
        self.client.post("/review/undo/")
        response = self.client.get(self.url(card))
        (past,) = response.context["history"]
        self.assertEqual((past.rating, past.time, past.is_undone), ("Hard", "4 seconds", True))
        self.assertContains(response, "undone")

    def test_each_review_says_how_likely_the_recall_was(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        begun = timezone.now() - timedelta(days=60)
        for days in (0, 1, 3, 20):
            card = answer(card, Rating.GOOD, now=begun + timedelta(days=days))
        response = self.client.get(self.url(card))
        chances = [row.chance for row in response.context["history"]]
        marks = response.context["curve"].marks
        self.assertEqual(chances, [f"{mark.chance:.0%}" for mark in reversed(marks[1:])] + [""])
        self.assertTrue(all(50 < int(each[:-1]) <= 100 for each in chances[:-1]))

    def test_it_says_what_each_button_would_do(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        response = self.client.get(self.url(card))
        self.assertContains(response, "Good would bring it back in 10 minutes, Again in 1 minute.")
        begun = timezone.now() - timedelta(days=60)
        for days in (0, 1, 10):
            card = answer(card, Rating.GOOD, now=begun + timedelta(days=days))
        now = timezone.now()
        with mock.patch("flashcards.web.views.card.timezone.now", return_value=now):
            rows = self.client.get(self.url(card)).context["buttons"].rows
        shown = Learner.read(self.alice.id).preview(card, now)
        self.assertEqual([row.name for row in rows], ["Again", "Hard", "Good", "Easy"])
        self.assertEqual([row.interval for row in rows], durations.told_apart([*shown.values()]))
        self.assertEqual(rows[0].chance, "100%")
        self.assertTrue(all(87 <= int(row.chance[:-1]) <= 93 for row in rows[1:]))

    def test_it_says_whose_settings_and_which_parameters_hold(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        response = self.client.get(self.url(card))
        self.assertContains(response, "Scheduled by the settings for all cards: desired retention")
        self.assertContains(response, "FSRS-6's default parameters")
        deck = Deck.objects.create(owner=self.alice, name="Latin")
        inside = Deck.objects.create(owner=self.alice, name="Latin::Verbs")
        set_decks(owner_id=self.alice.id, card_id=card.id, deck_ids=[inside.id])
        study_settings.save(
            owner_id=self.alice.id,
            deck=deck,
            values={"desired_retention": 0.8},
            now=timezone.now(),
        )
        response = self.client.get(self.url(card))
        self.assertContains(response, "the preset <bdi>Latin</bdi>: desired retention 80%")

    def test_it_shows_where_the_card_came_from(self) -> None:
        self.log_in()
        card = sourced_card(self.alice)
        response = self.client.get(self.url(card))
        self.assertContains(response, "<mark>The mitochondrion makes ATP.</mark>")
        self.assertContains(response, f"/chat/messages/{card.message_id}/")

    def test_a_deleted_card_has_no_page(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        delete_card(owner_id=self.alice.id, card_id=card.id, now=timezone.now())
        self.assertEqual(self.client.get(self.url(card)).status_code, 404)

    def test_ten_reviews_and_edits_cost_the_same_as_two(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        counts = []
        begun = timezone.now() - timedelta(days=60)
        for number in range(10):
            card = answer(card, Rating.GOOD, now=begun + timedelta(days=6 * number))
            edit_card(
                owner_id=self.alice.id,
                card_id=card.id,
                question=f"Question {number}?",
                answer="A",
                now=begun,
            )
            if number in (1, 9):
                with CaptureQueriesContext(connection) as queries:
                    self.client.get(self.url(card))
                counts.append(len(queries))
        self.assertEqual(counts[0], counts[1])
