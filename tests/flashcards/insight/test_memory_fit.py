"""The fit as a job: started, stopped, killed, adopted and taken back."""

import uuid
from datetime import timedelta
from unittest import mock

from django.utils import timezone

from flashcards import study_settings
from flashcards.insight import memory_fit
from flashcards.insight.memory_fit import CannotFit
from flashcards.models import AutomaticFit, ParameterFit, StudySettings
from flashcards.review import rescheduling
from flashcards.scheduling.fitting import guard, optimizer
from flashcards.scheduling.fitting.forecast import Concern
from flashcards.store import cards
from tests.base import TestCase
from tests.flashcards.insight.simulated_log import BEGINS, fill
from tests.flashcards.scheduling import simulated_learners as learners

Status = ParameterFit.Status
NOW = BEGINS + timedelta(days=400)


class FitTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.reviews = learners.reviews_of(learners.weak(), 3_000, seed=2)

    def run_fit(self) -> ParameterFit:
        fit = memory_fit.start(owner_id=self.alice.pk, now=NOW)
        memory_fit.run(owner_id=self.alice.pk, clock=lambda: NOW)
        fit.refresh_from_db()
        return fit

    def memories(self) -> dict[uuid.UUID, float | None]:
        return {card.id: card.stability for card in cards.for_owner(self.alice)}

    def parameters(self) -> tuple[float, ...]:
        return study_settings.settings_for(owner_id=self.alice.pk).parameters

    def test_a_fit_is_found_adopted_and_taken_back(self) -> None:
        fill(self.alice, self.reviews)
        before = self.memories()
        fit = self.run_fit()
        self.assertEqual((fit.status, fit.progress), (Status.DONE, 1.0))
        self.assertEqual(fit.result["verdict"], guard.Verdict.BETTER)
        self.assertLess(fit.result["comparison"]["lasting"], 1)
        self.assertEqual(self.parameters(), ())
        self.assertEqual(self.memories(), before)
        # Adopting: every card is what its log gives with the new parameters.
        memory_fit.adopt(owner_id=self.alice.pk, fit_id=fit.id, now=NOW)
        self.assertEqual(self.parameters(), ())
        memory_fit.run(owner_id=self.alice.pk, clock=lambda: NOW)
        fit.refresh_from_db()
        self.assertEqual(fit.status, Status.ADOPTED)
        self.assertEqual(self.parameters(), tuple(fit.parameters))
        self.assertNotEqual(self.memories(), before)
        self.check_moved(fit)
        settings = study_settings.settings_for(owner_id=self.alice.pk)
        found = memory_fit.adopted(owner_id=self.alice.pk, settings=settings)
        self.assertEqual(found and found.id, fit.id)
        # Twice is once.
        memory_fit.adopt(owner_id=self.alice.pk, fit_id=fit.id, now=NOW)
        memory_fit.take_back(owner_id=self.alice.pk, fit_id=fit.id, now=NOW)
        memory_fit.run(owner_id=self.alice.pk, clock=lambda: NOW)
        fit.refresh_from_db()
        self.assertEqual(fit.status, Status.RESTORED)
        self.assertEqual(self.parameters(), ())
        after = self.memories()
        for card_id, stability in before.items():
            self.assertAlmostEqual(after[card_id] or 0, stability or 0)

    def check_moved(self, fit: ParameterFit) -> None:
        """Hold the promise of the preview against what became of the due dates."""
        told = fit.result["comparison"]
        moved = sum(card.sequence > card.reps for card in cards.for_owner(self.alice))
        self.assertAlmostEqual(told["earlier"] + told["later"], moved, delta=2 + moved * 0.02)

    def test_nothing_is_known_of_few_reviews(self) -> None:
        for reviews in (0, 1, 100):
            if reviews:
                fill(self.alice, learners.reviews_of(learners.weak(), reviews))
            fit = self.run_fit()
            self.assertEqual(fit.status, Status.DONE)
            self.assertEqual(fit.parameters, [])
            self.assertEqual(fit.result["findings"][0]["concern"], Concern.TOO_FEW)

    def test_it_can_be_stopped_before_and_meanwhile(self) -> None:
        fill(self.alice, self.reviews)
        fit = memory_fit.start(owner_id=self.alice.pk, now=NOW)
        memory_fit.stop(owner_id=self.alice.pk, now=NOW)
        memory_fit.run(owner_id=self.alice.pk, clock=lambda: NOW)
        fit.refresh_from_db()
        self.assertEqual((fit.status, fit.result), (Status.STOPPED, {}))

        def stops(*args: object, **kwargs: object) -> object:
            memory_fit.stop(owner_id=self.alice.pk, now=NOW)
            return real(*args, **kwargs)  # type: ignore[arg-type]  # whatever it was

        real = guard.fit
        fit = memory_fit.start(owner_id=self.alice.pk, now=NOW)
        with (
            mock.patch.object(guard, "fit", stops),
            mock.patch.object(memory_fit, "NEWS_SECONDS", 0),
            mock.patch.object(optimizer, "fit", wraps=optimizer.fit) as fitted,
        ):
            memory_fit.run(owner_id=self.alice.pk, clock=lambda: NOW)
        self.assertEqual(fitted.call_count, 1)
        fit.refresh_from_db()
        self.assertEqual((fit.status, fit.result), (Status.STOPPED, {}))

    def test_a_worker_that_died_leaves_nothing_and_one_can_start_again(self) -> None:
        fill(self.alice, self.reviews)
        fit = memory_fit.start(owner_id=self.alice.pk, now=NOW)
        later = NOW + memory_fit.HEARTBEAT
        found = memory_fit.latest(owner_id=self.alice.pk, now=later)
        self.assertEqual(found and found.status, Status.FAILED)
        self.assertIn("Start it again", found.error if found else "")
        again = memory_fit.start(owner_id=self.alice.pk, now=later)
        self.assertNotEqual(again.id, fit.id)
        # While adopting: the parameters and all cards are as before.
        memory_fit.run(owner_id=self.alice.pk, clock=lambda: later)
        memory_fit.adopt(owner_id=self.alice.pk, fit_id=again.id, now=later)
        before = self.memories()
        with (
            mock.patch.object(rescheduling, "reschedule_all", side_effect=SystemExit),
            self.assertRaises(SystemExit),
        ):
            memory_fit.run(owner_id=self.alice.pk, clock=lambda: later)
        self.assertEqual((self.parameters(), self.memories()), ((), before))
        much_later = later + memory_fit.ADOPTING_MOST
        found = memory_fit.latest(owner_id=self.alice.pk, now=much_later)
        self.assertEqual(found and found.status, Status.DONE)

    def test_an_error_is_told_and_nothing_was_changed(self) -> None:
        fit = memory_fit.start(owner_id=self.alice.pk, now=NOW)
        with (
            mock.patch.object(guard, "fit", side_effect=RuntimeError),
            self.assertRaises(RuntimeError),
        ):
            memory_fit.run(owner_id=self.alice.pk, clock=lambda: NOW)
        fit.refresh_from_db()
        self.assertEqual((fit.status, fit.error), (Status.FAILED, memory_fit.BROKEN))

    def test_one_is_under_way_at_a_time(self) -> None:
        first = memory_fit.start(owner_id=self.alice.pk, now=NOW)
        self.assertEqual(memory_fit.start(owner_id=self.alice.pk, now=NOW).id, first.id)
        self.assertNotEqual(memory_fit.start(owner_id=self.bob.pk, now=NOW).id, first.id)

    def test_parameters_that_changed_since_are_left_alone(self) -> None:
        fill(self.alice, self.reviews)
        fit = self.run_fit()
        other = list(fit.parameters)
        other[0] += 0.01
        rescheduling.set_parameters(owner_id=self.alice.pk, parameters=other, now=NOW)
        with self.assertRaises(CannotFit):
            memory_fit.adopt(owner_id=self.alice.pk, fit_id=fit.id, now=NOW)
        self.assertEqual(self.parameters(), tuple(other))

    def test_another_memory_model_is_left_alone(self) -> None:
        StudySettings.objects.create(owner=self.alice, memory_model="toy")
        with self.assertRaises(CannotFit):
            memory_fit.start(owner_id=self.alice.pk, now=NOW)
        self.assertFalse(ParameterFit.objects.exists())

    def test_a_stranger_has_no_part_in_it(self) -> None:
        fill(self.alice, self.reviews)
        fit = self.run_fit()
        for act in (memory_fit.adopt, memory_fit.take_back):
            with self.assertRaises(ParameterFit.DoesNotExist):
                act(owner_id=self.bob.pk, fit_id=fit.id, now=NOW)
        self.assertIsNone(memory_fit.latest(owner_id=self.bob.pk, now=NOW))

    def test_old_fits_are_forgotten(self) -> None:
        for number in range(memory_fit.KEPT + 3):
            memory_fit.start(owner_id=self.alice.pk, now=NOW + timedelta(days=number))
            memory_fit.stop(owner_id=self.alice.pk, now=NOW)
        self.assertEqual(ParameterFit.objects.count(), memory_fit.KEPT)


class MonthlyTests(TestCase):
    def test_who_wishes_it_is_fitted_once_a_month(self) -> None:
        now = timezone.now()
        self.assertEqual(memory_fit.start_monthly(now), 0)
        for _ in range(2):
            memory_fit.set_automatic(owner_id=self.alice.pk, wished=True, now=now)
        self.assertEqual(memory_fit.start_monthly(now), 1)
        fit = ParameterFit.objects.get()
        self.assertTrue(fit.automatic)
        memory_fit.run(owner_id=self.alice.pk)
        self.assertEqual(memory_fit.start_monthly(now + timedelta(days=29)), 0)
        self.assertEqual(memory_fit.start_monthly(now + timedelta(days=31)), 1)
        memory_fit.set_automatic(owner_id=self.alice.pk, wished=False, now=now)
        self.assertFalse(AutomaticFit.objects.exists())

    def test_what_is_better_is_adopted_by_itself(self) -> None:
        fill(self.alice, learners.reviews_of(learners.weak(), 3_000, seed=2))
        memory_fit.start(owner_id=self.alice.pk, now=NOW, automatic=True)
        for _ in range(2):
            memory_fit.run(owner_id=self.alice.pk, clock=lambda: NOW)
        fit = ParameterFit.objects.get()
        self.assertEqual(fit.status, Status.ADOPTED)
        settings = study_settings.settings_for(owner_id=self.alice.pk)
        self.assertEqual(settings.parameters, tuple(fit.parameters))
