"""After a gap: the offer, what a plan would do, and the plan while it holds."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from flashcards import study_settings
from flashcards.domain.records import Flashcard, Rating, State
from flashcards.models import BacklogPlan, Deck, StudySettings
from flashcards.review import backlog
from flashcards.review.backlog import Choice
from flashcards.review.due import due_queue
from flashcards.scheduling import ScheduleSettings
from flashcards.scheduling.simulation import backlog as simulated
from flashcards.scheduling.simulation.backlog import Order, Pile
from flashcards.store.maintenance import checkpoint
from flashcards.web.pages import backlog as backlog_page
from tests.base import TestCase
from tests.factories import flashcard, store
from tests.flashcards.given_cards import answer

URL = "/review/plan/"
SETTINGS = ScheduleSettings()


def pile(cards: int, *, overdue: int, new: int = 0) -> Pile:
    """Return cards of all sorts, so many of them due within the last month."""
    draws = np.random.default_rng(5)
    stability = np.exp(draws.normal(3, 1, cards))
    due = np.where(
        np.arange(cards) < overdue, draws.integers(-30, 1, cards), draws.integers(1, 60, cards)
    ).astype(float)
    return Pile(stability, draws.uniform(3, 8, cards), due, np.maximum(stability - due, 1), new)


def course(found: Pile, reviews: int, **kwargs: Any) -> simulated.Course:
    kwargs.setdefault("order", Order.RETRIEVABILITY)
    return simulated.course(found, settings=SETTINGS, reviews_a_day=reviews, **kwargs)


def test_more_reviews_a_day_catch_up_sooner_and_too_few_never() -> None:
    found = pile(3_000, overdue=1_500)
    days = [course(found, n).caught_up_in for n in (150, 200, 400, 1_600)]
    assert all(day is not None for day in days)
    assert days == sorted(days, key=lambda day: -(day or 0))
    assert days[-1] == 0
    assert course(found, 5).caught_up_in is None
    assert len(course(found, 5).due) == simulated.MOST_DAYS


def test_it_begins_with_what_is_due_and_ends_when_that_fits_into_a_day() -> None:
    found = course(pile(3_000, overdue=1_500), 200)
    assert found.caught_up_in is not None
    assert found.due[0] == 1_500
    assert found.due[found.caught_up_in] <= 200 < found.due[found.caught_up_in - 1]
    assert len(found.due) == found.caught_up_in + simulated.DAYS_AFTER + 1
    assert 0 < found.forgotten < found.reviews


def test_new_cards_make_it_longer() -> None:
    found = pile(2_000, overdue=1_000, new=5_000)
    held, learning = (course(found, 120, new_a_day=n).caught_up_in for n in (0, 20))
    assert held is not None
    assert learning is None or learning > held


def test_a_sample_stands_for_all_cards() -> None:
    few, many = (course(pile(n, overdue=n // 2), n // 15) for n in (4_000, 24_000))
    assert few.caught_up_in is not None
    assert many.caught_up_in == pytest.approx(few.caught_up_in, rel=0.2)
    assert many.due[0] == pytest.approx(12_000, rel=0.05)


def test_twenty_thousand_due_are_simulated_at_once() -> None:
    found = pile(100_000, overdue=20_000)
    began = time.process_time()
    course(found, 800)
    assert time.process_time() - began < 1


def test_nothing_due_is_caught_up() -> None:
    nothing = np.empty(0)
    found = course(Pile(nothing, nothing, nothing, nothing), 10)
    assert (found.caught_up_in, found.reviews) == (0, 0)


class BacklogCase(TestCase):
    now: datetime

    def setUp(self) -> None:
        self.now = timezone.now()
        self.log_in()

    def give(self, number: int, *, days_overdue: int = 3, **fields: Any) -> list[Flashcard]:
        due = self.now - timedelta(days=days_overdue)
        cards = [
            flashcard(
                self.alice,
                **{
                    "state": State.REVIEW,
                    "stability": 8.0,
                    "difficulty": 5.0,
                    "due": due,
                    "last_review": due - timedelta(days=8),
                    "created_at": due - timedelta(days=30, seconds=n),
                    "reps": 3,
                    **fields,
                },
            )
            for n in range(number)
        ]
        store(*cards)
        return cards

    def own_settings(self) -> study_settings.EffectiveSettings:
        return study_settings.settings_for(owner_id=self.alice.pk)

    def set(self, **values: Any) -> None:
        study_settings.save(owner_id=self.alice.pk, deck=None, values=values, now=self.now)


class OfferTests(BacklogCase):
    def test_it_is_offered_where_more_is_overdue_than_a_day_and_a_half_take(self) -> None:
        self.set(reviews_per_day=40)
        self.give(60)
        self.assertNotContains(self.client.get("/review/"), URL)
        self.give(1)
        response = self.client.get("/review/")
        self.assertContains(response, "61 cards are overdue.")
        self.assertContains(response, URL)

    def test_cards_of_today_are_no_backlog_however_many(self) -> None:
        self.set(reviews_per_day=40)
        self.give(100, days_overdue=0, due=self.now)
        self.assertNotContains(self.client.get("/review/"), URL)

    def test_somebody_who_reviews_less_than_their_limit_is_asked_sooner(self) -> None:
        self.give(100)
        self.assertEqual(self.offered(), 0)
        card = flashcard(self.alice, created_at=self.now - timedelta(days=40))
        store(card)
        for ago in range(30, 20, -1):
            for n in range(6):
                at = self.now - timedelta(days=ago, minutes=-n)
                card = answer(card, Rating.GOOD, now=at)
        self.assertEqual(self.offered(), 100)

    def offered(self) -> int:
        return backlog.has_backlog(
            owner_id=self.alice.pk, settings=self.own_settings(), now=self.now
        )

    def test_cards_of_a_deck_with_a_limit_of_its_own_do_not_count(self) -> None:
        deck = Deck.objects.create(owner=self.alice, name="Slow")
        study_settings.save(
            owner_id=self.alice.pk, deck=deck, values={"reviews_per_day": 5}, now=self.now
        )
        self.give(400, deck_ids=(deck.id,))
        self.assertEqual(self.offered(), 0)
        self.give(301)
        self.assertEqual(self.offered(), 301)

    def test_not_today_is_for_today(self) -> None:
        self.set(reviews_per_day=40)
        self.give(80)
        self.assertRedirects(self.client.post(f"{URL}later/"), "/review/")
        self.assertNotContains(self.client.get("/review/"), "cards are overdue")
        session = self.client.session
        session[backlog_page.OFFER_NOT_ON] = "2026-01-01"
        session.save()
        self.assertContains(self.client.get("/review/"), "cards are overdue")


class PlanTests(BacklogCase):
    def accept(self, **fields: Any) -> Any:
        given = {"minutes": 10, "order": "overdueness", "hold_new": "on", **fields}
        return self.client.post(URL, {name: v for name, v in given.items() if v is not None})

    def test_the_page_says_what_a_plan_would_do(self) -> None:
        self.give(400)
        response = self.client.get(URL, {"minutes": "20", "order": "due", "hold_new": "on"})
        shown = response.context["shown"]
        self.assertRegex(
            shown.sentence,
            r"^400 cards are due today\. At 20 minutes a day, about \d+ reviews, you will have "
            r"caught up around \d+ \w+, in \d+ days?, if you review every day\.$",
        )
        self.assertContains(response, 'class="chart chart--columns"', 1)
        self.assertEqual([line.name for line in shown.minutes if line.is_shown], ["20 minutes"])
        self.assertEqual(len(shown.orders), 3)
        self.assertContains(response, "<caption")

    def test_it_proposes_a_plan_by_itself_and_htmx_gets_the_fragment(self) -> None:
        self.give(400)
        self.assertContains(self.client.get(URL), "Start this plan")
        headers = {"HX-Request": "true", "HX-Target": "backlog-shown"}
        response = self.client.get(URL, {"minutes": "45", "order": "due"}, headers=headers)
        self.assertContains(response, "45 minutes")
        self.assertNotContains(response, "<html")

    def test_with_too_few_minutes_it_says_so(self) -> None:
        self.set(desired_retention=0.99)
        self.give(1_200, stability=1.0)
        response = self.client.get(URL, {"minutes": "5", "order": "due"})
        self.assertContains(response, "would not catch up within a year")

    def test_what_cannot_be_is_said_in_plain_words(self) -> None:
        self.give(50)
        for minutes in ("", "3", "x", "999"):
            response = self.client.get(URL, {"minutes": minutes, "order": "due"})
            self.assertContains(response, "from 5 to 240", status_code=422)
            self.assertEqual(self.accept(minutes=minutes).status_code, 422)
        self.assertFalse(BacklogPlan.objects.exists())

    def test_with_nothing_due_there_is_nothing_to_plan(self) -> None:
        self.assertContains(self.client.get(URL), "Nothing is due")

    def test_accepting_sets_what_it_says_and_ending_it_brings_everything_back(self) -> None:
        self.set(reviews_per_day=300, order="deck", new_per_day=7)
        deck = Deck.objects.create(owner=self.alice, name="Words")
        study_settings.save(
            owner_id=self.alice.pk, deck=deck, values={"new_per_day": 5}, now=self.now
        )
        before = self.own_settings()
        self.give(500)
        self.assertRedirects(self.accept(), URL)
        during = self.own_settings()
        plan = BacklogPlan.objects.get(owner=self.alice)
        self.assertEqual(during.reviews_per_day, plan.reviews_per_day)
        self.assertEqual((during.order, during.new_per_day), ("overdueness", 0))
        self.assertEqual(during.decks[deck.id].new_per_day, 0)
        self.assertEqual(plan.due_at_start, 500)
        self.assertContains(self.client.get("/review/"), "Catch-up plan:")
        self.assertContains(self.client.get(URL), "End the plan")
        self.assertRedirects(self.client.post(f"{URL}stop/"), URL)
        self.assertEqual(self.own_settings(), before)
        self.assertRedirects(self.client.post(f"{URL}resume/"), URL)
        self.assertEqual(self.own_settings(), during)
        self.client.post(f"{URL}stop/")
        self.assertEqual(self.own_settings(), before)
        self.assertNotContains(self.client.get("/review/"), "Catch-up plan:")

    def test_new_cards_may_go_on(self) -> None:
        self.give(100)
        self.accept(hold_new=None)
        self.assertEqual(self.own_settings().new_per_day, 20)

    def test_what_the_learner_sets_meanwhile_stays(self) -> None:
        self.set(order="deck", new_per_day=7)
        self.give(100)
        self.accept()
        self.set(order="random", desired_retention=0.85)
        self.client.post(f"{URL}stop/")
        settings = self.own_settings()
        self.assertEqual((settings.order, settings.desired_retention), ("random", 0.85))
        self.assertEqual((settings.new_per_day, settings.reviews_per_day), (7, 200))

    def test_another_plan_takes_the_place_of_the_first(self) -> None:
        self.give(300)
        before = self.own_settings()
        self.accept()
        self.accept(minutes=20, order="due")
        self.assertEqual(self.own_settings().order, "due")
        self.assertEqual(BacklogPlan.objects.filter(ended_at=None).count(), 1)
        self.client.post(f"{URL}stop/")
        self.assertEqual(self.own_settings(), before)
        self.assertFalse(BacklogPlan.objects.filter(ended_at=None).exists())

    def test_it_ends_by_itself_once_all_that_is_due_fits_into_a_day(self) -> None:
        cards = self.give(40)
        plan = backlog.accept(owner_id=self.alice.pk, choice=Choice(5, Order.DUE), now=self.now)
        study_settings.save(
            owner_id=self.alice.pk, deck=None, values={"reviews_per_day": 35}, now=self.now
        )
        BacklogPlan.objects.filter(pk=plan.pk).update(
            reviews_per_day=35,
            given={"": {"reviews_per_day": 35, "order": "due", "new_per_day": 0}},
        )
        backlog.end_those_caught_up(self.now)
        self.assertTrue(BacklogPlan.objects.filter(ended_at=None).exists())
        for card in cards[:3]:
            answer(card, Rating.EASY, now=self.now)
        backlog.end_those_caught_up(self.now)
        # 37 are left and 32 fit.
        self.assertTrue(BacklogPlan.objects.filter(ended_at=None).exists())
        checkpoint.run()
        tomorrow = self.now + timedelta(days=1)
        for card in cards[3:5]:
            answer(card, Rating.EASY, now=self.now)
        backlog.end_those_caught_up(tomorrow)
        self.assertEqual(BacklogPlan.objects.get().ended, BacklogPlan.Ended.CAUGHT_UP)
        self.assertEqual(self.own_settings(), study_settings.EffectiveSettings())
        # A plan that ended by itself is over; it is no undo.
        self.assertIsNone(backlog.resume(owner_id=self.alice.pk, now=tomorrow))

    def test_to_set_everything_back_ends_the_plan(self) -> None:
        self.give(100)
        self.set(order="deck")
        self.accept()
        self.client.post("/settings/study/reset/")
        self.assertEqual(self.own_settings(), study_settings.EffectiveSettings())
        self.assertFalse(BacklogPlan.objects.filter(ended_at=None).exists())
        self.client.post("/settings/study/restore/")
        self.assertEqual(
            self.own_settings(), replace(study_settings.EffectiveSettings(), order="deck")
        )

    def test_ending_none_is_said_plainly(self) -> None:
        for what in ("stop", "resume"):
            self.assertRedirects(self.client.post(f"{URL}{what}/"), URL)

    def test_the_settings_say_that_a_plan_holds(self) -> None:
        self.give(100)
        self.accept()
        self.assertContains(self.client.get("/settings/study/"), URL)

    def test_nobody_elses_cards_or_plan_are_meant(self) -> None:
        self.give(100)
        self.accept()
        self.log_in(self.bob)
        self.assertNotContains(self.client.get(URL), "End the plan")
        self.client.post(f"{URL}stop/")
        self.assertTrue(BacklogPlan.objects.filter(owner=self.alice, ended_at=None).exists())
        self.assertFalse(StudySettings.objects.filter(owner=self.bob).exists())
        self.client.logout()
        self.assertRedirects(
            self.client.get(URL), f"/accounts/login/?next={URL}", fetch_redirect_response=False
        )

    def test_only_the_right_methods_are_taken(self) -> None:
        self.assertEqual(self.client.put(URL).status_code, 405)
        for what in ("stop", "resume", "later"):
            self.assertEqual(self.client.get(f"{URL}{what}/").status_code, 405)

    def test_a_rating_goes_by_it_without_another_query(self) -> None:
        self.give(100)
        self.accept(minutes=5)
        with self.assertNumQueries(1):
            settings = self.own_settings()
        queue = due_queue(owner_id=self.alice.pk, now=self.now)
        self.assertEqual(queue.due, settings.reviews_per_day)
