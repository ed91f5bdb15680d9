"""The first hour without a model: the tour, the starter deck and a text to try."""

import uuid
from unittest import mock

from django.test import override_settings
from django.urls import reverse

from chat.conversations.conversations import start_conversation
from flashcards.cards.cards import count_cards, delete_card
from flashcards.demo import starter
from flashcards.drafting.rules import drafts
from flashcards.models import Deck
from flashcards.review.tour import ANSWER, QUESTION, Step, tour_of
from memoryloop.llm.detect import clear_cache
from tests.base import TestCase
from tests.flashcards.given_cards import give_many
from tests.flashcards.web.view_rules import HTMX
from tests.servers.compatible import OpenAIServer

URL = "/tour/"


class TourTests(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def rate(self, rating: int = 3, **how: object) -> str:
        values = {"review_id": str(uuid.uuid4()), "rating": str(rating)}
        response = self.client.post("/tour/rate/", values, follow=True, **how)  # type: ignore[arg-type]  # headers
        return response.content.decode()

    def test_a_card_is_made_shown_and_rated_with_and_without_script(self) -> None:
        for headers in ({}, HTMX):
            page = self.client.get(URL).content.decode()
            self.assertIn(QUESTION, page)
            made = self.client.post(
                "/tour/card/",
                {"question": QUESTION, "answer": ANSWER},
                headers=headers,
                follow=True,
            )
            self.assertContains(made, "Show answer")
            self.assertNotContains(made, ANSWER)
            shown = self.client.get(URL, {"show": "1"}, headers=headers)
            self.assertContains(shown, ANSWER)
            self.assertContains(shown, "10 minutes")
            self.assertIn("You will see this card again", self.rate(headers=headers))
            tour = tour_of(self.alice.id)
            assert tour.card is not None
            self.assertEqual((tour.step, tour.card.reps), (Step.DONE, 1))
            # Again from the beginning, once its card is deleted.
            delete_card(owner_id=self.alice.id, card_id=tour.card.id, now=tour.card.due)
            self.assertEqual(tour_of(self.alice.id).step, Step.MAKE)

    def test_it_is_left_and_gone_on_with(self) -> None:
        self.client.post("/tour/card/", {"question": "Mine?", "answer": "Yes"})
        self.assertContains(self.client.get("/chat/"), "Continue the tour")
        self.assertContains(self.client.get(URL), "Mine?")
        # A second card is not made by a second press, and a second rating is none.
        self.client.post("/tour/card/", {"question": "Mine?", "answer": "Yes"})
        self.assertEqual(count_cards(owner_id=self.alice.id), 1)
        self.rate(1)
        self.rate(4)
        card = tour_of(self.alice.id).card
        assert card is not None
        self.assertEqual(card.reps, 1)
        self.assertNotContains(self.client.get("/chat/"), "Continue the tour")

    def test_each_step_has_the_focus_where_it_goes_on(self) -> None:
        for name in ("Make the card", "Show answer"):
            self.assertRegex(self.client.get(URL).content.decode(), f"autofocus>{name}")
            self.client.post("/tour/card/", {"question": "Q?", "answer": "A"})
        self.assertRegex(self.client.get(URL, {"show": "1"}).content.decode(), "autofocus><span")
        self.assertRegex(self.rate(), "autofocus>Make more cards")

    def test_nothing_is_refused_in_words(self) -> None:
        response = self.client.post("/tour/card/", {"question": " ", "answer": ""})
        self.assertContains(response, "Write the question.", status_code=422)
        self.assertEqual(self.client.post("/tour/rate/", {}).status_code, 302)
        self.assertEqual(count_cards(owner_id=self.alice.id), 0)

    def test_it_is_each_learners_own_and_wants_a_log_in(self) -> None:
        self.client.post("/tour/card/", {"question": "Mine?", "answer": "Yes"})
        self.log_in(self.bob)
        self.assertNotContains(self.client.get(URL), "Mine?")
        self.client.logout()
        for url in (URL, "/tour/first-steps/"):
            self.assertEqual(self.client.get(url).status_code, 302)
        for url in ("/tour/card/", "/tour/rate/", "/decks/starter/"):
            self.assertIn("login", self.client.post(url).headers["Location"])
            self.log_in()
            self.assertEqual(self.client.get(url).status_code, 405)
            self.client.logout()


class BeginningsTests(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def test_without_a_model_it_is_no_question_that_is_offered(self) -> None:
        page = self.client.get("/chat/")
        for words in ("Start the tour", "Make cards from it", "Add the deck"):
            self.assertContains(page, words)
        self.assertNotContains(page, "Quiz me")

    def test_with_a_model_questions_are(self) -> None:
        with OpenAIServer(ollama=True) as server, override_settings(OLLAMA_URL=server.root):
            clear_cache()
            page = self.client.get("/chat/")
            later = self.client.get("/tour/first-steps/", headers=HTMX)
        clear_cache()
        self.assertContains(page, "Quiz me")
        self.assertNotContains(page, "Start the tour")
        self.assertEqual(later.content, b"")

    def test_after_the_first_conversation_the_rest_is_offered_until_it_is_done(self) -> None:
        start_conversation(self.alice, "What is a cell?")
        self.assertContains(self.client.get("/chat/"), 'hx-get="/tour/first-steps/"')
        later = "/tour/first-steps/"
        self.assertContains(self.client.get(later, headers=HTMX), "Start the tour")
        give_many(self.alice, 50)
        self.assertNotContains(self.client.get(later, headers=HTMX), "Start the tour")

    def test_the_starter_deck_is_added_once_and_reviewed_at_once(self) -> None:
        page = self.client.post("/decks/starter/", follow=True)
        deck = Deck.objects.get(owner=self.alice)
        self.assertRedirects(page, f"/review/{deck.id}/")
        self.assertContains(page, "What is the capital of")
        count = count_cards(owner_id=self.alice.id)
        self.assertGreater(count, 20)
        self.client.post("/decks/starter/")
        self.assertEqual(count_cards(owner_id=self.alice.id), count)
        self.assertNotContains(self.client.get("/chat/"), "Add the deck")

    def test_the_text_to_try_gives_cards_without_a_model(self) -> None:
        self.assertGreaterEqual(len(drafts.draft(starter.SAMPLE_TEXT)), 3)
        with mock.patch("chat.answers.generation.start", autospec=True):
            response = self.client.post(
                reverse("chat:start"), {"content": starter.SAMPLE_TEXT, "action": "cards"}
            )
        self.assertIn("/cards/make/", response.headers["Location"])
