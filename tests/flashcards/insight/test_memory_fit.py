"""The fit as a job: started, stopped, killed, adopted and taken back."""

import dataclasses
import uuid
from datetime import datetime, timedelta
from unittest import mock

from django.utils import timezone

from flashcards import scheduling, study_settings
from flashcards.cards import memories
from flashcards.insight import fit_groups, memory_fit
from flashcards.insight.memory_fit import CannotFit
from flashcards.models import AutomaticFit, BulkChange, Deck, ParameterFit, StudySettings
from flashcards.review import rescheduling
from flashcards.scheduling.fitting import guard, optimizer
from flashcards.scheduling.fitting.forecast import Concern
from flashcards.store import cards
from flashcards.study_settings import presets
from tests.base import TestCase
from tests.flashcards.insight.simulated_log import BEGINS, fill
from tests.flashcards.scheduling import simulated_learners as learners

Status = ParameterFit.Status
NOW = BEGINS + timedelta(days=400)


class FitTests(TestCase):
    reviews = learners.reviews_of(learners.weak(), 3_000, seed=2)

    def run_fit(self) -> ParameterFit:
        fit = memory_fit.start(owner_id=self.alice.pk, now=NOW)
        memory_fit.run(owner_id=self.alice.pk, clock=lambda: NOW)
        fit.refresh_from_db()
        return fit

    def everything(self) -> dict[uuid.UUID, tuple[float, datetime]]:
        found = cards.for_owner(self.alice)
        return {card.id: (card.stability or 0.0, card.due) for card in found}

    def parameters(self) -> tuple[float, ...]:
        return study_settings.settings_for(owner_id=self.alice.pk).parameters

    def test_a_fit_is_found_adopted_and_taken_back(self) -> None:
        fill(self.alice, self.reviews)
        before = self.everything()
        fit = self.run_fit()
        self.assertEqual((fit.status, fit.progress), (Status.DONE, 1.0))
        self.assertEqual(fit.result["verdict"], guard.Verdict.BETTER)
        self.assertLess(fit.result["comparison"]["lasting"], 1)
        self.assertEqual(self.parameters(), ())
        self.assertEqual(self.everything(), before)
        memory_fit.adopt(owner_id=self.alice.pk, fit_id=fit.id, now=NOW)
        fit.refresh_from_db()
        self.assertEqual(fit.status, Status.ADOPTED)
        self.assertEqual(self.parameters(), tuple(fit.parameters))
        self.check_folded(fit)
        self.assertEqual(self.in_use(), fit)
        # Twice is once.
        self.assertIsNone(memory_fit.adopt(owner_id=self.alice.pk, fit_id=fit.id, now=NOW))
        memory_fit.take_back(owner_id=self.alice.pk, fit_id=fit.id, now=NOW)
        fit.refresh_from_db()
        self.assertEqual(fit.status, Status.RESTORED)
        self.assertEqual(self.parameters(), ())
        self.assertEqual(self.everything(), before)
        self.assertIsNone(self.in_use())
        # And it can be had again; after a week without the old due dates.
        memory_fit.adopt(owner_id=self.alice.pk, fit_id=fit.id, now=NOW)
        later = NOW + timedelta(days=8)
        BulkChange.objects.all().delete()
        memory_fit.take_back(owner_id=self.alice.pk, fit_id=fit.id, now=later)
        self.assertEqual(self.parameters(), ())
        for card_id, (stability, _) in self.everything().items():
            self.assertAlmostEqual(stability, before[card_id][0])

    def in_use(self) -> ParameterFit | None:
        settings = study_settings.settings_for(owner_id=self.alice.pk)
        group = fit_groups.groups(settings)[0]
        return memory_fit.adopted(owner_id=self.alice.pk, group=group)

    def check_folded(self, fit: ParameterFit) -> None:
        """Each card is what its log gives from nothing, and as many moved as was told."""
        settings = study_settings.settings_for(owner_id=self.alice.pk)
        logs = memories.logs_of(self.alice.pk, self.everything())
        moved = 0
        for card in cards.for_owner(self.alice):
            folded = scheduling.fold(card, logs[card.id], settings=settings.schedule)
            self.assertAlmostEqual(card.stability or 0, folded.stability or 0)
            self.assertEqual(card.due, folded.due)
            moved += card.sequence > card.reps
        told = fit.result["effect"]
        self.assertAlmostEqual(told["earlier"] + told["later"], moved, delta=2 + moved * 0.03)

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
        found = memory_fit.latest(owner_id=self.alice.pk, preset_id=None, now=later)
        self.assertEqual(found and found.status, Status.FAILED)
        self.assertIn("Start it again", found.error if found else "")
        again = memory_fit.start(owner_id=self.alice.pk, now=later)
        self.assertNotEqual(again.id, fit.id)
        # A worker that comes back to the dead one does nothing to it.
        memory_fit.run(owner_id=self.alice.pk, clock=lambda: later)
        fit.refresh_from_db()
        again.refresh_from_db()
        self.assertEqual((fit.status, again.status), (Status.FAILED, Status.DONE))
        self.assertEqual(self.parameters(), ())

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
        rescheduling.adopt_parameters(
            owner_id=self.alice.pk, preset_id=None, parameters=other, now=NOW
        )
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
        self.assertIsNone(memory_fit.latest(owner_id=self.bob.pk, preset_id=None, now=NOW))

    def test_old_fits_are_forgotten(self) -> None:
        for number in range(memory_fit.KEPT + 3):
            memory_fit.start(owner_id=self.alice.pk, now=NOW + timedelta(days=number))
            memory_fit.stop(owner_id=self.alice.pk, now=NOW)
        self.assertEqual(ParameterFit.objects.count(), memory_fit.KEPT)


class PresetTests(TestCase):
    def test_each_preset_is_fitted_to_its_own_cards(self) -> None:
        now = timezone.now()
        preset = presets.create(owner_id=self.alice.pk, name="Latin", now=now)
        Deck.objects.create(owner=self.alice, name="Latin", preset=preset)
        deck = Deck.objects.create(owner=self.alice, name="Latin::Verbs")
        fill(self.alice, learners.reviews_of(learners.default(), 900, seed=4))
        weak = fill(self.alice, learners.reviews_of(learners.weak(), 3_000, seed=2), deck.pk)
        fit = self.fitted(preset.pk)
        self.assertEqual(fit.result["verdict"], guard.Verdict.BETTER)
        memory_fit.adopt(owner_id=self.alice.pk, fit_id=fit.id, now=NOW)
        settings = study_settings.settings_for(owner_id=self.alice.pk)
        self.assertEqual(settings.parameters, ())
        group = fit_groups.group_of(settings, preset.pk)
        assert group is not None
        self.assertEqual(group.own, fit.parameters)
        ids = fit_groups.card_ids(self.alice.pk, settings, group)
        self.assertEqual(ids, {str(card.id) for card in weak})
        # The other cards are fitted without those of the preset.
        rest = self.fitted(None)
        self.assertLess(rest.result["items"], fit.result["items"])
        memory_fit.take_back(owner_id=self.alice.pk, fit_id=fit.id, now=NOW)
        row = presets.preset_of(self.alice.pk, preset.pk)
        self.assertIsNone(row.parameters)

    def fitted(self, preset_id: int | None) -> ParameterFit:
        fit = memory_fit.start(owner_id=self.alice.pk, now=NOW, preset_id=preset_id)
        memory_fit.run(owner_id=self.alice.pk, clock=lambda: NOW)
        fit.refresh_from_db()
        return fit

    def test_a_preset_that_no_deck_uses_is_not_fitted(self) -> None:
        preset = presets.create(owner_id=self.alice.pk, name="Latin", now=NOW)
        for owner, preset_id in ((self.alice, preset.pk), (self.bob, preset.pk)):
            with self.assertRaises(CannotFit):
                memory_fit.start(owner_id=owner.pk, now=NOW, preset_id=preset_id)


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
        memory_fit.run(owner_id=self.alice.pk, clock=lambda: NOW)
        fit = ParameterFit.objects.get()
        self.assertEqual(fit.status, Status.ADOPTED)
        settings = study_settings.settings_for(owner_id=self.alice.pk)
        self.assertEqual(settings.parameters, tuple(fit.parameters))

    def test_what_rests_on_hards_is_left_for_the_learner(self) -> None:
        presses = dataclasses.replace(learners.weak(), hard_for_forgotten=0.95)
        fill(self.alice, learners.reviews_of(presses, 4_000, seed=3))
        fit = memory_fit.start(owner_id=self.alice.pk, now=NOW, automatic=True)
        memory_fit.run(owner_id=self.alice.pk, clock=lambda: NOW)
        fit.refresh_from_db()
        self.assertEqual(fit.status, Status.DONE)
        self.assertTrue(fit.parameters)
        self.assertTrue(memory_fit.is_misled(fit))
