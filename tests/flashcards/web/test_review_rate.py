"""POST /review/<card>/rate/: one rating, counted once."""

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from flashcards import study_settings
from flashcards.cards.cards import delete_card, get_card
from flashcards.domain.records import Flashcard, Rating, ReviewLog, State
from flashcards.store import review_logs
from flashcards.web.views.review import ANSWERED_ELSEWHERE, BAD_RATING
from tests.base import TestCase
from tests.flashcards.given_cards import give_cards, give_many
from tests.flashcards.web.view_rules import HTMX, CardViewRules


class RateTests(CardViewRules, TestCase):
    name = "rate"
    method = "post"

    def setUp(self) -> None:
        self.first, self.second = give_many(self.alice, 2)

    def post(self, card: Flashcard, *, htmx: bool = True, **values: Any) -> Any:
        data = {
            "review_id": uuid.uuid4(),
            "sequence": card.sequence,
            "rating": 3,
            "duration_ms": 4200,
            "done": 7,
            **values,
        }
        return self.client.post(self.url(card), data, headers=HTMX if htmx else {})

    def logs(self) -> list[ReviewLog]:
        return list(review_logs.for_owner(self.alice))

    def get(self, card: Flashcard) -> Flashcard:
        return get_card(owner_id=self.alice.id, card_id=card.id)

    def test_a_rating_goes_by_settings_that_were_changed_elsewhere_meanwhile(self) -> None:
        self.log_in()
        self.post(self.first)
        self.assertEqual(self.get(self.first).state, State.LEARNING)
        known = study_settings.remembered(self.alice.id)
        values = {"learning_steps_seconds": ()}
        study_settings.save(owner_id=self.alice.id, deck=None, values=values, now=timezone.now())
        self.assertEqual(study_settings.remembered(self.alice.id), known)

        self.post(self.second)

        self.assertEqual(self.get(self.second).state, State.REVIEW)

    def test_a_rating_is_stored_and_answered_with_the_next_card(self) -> None:
        self.log_in()
        response = self.post(self.first)
        self.assertEqual(response.context["stage"].card.id, self.second.id)
        self.assertEqual(response.context["stage"].done, 8)
        self.assertNotContains(response, "<html")
        (log,) = self.logs()
        self.assertEqual((log.rating, log.duration_ms), (Rating.GOOD, 4200))
        self.assertEqual(self.get(self.first).state, State.LEARNING)

    def test_each_rating_is_taken(self) -> None:
        self.log_in()
        for rating in Rating:
            with self.subTest(rating.name):
                (card,) = give_cards(self.alice)
                self.post(card, rating=rating.value)
                log = review_logs.for_owner(self.alice).get(flashcard_id=card.id)
                self.assertEqual(log.rating, rating)

    def test_a_plain_form_is_answered_with_a_redirect(self) -> None:
        self.log_in()
        response = self.post(self.first, htmx=False)
        self.assertRedirects(response, "/review/", fetch_redirect_response=False)
        self.assertEqual(len(self.logs()), 1)

    def test_the_same_review_twice_counts_once(self) -> None:
        self.log_in()
        review_id = uuid.uuid4()
        for _ in range(2):
            response = self.post(self.first, review_id=review_id)
            self.assertEqual(response.status_code, 200)
            self.assertEqual(response.context["stage"].card.id, self.second.id)
            self.assertEqual(response.context["notice"], "")
        # The second one did not count as done.
        self.assertEqual(response.context["stage"].done, 7)
        self.assertEqual(len(self.logs()), 1)

    def test_a_double_click_on_a_plain_form_counts_once(self) -> None:
        self.log_in()
        review_id = uuid.uuid4()
        for _ in range(2):
            self.post(self.first, htmx=False, review_id=review_id)
        self.assertEqual(len(self.logs()), 1)

    def test_a_second_tab_is_told_and_changes_nothing(self) -> None:
        self.log_in()
        self.post(self.first, rating=3)
        before = self.get(self.first)
        response = self.post(self.first, rating=1)
        self.assertContains(response, ANSWERED_ELSEWHERE)
        self.assertEqual(response.context["stage"].card.id, self.second.id)
        self.assertEqual(self.get(self.first), before)
        self.assertEqual(len(self.logs()), 1)

    def test_a_second_tab_without_a_script_is_told_on_the_next_page(self) -> None:
        self.log_in()
        self.post(self.first)
        self.post(self.first, htmx=False)
        self.assertContains(self.client.get("/review/"), ANSWERED_ELSEWHERE)

    def test_a_rating_that_is_none_changes_nothing(self) -> None:
        self.log_in()
        for rating in ("0", "5", "x", "", "3.0", "-1", "٣"):
            for htmx in (True, False):
                with self.subTest(rating=rating, htmx=htmx):
                    response = self.post(self.first, rating=rating, htmx=htmx)
                    self.assertContains(response, BAD_RATING, status_code=422)
                    self.assertEqual(response.context["stage"].card.id, self.first.id)
        self.assertEqual(self.logs(), [])

    def test_a_missing_or_broken_id_or_position_changes_nothing(self) -> None:
        self.log_in()
        for values in ({"review_id": "x"}, {"review_id": ""}, {"sequence": "x"}, {"sequence": -1}):
            with self.subTest(values):
                self.assertEqual(self.post(self.first, **values).status_code, 422)
        self.assertEqual(self.logs(), [])

    def test_the_time_counts_up_to_a_minute(self) -> None:
        self.log_in()
        for sent, kept in ((3_600_000, 60_000), (-5, 0), ("", 0)):
            with self.subTest(sent):
                (card,) = give_cards(self.alice)
                self.post(card, duration_ms=sent)
                log = review_logs.for_owner(self.alice).get(flashcard_id=card.id)
                self.assertEqual(log.duration_ms, kept)

    def test_the_last_card_leads_to_a_pause(self) -> None:
        self.log_in()
        self.post(self.first)
        response = self.post(self.second)
        self.assertContains(response, "Next card in")
        self.assertContains(response, 'hx-trigger="load delay:')

    def test_a_deleted_card_is_not_rated(self) -> None:
        self.log_in()
        delete_card(owner_id=self.alice.id, card_id=self.first.id, now=timezone.now())
        self.assertEqual(self.post(self.first).status_code, 404)

    def test_a_review_survives_leaving_in_the_middle(self) -> None:
        self.log_in()
        self.post(self.first)
        stage = self.client.get("/review/").context["stage"]
        self.assertEqual((stage.card.id, stage.done), (self.second.id, 1))

    def test_a_late_answer_counts_at_its_time(self) -> None:
        self.log_in()
        self.post(self.first, rating=4)
        card = self.get(self.first)
        self.assertGreater(card.due, timezone.now() + timedelta(days=1))

    def test_a_stranger_with_a_good_form_rates_nothing(self) -> None:
        self.log_in(self.bob)
        self.assertEqual(self.post(self.first).status_code, 404)
        self.assertEqual(self.logs(), [])
        self.assertEqual(self.get(self.first), self.first)
