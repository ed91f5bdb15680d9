"""/insight/plan/: what a plan brings, beside another, in the request or in the worker."""

import re
from datetime import date, timedelta
from typing import Any
from unittest import mock

from django.test import SimpleTestCase
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from flashcards import store, study_settings
from flashcards.cards import jobs
from flashcards.insight import plan_job
from flashcards.models import Deck, PlanSimulation
from flashcards.study_settings import presets
from flashcards.tasks import simulate_plan
from flashcards.web.pages import insight_plan as page
from tests.base import TestCase
from tests.factories import stored_card
from tests.flashcards.given_cards import answer, give_many
from tests.flashcards.web.view_rules import HTMX

URL = "/insight/plan/"
RESULT = {**HTMX, "HX-Target": "plan-result"}
BOTH = {"compare": "on", "b-desired_retention": "75"}


class PlanPageTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        learnt = timezone.now() - timedelta(days=20)
        for n in range(40):
            stored_card(
                self.alice,
                state=2,
                stability=5.0 + n,
                difficulty=5.0,
                reps=3,
                last_review=learnt,
                due=learnt + timedelta(days=5 + n),
            )
        give_many(self.alice, 10)

    def calculated(self, **asked: str) -> Any:
        return self.client.get(URL, {"calculate": "on", **asked})

    def in_the_worker(self) -> Any:
        patched = mock.patch.object(plan_job, "AT_ONCE_CARDS", 0)
        patched.start()
        self.addCleanup(patched.stop)
        with self.captureOnCommitCallbacks(execute=True):
            return self.calculated()

    def test_it_asks_visitors_to_log_in_and_takes_no_other_method(self) -> None:
        self.assertEqual(self.client.post(URL).status_code, 405)
        for act in ("stop", "use", "undo"):
            self.assertEqual(self.client.get(f"{URL}{act}/").status_code, 405)
        self.client.logout()
        self.assertRedirects(
            self.client.get(URL), f"/accounts/login/?next={URL}", fetch_redirect_response=False
        )

    def test_it_begins_with_what_is_set_and_loads_the_rest_by_itself(self) -> None:
        study_settings.save(
            owner_id=self.alice.id,
            deck=None,
            values={"desired_retention": 0.85, "new_per_day": 7},
            now=timezone.now(),
        )
        response = self.client.get(URL)
        self.assertContains(response, 'name="a-desired_retention" value="85"')
        self.assertContains(response, 'name="a-new_per_day" value="7"')
        self.assertContains(response, 'hx-trigger="load"')
        self.assertFalse(PlanSimulation.objects.exists())

    def test_few_cards_are_simulated_at_once_and_what_was_found_is_kept(self) -> None:
        response = self.calculated()
        self.assertContains(response, "After a year you would know about")
        self.assertContains(response, "of 50.")
        self.assertContains(response, "you have no reviews of the last half year")
        self.assertContains(response, "This is how it is set now.")
        self.assertContains(response, "<table", count=3)
        with mock.patch("flashcards.insight.plan.simulate", side_effect=AssertionError):
            again = self.client.get(URL)
        self.assertContains(again, "After a year you would know about")

    def test_two_plans_are_compared_and_the_second_begins_as_the_first(self) -> None:
        response = self.calculated(**BOTH, **{"a-new_per_day": "3"})
        self.assertContains(response, 'name="b-new_per_day" value="3"')
        self.assertRegex(response.content.decode(), r"Plan B (takes|keeps)")
        self.assertContains(response, "Use this plan", count=2)

    def test_the_own_answers_count_once_there_are_enough(self) -> None:
        with mock.patch("flashcards.insight.habits.ENOUGH_REVIEWS", 3):
            cards = give_many(self.alice, 5)
            for card in cards:
                answer(card, now=timezone.now() - timedelta(days=3))
            store.checkpoint_all()
            response = self.calculated()
        self.assertContains(response, "your own of the last half year (5) are too few")

    def test_what_is_wrong_is_said_and_nothing_typed_is_lost(self) -> None:
        asked = {
            "a-desired_retention": "99",
            "a-new_per_day": "12",
            "a-reviews_per_day": "viele",
            **{f"a-easy_{n}": "0" for n in range(7)},
        }
        response = self.client.get(URL, {**asked, "calculate": "on"})
        self.assertEqual(response.status_code, 422)
        self.assertContains(response, "Choose a percentage from 70 to 97.", status_code=422)
        self.assertContains(response, "Choose a number from 0 to 9,999.", status_code=422)
        self.assertContains(response, "Leave at least one day", status_code=422)
        for typed in ('value="99"', 'value="12"', 'value="viele"'):
            self.assertContains(response, typed, status_code=422)
        odd = {"a-order": "best", "a-easy_2": "x", "of": "deck:odd\x00"}
        response = self.client.get(URL, odd)
        self.assertContains(response, "Choose an order.", status_code=422)

    def test_many_cards_are_simulated_by_the_worker_with_progress(self) -> None:
        response = self.in_the_worker()
        self.assertContains(response, "Waiting for the worker")
        self.assertContains(response, 'hx-trigger="load delay:700ms"')
        job = ProcrastinateJob.objects.get(task_name=jobs.SIMULATE)
        PlanSimulation.objects.update(percent=40)
        fragment = self.client.get(URL, headers=RESULT)
        self.assertContains(fragment, "40% simulated")
        self.assertNotContains(fragment, "<html")
        simulate_plan(**job.args)
        self.assertContains(self.client.get(URL, headers=RESULT), "After a year you would know")

    def test_it_is_stopped_and_calculated_again(self) -> None:
        self.in_the_worker()
        response = self.client.post(f"{URL}stop/", {"query": "a-new_per_day=4&calculate=on"})
        self.assertRedirects(response, f"{URL}?a-new_per_day=4", fetch_redirect_response=False)
        self.assertContains(self.client.get(URL), "Calculate it again")
        plan_job.run(owner_id=self.alice.id)
        self.assertIsNone(PlanSimulation.objects.get().result)
        self.assertContains(self.calculated(), "Waiting for the worker")

    def test_what_is_stopped_half_way_leaves_nothing(self) -> None:
        self.in_the_worker()
        seen: list[int] = []

        def clock() -> Any:
            seen.append(PlanSimulation.objects.get().percent)
            if len(seen) == 3:
                plan_job.stop(owner_id=self.alice.id, now=timezone.now())
            return timezone.now()

        plan_job.run(owner_id=self.alice.id, clock=clock)
        found = PlanSimulation.objects.get()
        self.assertEqual(found.status, PlanSimulation.Status.STOPPED)
        self.assertIsNone(found.result)
        self.assertEqual(len(seen), 3)

    def test_one_whose_worker_died_is_begun_anew(self) -> None:
        self.in_the_worker()
        PlanSimulation.objects.update(updated_at=timezone.now() - timedelta(minutes=5))
        self.assertContains(self.client.get(URL), 'hx-trigger="load"')
        with mock.patch.object(plan_job, "AT_ONCE_CARDS", 1_000):
            self.assertContains(self.calculated(), "After a year you would know")

    def test_one_that_fails_is_not_begun_again_by_itself(self) -> None:
        self.in_the_worker()
        broken = mock.patch("flashcards.insight.plan.simulate", side_effect=ZeroDivisionError)
        with broken, self.assertRaises(ZeroDivisionError):
            plan_job.run(owner_id=self.alice.id)
        self.assertContains(self.client.get(URL), "Calculate it again")

    def test_another_plan_ends_the_one_under_way(self) -> None:
        self.in_the_worker()
        self.calculated(**{"a-new_per_day": "3"})
        statuses = PlanSimulation.objects.order_by("started_at").values_list("status", flat=True)
        self.assertEqual(list(statuses), ["stopped", "working"])

    def test_a_plan_is_used_and_that_is_undone(self) -> None:
        study_settings.save(
            owner_id=self.alice.id, deck=None, values={"new_per_day": 5}, now=timezone.now()
        )
        page = self.calculated(**BOTH, **{"b-easy_6": "50"}).content.decode()
        form = page.split('name="which" value="b"')[1].split("</form>")[0]
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
        self.client.post(f"{URL}use/", {**fields, "which": "b"})
        settings = study_settings.settings_for(owner_id=self.alice.id)
        self.assertEqual(settings.desired_retention, 0.75)
        self.assertEqual(settings.easy_days, (100,) * 6 + (50,))
        self.assertEqual(settings.new_per_day, 5)
        self.assertContains(self.client.get(URL), "The plan is set for all cards.")
        self.client.post(f"{URL}undo/")
        settings = study_settings.settings_for(owner_id=self.alice.id)
        self.assertEqual((settings.desired_retention, settings.new_per_day), (0.9, 5))
        self.client.post(f"{URL}undo/")
        self.assertContains(self.client.get(URL), "There is nothing to undo.")

    def test_a_plan_that_makes_no_sense_is_not_used(self) -> None:
        response = self.client.post(f"{URL}use/", {"which": "a", "a-desired_retention": "5"})
        self.assertEqual(response.status_code, 422)
        self.assertEqual(study_settings.settings_for(owner_id=self.alice.id).desired_retention, 0.9)


class DeckPlanTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.deck = Deck.objects.create(owner=self.alice, name="Latin")
        for _ in range(4):
            stored_card(self.alice, deck_ids=(self.deck.id,))
        for _ in range(3):
            stored_card(self.alice)

    def get(self, **asked: str) -> Any:
        return self.client.get(URL, {"of": f"deck:{self.deck.id}", "calculate": "on", **asked})

    def test_a_deck_has_its_own_plan_without_order_and_easy_days(self) -> None:
        response = self.get()
        self.assertNotContains(response, "a-order")
        self.assertNotContains(response, "a-easy_0")
        self.assertContains(response, "of 4")
        self.client.post(
            f"{URL}use/", {"of": f"deck:{self.deck.id}", "which": "a", "a-new_per_day": "2"}
        )
        settings = study_settings.settings_for(owner_id=self.alice.id)
        self.assertEqual(settings.new_per_day, 20)
        self.assertEqual(settings.decks[self.deck.id].new_per_day, 2)
        # Its cards no longer follow the plan for all.
        response = self.client.get(URL, {"calculate": "on"})
        self.assertContains(response, "of 3")
        self.assertContains(response, "4 cards that follow other settings are left out")
        self.client.post(f"{URL}undo/")
        self.assertFalse(study_settings.settings_for(owner_id=self.alice.id).decks)

    def test_a_preset_that_decks_share_is_named(self) -> None:
        other = Deck.objects.create(owner=self.alice, name="Latin::Verbs")
        now = timezone.now()
        study_settings.save(
            owner_id=self.alice.id, deck=self.deck, values={"new_per_day": 3}, now=now
        )
        preset = Deck.objects.get(id=self.deck.id).preset_id
        presets.choose(owner_id=self.alice.id, deck_ids=[other.id], preset_id=preset, now=now)
        stored_card(self.alice, deck_ids=(other.id,))
        response = self.get()
        self.assertContains(response, "as 1 other deck does")
        self.assertContains(response, 'name="a-new_per_day" value="3"')
        # The deck inside it follows the same preset, so its card is part of the plan.
        self.assertContains(response, "of 5")
        self.assertNotContains(response, "left out")

    def test_a_search_a_smart_deck_and_a_strangers_deck_have_none(self) -> None:
        smart = Deck.objects.create(owner=self.alice, name="Weak", search="prop:lapses>3")
        theirs = Deck.objects.create(owner=self.bob, name="Secret")
        for key, said in (
            ("search:tag:x", "no plan for a search"),
            (f"deck:{smart.id}", "no plan for a search or a smart deck"),
            (f"deck:{theirs.id}", "This deck no longer exists."),
            ("deck:odd", "This deck no longer exists."),
        ):
            response = self.client.get(URL, {"of": key})
            self.assertContains(response, said)
            self.assertContains(response, "a-order")
            self.assertNotContains(response, "Secret")

    def test_somebody_without_cards_is_told_what_to_do_first(self) -> None:
        self.log_in(self.bob)
        response = self.client.get(URL)
        self.assertContains(response, "Once you have cards")
        self.assertNotContains(response, "plan-result")

    def test_ten_thousand_decks_are_no_long_page(self) -> None:
        Deck.objects.bulk_create(
            Deck(owner=self.alice, name=f"Deck number {n}") for n in range(10_000)
        )
        response = self.get()
        self.assertContains(response, "of 4")
        self.assertContains(response, "selected>Latin</option>")
        self.assertLess(len(response.content), 150_000)


class WordsTests(SimpleTestCase):
    def plan(
        self, *, minutes: Any = (9, 8), known: float = 50, backlog: float = 0, met: int = 60
    ) -> Any:
        def three(number: float) -> list[float]:
            return [number] * 3

        return {
            "ends": [6, 364],
            "minutes": [three(each) for each in minutes],
            "reviews": [three(20), three(20)],
            "known": [three(known), three(known)],
            "backlog": [three(backlog), three(0)],
            "year": {
                "minutes": three(minutes[0]),
                "reviews": three(min(20, backlog)),
                "known": three(known),
                "backlog": three(0),
            },
            "met": met,
        }

    def shown(self, *plans: Any, rows: Any = None, **fields: Any) -> page.PlanShown:
        result = {
            "plans": plans,
            "retentions": rows or [[0.7, 1, 2, 40, 0], [0.9, 2, 4, 50, 0]],
            "cards": 60,
            "new": 0,
            "left_out": 0,
            "answers": 900,
            "is_own": True,
            "seconds": 8.2,
            **fields,
        }
        return page.shown(result, today=date(2026, 11, 2), retention=0.9)

    def test_nothing_to_plan_is_said_plainly(self) -> None:
        nothing = self.plan(minutes=(0, 0), known=0, met=0)
        self.assertIn("no card to plan", self.shown(nothing, cards=0).findings[0])
        one = self.shown(nothing, cards=1, new=1)
        self.assertIn("you meet no card: 1 card would still be new", one.findings[0])
        self.assertEqual(one.charts[0].sentence, "This plan takes no time.")

    def test_one_is_not_said_as_many(self) -> None:
        shown = self.shown(self.plan(backlog=1), left_out=1, cards=1, new=1, seconds=1.2)
        self.assertIn("up to 1 card waits for another day", " ".join(shown.findings))
        self.assertIn("up to 1 card waits beyond the limit", shown.charts[2].sentence)
        self.assertIn("your 1 card (1 new)", shown.basis)
        self.assertIn("takes you 1 second)", shown.basis)
        self.assertIn("1 card that follows other settings is left out", shown.basis)

    def test_where_most_time_is_taken(self) -> None:
        for minutes, said in (
            ((9, 8), "takes most at the beginning: 9 minutes a day, and at the end of the year 8"),
            ((10, 11), "begins with 10 minutes a day and ends with 11 minutes."),
            ((10, 15), "begins with 10 minutes a day and takes most in week 2: 15 minutes."),
        ):
            self.assertIn(said, self.shown(self.plan(minutes=minutes)).charts[0].sentence)

    def test_no_difference_is_told_that_reads_as_none(self) -> None:
        shown = self.shown(self.plan(minutes=(0.01, 0)), self.plan(minutes=(0.002, 0)))
        self.assertIn("takes about as long", shown.findings[0])
        alike = [[0.7, 1, 2, 2_001, 0], [0.9, 2, 4, 2_004, 0]]
        self.assertNotIn("fewer cards", self.shown(self.plan(), rows=alike).charts[-1].sentence)

    def test_a_short_time_for_each_card_is_in_seconds(self) -> None:
        figures = dict(self.shown(self.plan(minutes=(0.02, 0.02), known=50)).columns[0][1])
        self.assertEqual(figures["Time a year for each card known"], "9 seconds")
