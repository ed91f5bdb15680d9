"""GET /review/: the next card, a pause, or the end."""

from datetime import timedelta
from unittest import mock

from django.urls import reverse
from django.utils import timezone

from flashcards.cards.cards import delete_card, set_suspended
from flashcards.domain.records import Flashcard, Kind, NewCard, Rating
from flashcards.review.learner import Learner
from flashcards.store.maintenance import checkpoint
from tests.base import TestCase
from tests.engines import counts_queries
from tests.flashcards.given_cards import answer, give_cards, give_many
from tests.flashcards.web.view_rules import HTMX

URL = "/review/"
HIDDEN_BACK = '<div class="review-back" id="review-back" tabindex="-1" hidden>'
SHOWN_BACK = '<div class="review-back" id="review-back" tabindex="-1">'


class ReviewPageTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.now = timezone.now()

    def test_it_shows_the_first_card_with_its_answer_hidden(self) -> None:
        (card,) = give_cards(self.alice, NewCard(question="What is *two* and two?", answer="Four"))
        response = self.client.get(URL)
        self.assertContains(response, "What is <em>two</em> and two?")
        self.assertContains(response, HIDDEN_BACK)
        self.assertContains(response, "Four")
        self.assertContains(response, reverse("flashcards:rate", args=[card.id]))

    def test_it_shows_the_answer_without_a_script(self) -> None:
        (card,) = give_cards(self.alice)
        self.assertContains(self.client.get(URL, {"show": str(card.id)}), SHOWN_BACK)

    def test_it_shows_no_answer_for_another_cards_id(self) -> None:
        first, second = give_many(self.alice, 2)
        self.assertContains(self.client.get(URL, {"show": str(second.id)}), HIDDEN_BACK)
        self.assertContains(self.client.get(URL, {"show": str(first.id)}), SHOWN_BACK)

    def test_each_rating_says_when_the_card_comes_back(self) -> None:
        give_cards(self.alice)
        response = self.client.get(URL)
        for text in ("1 minute<", "6 minutes<", "10 minutes<", " days<"):
            self.assertContains(response, text)

    def test_each_page_carries_an_id_of_its_own_for_the_review(self) -> None:
        give_cards(self.alice)
        first, second = (self.client.get(URL).context["stage"].review_id for _ in range(2))
        self.assertNotEqual(first, second)

    def test_it_has_no_rail(self) -> None:
        give_cards(self.alice)
        self.assertNotContains(self.client.get(URL), 'class="rail"')

    def test_it_counts_what_is_left(self) -> None:
        # Two minutes before, it was not yesterday.
        noon = self.now.replace(hour=12)
        with mock.patch.object(timezone, "now", autospec=True, return_value=noon):
            first, *_ = give_many(self.alice, 3)
            answer(first, Rating.AGAIN, now=noon - timedelta(minutes=2))
            stage = self.client.get(URL).context["stage"]
        self.assertEqual((stage.new, stage.learning, stage.due, stage.done), (2, 1, 0, 1))

    def test_cards_in_their_steps_are_counted_before_they_are_due(self) -> None:
        noon = self.now.replace(hour=12)
        with mock.patch.object(timezone, "now", autospec=True, return_value=noon):
            cards = give_many(self.alice, 4)
            for card, rating in zip(cards[:3], (1, 3, 4), strict=True):
                answer(card, Rating(rating), now=noon)
            for moved in (False, True):
                with self.subTest(moved=moved):
                    stage = self.client.get(URL).context["stage"]
                    counts = (stage.new, stage.learning, stage.due, stage.done, stage.total)
                    self.assertEqual(counts, (1, 2, 0, 3, 6))
                    self.assertContains(self.client.get(URL), "<b>2</b> learning")
                    learner = Learner.read(self.alice.id)
                    self.assertEqual(learner.due_queue(noon, limit=1).total, 1)
                checkpoint.run_until_empty()

    def test_htmx_gets_the_fragment_only(self) -> None:
        give_cards(self.alice)
        response = self.client.get(URL, headers=HTMX)
        self.assertContains(response, '<section id="review-stage"')
        self.assertNotContains(response, "<html")

    def test_a_cloze_hides_its_words(self) -> None:
        give_cards(self.alice, NewCard(question="The {{c1::Seine}}", kind=Kind.CLOZE))
        self.assertContains(self.client.get(URL), "<p>The <strong>[…]</strong></p>", html=True)

    def test_another_learners_cards_do_not_come_up(self) -> None:
        give_cards(self.bob)
        self.assertContains(self.client.get(URL), "No cards yet")

    def test_a_learning_card_may_come_early_when_nothing_else_is_left(self) -> None:
        (card,) = give_cards(self.alice)
        answer(card, now=self.now - timedelta(minutes=5))
        self.assertEqual(self.client.get(URL).context["stage"].card.id, card.id)

    def test_a_card_answered_just_now_waits_a_little(self) -> None:
        (card,) = give_cards(self.alice)
        answer(card, now=self.now)
        response = self.client.get(URL)
        self.assertContains(response, "Next card in 10 minutes")
        self.assertContains(self.client.get(URL, {"ahead": 1}), "What is the capital of France?")

    def test_a_learner_without_cards_is_shown_the_way_to_the_first(self) -> None:
        response = self.client.get(URL)
        self.assertContains(response, reverse("chat:home"))
        self.assertContains(response, reverse("flashcards:new_card"))

    def test_the_end_says_what_was_done_and_what_comes(self) -> None:
        first, second = give_many(self.alice, 2)
        answer(first, Rating.EASY, now=self.now)
        answer(second, Rating.AGAIN, now=self.now)
        set_suspended(owner_id=self.alice.id, card_id=second.id, suspended=True)
        response = self.client.get(URL)
        summary, words = response.context["summary"], response.context["words"]
        self.assertEqual((summary.reviews, words.remembered), (2, ""))
        self.assertEqual(words.pace, "4 seconds a card")
        self.assertRegex(words.coming, r"^1 card in \d+ days$")
        self.assertContains(response, "Done for today")

    def test_leaving_early_says_what_is_waiting(self) -> None:
        give_many(self.alice, 2)
        self.assertContains(self.client.get(URL, {"finish": 1}), "2 are still waiting")

    def test_a_card_with_markup_in_it_is_harmless(self) -> None:
        give_cards(self.alice, NewCard(question="<script>alert(1)</script>Q", answer="A"))
        self.assertNotContains(self.client.get(URL), "<script>alert")

    def test_it_is_never_cached(self) -> None:
        self.assertIn("no-store", self.client.get(URL).headers["Cache-Control"])

    def test_it_takes_no_other_method(self) -> None:
        self.assertEqual(self.client.post(URL).status_code, 405)

    def test_it_sends_a_visitor_to_the_log_in_page(self) -> None:
        self.client.logout()
        self.assertRedirects(
            self.client.get(URL), f"/accounts/login/?next={URL}", fetch_redirect_response=False
        )

    @counts_queries
    def test_it_costs_the_same_with_many_cards(self) -> None:
        give_many(self.alice, 2)
        self.client.get(URL)
        # Session, user, settings, the journal for what was done today and the queue; what a
        # rating does not ask for: the journal and the totals for the pace, the catch-up plan.
        with self.assertNumQueries(7):
            self.client.get(URL)
        give_many(self.alice, 30)
        with self.assertNumQueries(7):
            self.client.get(URL)


class DeletedCardsTests(TestCase):
    def test_a_deleted_card_does_not_come_up(self) -> None:
        self.log_in()
        card: Flashcard
        card, _ = give_many(self.alice, 2)
        delete_card(owner_id=self.alice.id, card_id=card.id, now=timezone.now())
        self.assertNotEqual(self.client.get(URL).context["stage"].card.id, card.id)
