"""The fit: near what a learner's memory is like, and never worse than what was in use."""

import dataclasses

import numpy as np
from django.test import SimpleTestCase

from flashcards.scheduling.fitting import guard, loss, optimizer
from flashcards.scheduling.fitting.bounds import DEFAULTS, LEAST, MOST
from flashcards.scheduling.fitting.forecast import Concern, findings, with_hard_as_again
from flashcards.scheduling.fitting.guard import Verdict
from flashcards.scheduling.fitting.histories import Histories
from flashcards.scheduling.fsrs_adapter import FSRS6
from flashcards.scheduling.memory_model import Numbers
from tests.flashcards.scheduling import simulated_learners as learners
from tests.flashcards.scheduling.simulated_learners import Learner


def expected_loss(learner: Learner, histories: Histories, w: Numbers) -> float:
    """Return the log loss on reviews to come, of which the true chances are known."""
    items = histories.items
    true = loss.predict(histories, learner.parameters)[items]
    said = np.clip(loss.predict(histories, w)[items], 1e-6, 1 - 1e-6)
    return float(-(true * np.log(said) + (1 - true) * np.log1p(-said)).mean())


class OptimizerTests(SimpleTestCase):
    def test_most_of_what_can_be_gained_is_gained(self) -> None:
        for learner in (learners.strong(), learners.weak(), learners.drawn(3)):
            histories = learners.reviews_of(learner, 20_000, seed=5)
            w = optimizer.fit(histories, optimizer.weights(histories, histories.items))
            to_come = learners.reviews_of(learner, 10_000, seed=6)
            before, best, found = (
                expected_loss(learner, to_come, each) for each in (DEFAULTS, learner.parameters, w)
            )
            self.assertGreater((before - found) / (before - best), 0.85)

    def test_the_parameters_are_ones_that_the_model_takes(self) -> None:
        # All forgotten, all recalled, one button only, and years between reviews.
        shapes = [[1] * 6, [4] * 6, [2] * 6, [3, 1] * 3]
        for ratings in shapes:
            rows = [
                [(rating, float(number > 0) * 300, float(number)) for number, rating in
                 enumerate(ratings)]
                for _ in range(200)
            ]  # fmt: skip
            histories = Histories.of(rows)
            w = optimizer.fit(histories, histories.items * 1.0)
            self.assertTrue(np.isfinite(w).all())
            self.assertTrue(((w >= LEAST) & (w <= MOST)).all())
            FSRS6(tuple(w))

    def test_the_defaults_come_out_where_nothing_was_reviewed(self) -> None:
        for histories in (Histories.of([]), Histories.of([[(3, 0, 0)]])):
            w = optimizer.fit(histories, np.zeros(histories.reviews))
            np.testing.assert_array_equal(w, DEFAULTS)

    def test_newer_items_count_more(self) -> None:
        histories = Histories.of([[(3, 0, 1), (3, 5, 9), (3, 5, 14)], [(3, 0, 2), (3, 5, 7)]])
        weights = optimizer.weights(histories, histories.items)
        np.testing.assert_allclose(weights, [0, 0.25 + 0.75 / 8, 1, 0, 0.25])

    def test_large_logs_begin_with_a_sample_and_can_be_stopped(self) -> None:
        histories = learners.reviews_of(learners.weak(), 130_000)
        told: list[float] = []

        class Enough(Exception):
            pass

        def go_on(share: float) -> None:
            told.append(share)
            if share > 0.3:
                raise Enough

        with self.assertRaises(Enough):
            optimizer.fit(histories, histories.items * 1.0, go_on=go_on)
        self.assertEqual(told, sorted(told))
        self.assertGreater(len(told), 2)


class GuardTests(SimpleTestCase):
    def fitted(self, learner: Learner, reviews: int, seed: int = 1) -> guard.Fitted:
        return guard.fit(learners.reviews_of(learner, reviews, seed=seed), DEFAULTS)

    def test_nothing_is_fitted_to_few_items(self) -> None:
        for histories in (
            Histories.of([]),
            Histories.of([[(3, 0, 0)]]),
            learners.reviews_of(learners.strong(), 350),
        ):
            found = guard.fit(histories, DEFAULTS)
            self.assertEqual(found.verdict, Verdict.TOO_FEW)
            self.assertEqual(found.items, int(histories.items.sum()))
            self.assertEqual(found.parameters, ())

    def test_the_initial_stabilities_alone_are_fitted_to_some(self) -> None:
        fits = [self.fitted(learners.weak(), 1_000, seed) for seed in range(4)]
        for each in fits:
            self.assertTrue(guard.LEAST_ITEMS <= each.items < guard.FULL_ITEMS)
            self.assertTrue(each.only_initial)
        better = [each for each in fits if each.verdict is Verdict.BETTER]
        self.assertTrue(better)
        for each in better:
            self.assertEqual(each.parameters[4:], tuple(DEFAULTS[4:]))
            self.assertLess(each.parameters[2], DEFAULTS[2])

    def test_a_clear_gain_is_found_and_measured(self) -> None:
        found = self.fitted(learners.drawn(3), 12_000)
        self.assertEqual(found.verdict, Verdict.BETTER)
        self.assertLess(found.after.log_loss, found.before.log_loss)
        self.assertLess(found.after.rmse_bins, found.before.rmse_bins)
        self.assertEqual(found.before.items, found.items - int(found.items * 0.8))
        self.assertEqual(sum(point.items for point in found.calibration_after), found.after.items)
        FSRS6(found.parameters)

    def test_a_fit_of_a_fit_is_no_better(self) -> None:
        histories = learners.reviews_of(learners.drawn(3), 12_000)
        first = guard.fit(histories, DEFAULTS)
        again = guard.fit(histories, np.array(first.parameters))
        self.assertEqual(again.verdict, Verdict.NO_BETTER)
        self.assertEqual(again.parameters, ())

    def test_it_is_hardly_ever_worse_than_what_was_in_use(self) -> None:
        # The benchmark does this for 200 seeds, and learners of all kinds.
        worse = adopted = 0
        for seed in range(16):
            learner = (learners.default(), learners.weak())[seed % 2]
            found = self.fitted(learner, (700, 2_500)[seed // 2 % 2], seed)
            if found.parameters:
                to_come = learners.reviews_of(learner, 4_000, seed=seed + 1_000)
                before, after = (
                    expected_loss(learner, to_come, np.array(each))
                    for each in (DEFAULTS, found.parameters)
                )
                adopted += 1
                worse += after > before
        self.assertGreater(adopted, 3)
        self.assertLessEqual(worse, 1)

    def test_years_and_days_that_make_no_sense_do_no_harm(self) -> None:
        # Clocks that were set back: all at one time, or before the reviews they came after.
        draws = np.random.default_rng(4)
        good = learners.reviews_of(learners.weak(), 2_000)
        for at in (np.zeros(good.reviews), draws.permutation(good.at)):
            odd = dataclasses.replace(good, at=at)
            self.assertIn(guard.fit(odd, DEFAULTS).verdict, tuple(Verdict))
        far = dataclasses.replace(good, days=good.days * 1e5)
        self.assertIn(guard.fit(far, DEFAULTS).verdict, tuple(Verdict))


class ForecastTests(SimpleTestCase):
    def concerns(self, learner: Learner, reviews: int = 5_000, seed: int = 1) -> dict[str, float]:
        histories = learners.reviews_of(learner, reviews, seed=seed)
        trial = guard.fit(histories, DEFAULTS).trial or tuple(DEFAULTS)
        return {each.concern: each.amount for each in findings(histories, np.array(trial))}

    def test_nothing_is_said_of_memories_that_fit(self) -> None:
        for learner in (learners.default(), learners.strong()):
            self.assertEqual(self.concerns(learner), {})

    def test_too_few_items(self) -> None:
        self.assertEqual(list(self.concerns(learners.weak(), 300)), [Concern.TOO_FEW])
        self.assertEqual(findings(Histories.of([]), DEFAULTS)[0].amount, 0.0)

    def test_hard_pressed_for_forgotten(self) -> None:
        presses = dataclasses.replace(learners.weak(), hard_for_forgotten=0.9)
        found = self.concerns(presses)
        self.assertIn(Concern.HARD_FOR_FORGOTTEN, found)
        # What is forgotten looks recalled: by more than ten points.
        self.assertGreater(found[Concern.HARD_FOR_FORGOTTEN], 0.1)
        # Somebody who presses Hard for what is hard to recall is left alone.
        self.assertNotIn(Concern.HARD_FOR_FORGOTTEN, self.concerns(learners.strong()))

    def test_hards_counted_as_again_give_the_memory_back(self) -> None:
        presses = dataclasses.replace(learners.weak(), hard_for_forgotten=1.0)
        histories = learners.reviews_of(presses, 8_000)
        honest = with_hard_as_again(histories)
        self.assertGreater(histories.recalled[histories.items].mean(), 0.99)
        self.assertLess(honest.recalled[honest.items].mean(), 0.9)
        # Ratings of the same day and first ratings stay as they are.
        same = ~histories.items
        np.testing.assert_array_equal(histories.ratings[same], honest.ratings[same])

    def test_recall_that_does_not_depend_on_time(self) -> None:
        same = dataclasses.replace(learners.default(), constant_recall=0.8)
        found = [self.concerns(same, 8_000, seed) for seed in range(3)]
        self.assertTrue(any(Concern.TIME_DOES_NOT_MATTER in each for each in found))

    def test_predictions_that_are_off(self) -> None:
        histories = learners.reviews_of(learners.weak(), 6_000)
        too_sure = DEFAULTS.copy()
        too_sure[:4] *= 6
        found = {each.concern: each for each in findings(histories, np.minimum(too_sure, MOST))}
        self.assertGreater(found[Concern.OFF].amount, 0.05)
