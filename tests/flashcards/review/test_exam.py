"""Ahead of an exam: what will be known that day, how many cards a day, and true early reviews."""

import uuid
from datetime import timedelta
from typing import Any

import numpy as np
from django.test import SimpleTestCase
from django.utils import timezone

from flashcards import study_settings
from flashcards.cards.cards import get_card
from flashcards.domain.records import Flashcard, LogKind, Rating, State
from flashcards.maintenance import check
from flashcards.models import ReviewSession
from flashcards.review import exam, scope
from flashcards.review.learner import Learner
from flashcards.scheduling import DEFAULT_SETTINGS, retrievability
from flashcards.scheduling.simulation import exam as ahead
from flashcards.scheduling.simulation.exam import Memories
from flashcards.store import cards, review_logs
from tests.base import TestCase
from tests.factories import NOW
from tests.flashcards.given_cards import answer, give_cards, give_many
from tests.flashcards.web.view_rules import HTMX

DAY = timedelta(days=1)


def memories(*stability: float, elapsed: float = 0.0) -> Memories:
    number = len(stability)
    return Memories(
        np.array(stability, dtype=np.float64), np.full(number, 5.0), np.full(number, elapsed)
    )


class PaceTests(SimpleTestCase):
    def test_the_prediction_is_the_forgetting_curve(self) -> None:
        found = ahead.predicted(memories(10.0, elapsed=4.0), 6.0, DEFAULT_SETTINGS)
        self.assertAlmostEqual(float(found[0]), 0.9, places=6)
        self.assertEqual(ahead.predicted(memories(np.nan), 6.0, DEFAULT_SETTINGS)[0], 0.0)

    def test_what_is_known_well_enough_needs_nothing(self) -> None:
        found = ahead.pace_for(memories(*[5_000.0] * 10), 10, 0.95, DEFAULT_SETTINGS)
        self.assertEqual(found.cards_a_day, 0)

    def test_the_number_is_the_smallest_that_is_enough(self) -> None:
        cards = memories(*[3.0] * 60)
        found = ahead.pace_for(cards, 14, 0.9, DEFAULT_SETTINGS)
        self.assertGreaterEqual(found.known, 0.9)
        self.assertLess(ahead._walk(cards, 14, found.cards_a_day - 1, DEFAULT_SETTINGS, 1), 0.9)

    def test_a_higher_aim_and_a_nearer_day_take_more(self) -> None:
        cards = memories(*[3.0] * 60)
        number = [
            ahead.pace_for(cards, days, aim, DEFAULT_SETTINGS).cards_a_day
            for days, aim in ((30, 0.85), (30, 0.93), (5, 0.93))
        ]
        self.assertEqual(number, sorted(number))

    def test_when_even_all_is_not_enough_it_is_told_what_all_gives(self) -> None:
        found = ahead.pace_for(memories(*[np.nan] * 20), 1, 0.99, DEFAULT_SETTINGS)
        self.assertEqual(found.cards_a_day, 20)
        self.assertLess(found.known, 0.99)

    def test_a_sample_stands_for_many(self) -> None:
        few, many = (
            ahead.pace_for(memories(*[3.0] * number), 14, 0.9, DEFAULT_SETTINGS).cards_a_day
            for number in (1_000, 10_000)
        )
        self.assertAlmostEqual(many / few, 10, delta=1)

    def test_no_cards_need_none(self) -> None:
        self.assertEqual(ahead.pace_for(memories(), 5, 0.9, DEFAULT_SETTINGS).cards_a_day, 0)


class ExamTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.now = timezone.now()
        self.own_settings = study_settings.settings_for(owner_id=self.alice.id)
        self.cards = give_many(self.alice, 4)
        # Learnt a while ago, the first best; the last is new.
        for card, days, rating in zip(self.cards, (2, 3, 5), (4, 4, 4), strict=False):
            answer(card, Rating(rating), now=self.now - days * DAY)
        self.on = self.own_settings.day.of(self.now) + 10 * DAY

    def forecast(self) -> exam.Forecast:
        return exam.forecast(
            learner=Learner.read(self.alice.id),
            named=scope.EVERYTHING,
            on=self.on,
            target_percent=95,
            now=self.now,
        )

    def plan(self, **fields: Any) -> Any:
        data = {"scope": "all", "on": self.on.isoformat(), **fields}
        return self.client.get("/study/exam/", data)

    def begin(self, **fields: Any) -> ReviewSession:
        data = {"scope": "all", "on": self.on.isoformat(), **fields}
        response = self.client.post("/study/exam/begin/", data)
        self.assertEqual(response.status_code, 302)
        return ReviewSession.objects.get()

    def test_it_says_how_well_the_cards_will_be_known_that_day(self) -> None:
        found = self.forecast()
        exam_at = self.own_settings.day.start(self.now, days=10) + exam.INTO_THE_DAY
        chances = [retrievability(card, exam_at) or 0.0 for card in self.stored()]
        self.assertEqual(found.percent, round(100 * sum(chances) / 4))
        self.assertEqual((found.cards, found.new, found.days), (4, 1, 10))

    def test_the_lowest_prediction_comes_first(self) -> None:
        first, second, third, new = [card.id for card in self.cards]
        self.assertEqual(self.forecast().ids, [new, third, second, first])

    def test_the_page_says_it_and_how_many_a_day(self) -> None:
        response = self.plan()
        found = response.context["forecast"]
        self.assertContains(response, "In 10 days you would know")
        self.assertContains(response, f"{found.cards_a_day} card")
        self.assertNotContains(self.plan(target="50"), " a day</strong>")

    def test_the_form_of_ways_leads_there(self) -> None:
        data = {"how": "exam", "on": self.on.isoformat(), "scope": "all"}
        response = self.client.post("/study/", data)
        self.assertTrue(response.headers["Location"].startswith("/study/exam/?scope=all&on="))
        for on in ("", (self.on - 10 * DAY).isoformat(), "2999-01-01"):
            response = self.client.post("/study/", {**data, "on": on})
            self.assertEqual(response.status_code, 422)
            self.assertTrue(response.context["form"].errors["on"])

    def test_a_day_or_a_scope_that_makes_no_sense_is_told(self) -> None:
        self.assertContains(self.plan(on="never"), "Choose a day", status_code=422)
        self.assertContains(self.plan(target="100"), "50 to 99", status_code=422)
        missing = f"deck:{uuid.uuid4()}"
        self.assertContains(self.plan(scope=missing), "no longer exists", status_code=422)

    def test_its_reviews_are_true_ones_with_the_days_that_went_by(self) -> None:
        row = self.begin(cards="4")
        first = self.cards[0].id
        row.todo = [first]
        row.save(update_fields=["todo"])
        before = get_card(owner_id=self.alice.id, card_id=first)
        self.assertGreater(before.due, self.now)
        stage = self.client.get(f"/study/{row.id}/").context["stage"]
        response = self.client.post(
            f"/review/{first}/rate/",
            {
                "at": f"session:{row.id}",
                "review_id": stage.review_id,
                "sequence": before.sequence,
                "rating": 3,
            },
            headers=HTMX,
        )
        self.assertContains(response, "These were real reviews")
        after = get_card(owner_id=self.alice.id, card_id=first)
        (log,) = review_logs.for_owner(self.alice).filter(id=stage.review_id)
        self.assertEqual((log.kind, log.elapsed_days), (LogKind.REVIEW, 2.0))
        self.assertGreater(after.stability or 0, before.stability or 0)
        self.assertTrue(check.check().is_clean)

    def test_one_that_was_forgotten_comes_again_by_its_steps(self) -> None:
        row = self.begin(cards="1")
        stage = self.client.get(f"/study/{row.id}/").context["stage"]
        self.assertEqual(stage.card.id, self.cards[3].id)
        answer(stage.card, Rating.AGAIN, now=self.now - timedelta(minutes=5))
        again = self.client.get(f"/study/{row.id}/").context["stage"]
        self.assertEqual((again.card.id, again.card.state), (stage.card.id, State.LEARNING))

    def test_the_limits_of_the_day_do_not_hold(self) -> None:
        values = {"new_per_day": 0, "reviews_per_day": 0}
        study_settings.save(owner_id=self.alice.id, deck=None, values=values, now=NOW)
        self.assertEqual(self.begin(cards="4").left, 4)

    def test_undo_brings_the_card_back(self) -> None:
        row = self.begin(cards="4")
        stage = self.client.get(f"/study/{row.id}/").context["stage"]
        at = {"at": f"session:{row.id}"}
        data = {"review_id": stage.review_id, "sequence": 0, "rating": 4, **at}
        self.client.post(f"/review/{stage.card.id}/rate/", data, headers=HTMX)
        response = self.client.post("/review/undo/", at, headers=HTMX)
        self.assertEqual(response.context["stage"].card.id, stage.card.id)
        row.refresh_from_db()
        self.assertEqual((row.left, row.answered), (4, 0))

    def test_one_taken_back_elsewhere_is_not_taken_back_again(self) -> None:
        row = self.begin(cards="4")
        at = {"at": f"session:{row.id}"}
        for _ in range(2):
            stage = self.client.get(f"/study/{row.id}/").context["stage"]
            sequence = stage.card.sequence
            data = {"review_id": stage.review_id, "sequence": sequence, "rating": 4, **at}
            self.client.post(f"/review/{stage.card.id}/rate/", data, headers=HTMX)
        self.client.post("/review/undo/", {}, headers=HTMX)
        response = self.client.post("/review/undo/", at, headers=HTMX)
        self.assertEqual(response.context["stage"].card.id, self.cards[3].id)
        self.assertTrue(check.check().is_clean)

    def test_cards_that_were_answered_elsewhere_end_it(self) -> None:
        row = self.begin(cards="1")
        answer(self.cards[3], Rating.EASY, now=timezone.now())
        self.assertContains(self.client.get(f"/study/{row.id}/"), "Done")
        row.refresh_from_db()
        self.assertEqual(row.todo, [])

    def test_it_takes_no_other_method_and_no_visitor(self) -> None:
        self.assertEqual(self.client.post("/study/exam/").status_code, 405)
        self.assertEqual(self.client.get("/study/exam/begin/").status_code, 405)
        self.client.logout()
        for path in ("/study/", "/study/exam/"):
            self.assertEqual(self.client.get(path).status_code, 302)

    def test_another_learners_cards_are_not_in_it(self) -> None:
        give_cards(self.bob)
        self.log_in(self.bob)
        self.assertEqual(self.plan().context["forecast"].cards, 1)

    def stored(self) -> list[Flashcard]:
        return list(cards.for_owner(self.alice).order_by("created_at"))
