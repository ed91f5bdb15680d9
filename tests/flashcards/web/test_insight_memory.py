"""/insight/memory/: what a fit came to, in words and figures."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import SimpleTestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from flashcards.insight import memory_fit
from flashcards.models import AutomaticFit, BulkChange, Deck, ParameterFit, StudySettings
from flashcards.scheduling import DEFAULT_PARAMETERS
from flashcards.web.pages import memory_fit as words
from tests.base import TestCase

URL = "/insight/memory/"
Status = ParameterFit.Status
QUALITY = {"items": 300, "log_loss": 0.31, "rmse_bins": 0.04}
POINT = {"predicted": 0.9, "recalled": 0.88, "items": 300}
BETTER: dict[str, Any] = {
    "verdict": "better",
    "items": 1_500,
    "only_initial": False,
    "before": {**QUALITY, "log_loss": 0.3312},
    "after": QUALITY,
    "calibration_before": [POINT],
    "calibration_after": [{**POINT, "predicted": 0.8}, POINT],
    "findings": [],
    "comparison": {"lasting": 1.33, "reviews": 0.82},
    "effect": {"earlier": 1, "later": 240, "due_now": 30, "due_then": 24},
}
NO_BETTER = {**BETTER, "verdict": "no_better", "comparison": None, "effect": None}
TOO_FEW = {
    **NO_BETTER,
    "verdict": "too_few",
    "items": 1,
    "calibration_before": [],
    "findings": [{"concern": "too_few", "amount": 1.0, "is_uneven": False}],
}
FITTED = [value * 1.1 if number < 4 else value for number, value in enumerate(DEFAULT_PARAMETERS)]


class MemoryPageTests(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def fit(self, **fields: Any) -> ParameterFit:
        values = {"status": Status.DONE, "parameters": FITTED, "result": BETTER, "progress": 1.0}
        return ParameterFit.objects.create(owner=self.alice, **(values | fields))

    def page(self) -> str:
        response = self.client.get(URL)
        self.assertEqual(response.status_code, 200)
        return response.content.decode()

    def test_before_the_first_fit_it_says_what_it_is(self) -> None:
        page = self.page()
        self.assertIn("Fit to my reviews", page)
        self.assertIn("what holds for most people", page)
        self.assertIn('aria-current="page">Memory', page)

    def test_a_better_fit_is_offered_with_what_it_would_do(self) -> None:
        fit = self.fit()
        page = self.page()
        for said in (
            "holds about a third longer than average: the same retention for 18% fewer reviews",
            "1,500 reviews",
            "the newest 300",
            "0.3312",
            "0.3100",
            "About 1 card would come earlier and 240 cards later; 24 would be due today instead",
            reverse("flashcards:adopt_fit", args=[fit.id]),
            "Calibration",
            "The fitted parameters",
        ):
            self.assertIn(said, page)
        self.assertNotIn("Take back", page)

    def test_it_is_adopted_and_taken_back(self) -> None:
        fit = self.fit()
        adopt = reverse("flashcards:adopt_fit", args=[fit.id])
        self.assertContains(self.client.post(adopt, follow=True), "follow the fitted parameters")
        fit.refresh_from_db()
        self.assertEqual(fit.status, Status.ADOPTED)
        row = StudySettings.objects.get(owner=self.alice, name="")
        self.assertEqual(row.parameters, FITTED)
        page = self.page()
        self.assertIn("Take back", page)
        self.assertIn("The parameters in use", page)
        take_back = reverse("flashcards:take_back_fit", args=[fit.id])
        self.assertContains(self.client.post(take_back, follow=True), "back as before")
        row.refresh_from_db()
        self.assertIsNone(row.parameters)

    def test_what_moves_cards_is_shown(self) -> None:
        BulkChange.objects.create(owner=self.alice, verb="refold", card_ids=b"", total=9_000)
        self.assertIn("Rescheduling cards by the new parameters", self.page())

    def test_each_preset_has_its_own(self) -> None:
        preset = StudySettings.objects.create(owner=self.alice, name="Latin")
        Deck.objects.create(owner=self.alice, name="Latin", preset=preset)
        self.fit(preset=preset)
        self.assertIn("Fit to my reviews", self.page())
        response = self.client.get(URL, {"preset": preset.pk})
        self.assertContains(response, "about a third longer")
        self.assertContains(response, f'name="preset" value="{preset.pk}"')
        started = self.client.post("/insight/memory/fit/", {"preset": preset.pk})
        self.assertRedirects(started, f"{URL}?preset={preset.pk}")
        self.assertEqual(ParameterFit.objects.get(status=Status.WORKING).preset, preset)
        # Of the other cards' page it is said that they are being fitted.
        ParameterFit.objects.update(progress=0.3)
        self.assertIn("Other cards are being fitted", self.page())
        for odd in ("0", "x", "9" * 30, "-1"):
            self.assertEqual(self.client.get(URL, {"preset": odd}).status_code, 200)

    def test_progress_can_be_watched_and_stopped(self) -> None:
        self.assertRedirects(self.client.post("/insight/memory/fit/"), URL)
        fit = ParameterFit.objects.get()
        self.assertIn("Waiting for the worker", self.page())
        ParameterFit.objects.update(progress=0.4)
        headers = {"HX-Request": "true", "HX-Target": "memory-progress"}
        fragment = self.client.get(URL, headers=headers)
        self.assertContains(fragment, 'value="0.400"')
        self.assertNotContains(fragment, "<html")
        self.assertRedirects(self.client.post("/insight/memory/stop/"), URL)
        fit.refresh_from_db()
        self.assertEqual(fit.status, Status.STOPPED)
        self.assertIn("Stopped. Nothing was changed.", self.page())
        ended = self.client.get(URL, headers=headers)
        self.assertEqual(ended.headers["HX-Refresh"], "true")

    def test_a_dead_worker_is_told(self) -> None:
        long_ago = timezone.now() - timedelta(hours=1)
        self.fit(status=Status.WORKING, result={}, updated_at=long_ago)
        page = self.page()
        self.assertIn(memory_fit.INTERRUPTED, page)
        self.assertIn("Fit to my reviews", page)

    def test_what_does_not_fit_is_told_with_its_figure(self) -> None:
        concerns = [
            ({"concern": "hard_for_forgotten", "amount": 0.12}, "12% of your reviews are Hard"),
            ({"concern": "time_does_not_matter", "amount": 0.97}, "3.0% less loss"),
            ({"concern": "off", "amount": 0.07}, "7 points higher than what you recalled"),
            ({"concern": "off", "amount": -0.06}, "6 points lower"),
            ({"concern": "off", "amount": 0.08, "is_uneven": True}, "off by 8 points on average"),
        ]
        found = [{"is_uneven": False, **finding} for finding, _ in concerns]
        self.fit(result={**NO_BETTER, "findings": found}, parameters=[])
        page = self.page()
        for _, said in concerns:
            self.assertIn(said, page)
        self.assertIn("counting these Hards as Again", page)
        self.client.post("/insight/memory/fit/", {"hard_as_again": "on"})
        self.assertTrue(ParameterFit.objects.get(status=Status.WORKING).hard_as_again)

    def test_a_fit_that_rests_on_hards_is_not_recommended(self) -> None:
        findings = [{"concern": "hard_for_forgotten", "amount": 0.3, "is_uneven": False}]
        self.fit(result={**BETTER, "findings": findings})
        page = self.page()
        self.assertIn("Do not adopt this yet", page)
        self.assertIn("Count these Hards as Again", page)
        self.assertIn("Adopt anyway", page)
        self.assertNotIn("about a third longer", page)

    def test_few_reviews(self) -> None:
        self.fit(result=TOO_FEW, parameters=[])
        page = self.page()
        self.assertIn("There is 1 review to learn from, and a fit needs 400", page)
        self.assertNotIn("How well it predicts", page)

    def test_another_memory_model(self) -> None:
        StudySettings.objects.create(owner=self.alice, memory_model="toy")
        self.assertIn("another memory model", self.page())
        response = self.client.post("/insight/memory/fit/", follow=True)
        self.assertContains(response, "nothing was fitted")

    def test_a_month_later_a_new_fit_is_offered_and_can_be_automatic(self) -> None:
        StudySettings.objects.create(owner=self.alice, parameters=FITTED)
        self.fit(status=Status.ADOPTED, started_at=timezone.now() - timedelta(days=40))
        self.assertIn("A month has passed", self.page())
        self.client.post("/insight/memory/automatic/", {"automatic": "on"})
        self.assertTrue(AutomaticFit.objects.filter(owner=self.alice).exists())
        self.assertIn("Fit only when I ask", self.page())
        self.client.post("/insight/memory/automatic/")
        self.assertFalse(AutomaticFit.objects.exists())

    def test_strangers_and_visitors(self) -> None:
        fit = self.fit()
        self.log_in(self.bob)
        self.assertIn("Fit to my reviews", self.page())
        for name in ("adopt_fit", "take_back_fit"):
            url = reverse(f"flashcards:{name}", args=[fit.id])
            self.assertEqual(self.client.post(url).status_code, 404)
            self.assertEqual(self.client.get(url).status_code, 405)
        self.client.logout()
        self.assertEqual(self.client.get(URL).status_code, 302)

    def test_the_queries_do_not_grow_with_the_fits(self) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as counted:
                self.client.get(URL)
            return len(counted.captured_queries)

        self.fit()
        few = queries()
        for _ in range(5):
            self.fit()
        self.assertEqual(queries(), few)


class WordsTests(SimpleTestCase):
    def test_how_long_memories_hold(self) -> None:
        for ratio, said in (
            (1.0, "about as long as average"),
            (0.96, "about as long as average"),
            (1.33, "about a third longer than average"),
            (1.24, "about a quarter longer than average"),
            (1.12, "about 12% longer than average"),
            (1.5, "about half as long again as average"),
            (2.02, "about twice as long as average"),
            (2.6, "about 2.6 times as long as average"),
            (0.67, "about a third shorter than average"),
            (0.9, "about 10% shorter than average"),
            (0.5, "about half as long as average"),
            (0.3, "about 70% shorter than average"),
        ):
            self.assertEqual(words.lasting_words(ratio), said)

    def test_what_it_costs(self) -> None:
        for reviews, said in (
            (0.82, "the same retention for 18% fewer reviews."),
            (1.15, "for the retention you chose you need 15% more reviews."),
            (1.01, "about as many reviews for the same retention, at better times."),
        ):
            comparison = {"lasting": 1.2, "reviews": reviews}
            sentence = words.sentence_of({**BETTER, "comparison": comparison})
            self.assertTrue(sentence.endswith(said), sentence)

    def test_a_better_fit_of_cards_that_are_not_in_review_says_so(self) -> None:
        sentence = words.sentence_of({**BETTER, "comparison": None})
        self.assertIn("better than those in use", sentence)

    def test_due_dates(self) -> None:
        base = BETTER["effect"]
        for earlier, later, said in (
            (0, 0, "No card would move"),
            (3, 0, "About 3 cards would come earlier; 24"),
            (0, 1, "About 1 card would come later; 24"),
        ):
            found = words.due_sentence({**base, "earlier": earlier, "later": later})
            self.assertIn(said, found)
