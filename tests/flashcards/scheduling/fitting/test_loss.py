"""The loss: equal to the fsrs package's predictions, and its derivatives to differences."""

from datetime import UTC, datetime, timedelta

import fsrs
import numpy as np
from django.test import SimpleTestCase

from flashcards.scheduling.fitting import loss
from flashcards.scheduling.fitting.bounds import DEFAULTS, SPREADS, within_bounds
from flashcards.scheduling.fitting.histories import BLOCK, Histories
from flashcards.scheduling.fitting.measures import quality, rmse_bins
from flashcards.scheduling.memory_model import Numbers
from tests.flashcards.scheduling import simulated_learners as learners

START = datetime(2026, 1, 1, tzinfo=UTC)


def some_histories(seed: int = 1, cards: int = 60) -> Histories:
    draws = np.random.default_rng(seed)
    rows = []
    for _ in range(cards):
        at, row = 0.0, []
        for number in range(draws.integers(1, 14)):
            days = int(draws.choice([0, 0, 1, 3, 10, 40, 200])) if number else 0
            at += days + 1e-4
            row.append((int(draws.integers(1, 5)), float(days), at))
        rows.append(row)
    given = [(3.0, 5.0) if number % 5 == 0 else None for number in range(cards)]
    return Histories.of(rows, given)


def parameters(seed: int) -> Numbers:
    draws = np.random.default_rng(seed)
    w = DEFAULTS + 0.3 * SPREADS * draws.standard_normal(21)
    w[:4] = DEFAULTS[:4] * np.exp(0.5 * draws.standard_normal(4))
    return within_bounds(w)


class GoldenTests(SimpleTestCase):
    def test_predictions_are_those_of_the_fsrs_package(self) -> None:
        histories = some_histories()
        for seed in range(4):
            w = parameters(seed) if seed else DEFAULTS
            found = loss.predict(histories, w)
            expected = self.by_the_package(histories, w)
            items = histories.items
            self.assertTrue(items.any() and not items.all())
            np.testing.assert_allclose(found[items], expected[items], rtol=1e-9)
            self.assertTrue(np.isnan(found[~items]).all())

    def by_the_package(self, histories: Histories, w: Numbers) -> Numbers:
        scheduler = fsrs.Scheduler(parameters=tuple(w), enable_fuzzing=False)
        found = np.zeros(histories.reviews)
        for card, start in enumerate(histories.starts):
            now = START
            state = fsrs.Card(card_id=1, due=now)
            if not np.isnan(histories.stability[card]):
                state.stability = float(histories.stability[card])
                state.difficulty = float(histories.difficulty[card])
                state.last_review = now
            for place in range(start, start + histories.counts[card]):
                now += timedelta(days=int(histories.days[place]))
                found[place] = scheduler.get_card_retrievability(state, now)
                rating = fsrs.Rating(int(histories.ratings[place]))
                state, _ = scheduler.review_card(state, rating, now)
        return found


class DerivativeTests(SimpleTestCase):
    def test_the_gradient_is_what_small_changes_make(self) -> None:
        histories = some_histories(cards=200)
        weights = np.random.default_rng(3).random(histories.reviews)
        for seed in range(3):
            w = parameters(seed)
            # Where a clamp begins there is no derivative.
            w[7] = max(w[7], 0.002)
            found = loss.slope(histories, weights, w).gradient
            for number in range(21):
                step = 1e-6 * max(1.0, abs(w[number]))
                more, less = w.copy(), w.copy()
                more[number] += step
                less[number] -= step
                change = (
                    loss.slope(histories, weights, more).loss
                    - loss.slope(histories, weights, less).loss
                ) / (2 * step)
                self.assertAlmostEqual(
                    found[number], change, delta=1e-4 + 1e-5 * abs(change), msg=f"w[{number}]"
                )

    def test_the_loss_is_that_of_the_predictions(self) -> None:
        # More cards than are walked through together, most of them with the same first rating.
        histories = learners.reviews_of(learners.default(), 30_000)
        self.assertGreater(len(histories.counts), BLOCK)
        items, w = histories.items, parameters(5)
        chances = loss.predict(histories, w)
        expected = loss.log_losses(chances[items], histories.recalled[items]).sum()
        found = loss.slope(histories, np.ones(histories.reviews), w)
        self.assertAlmostEqual(found.loss, float(expected), delta=1e-6)

    def test_parameters_at_every_bound_give_finite_numbers(self) -> None:
        histories = some_histories()
        for w in (np.full(21, -1e9), np.full(21, 1e9)):
            found = loss.slope(histories, np.ones(histories.reviews), within_bounds(w))
            self.assertTrue(np.isfinite(found.loss))
            self.assertTrue(np.isfinite(found.gradient).all())
            self.assertTrue(np.isfinite(found.information).all())


class ItemTests(SimpleTestCase):
    def test_items_are_reviews_a_day_later(self) -> None:
        histories = Histories.of(
            [
                [(3, 0, 1.0), (3, 0, 1.1), (1, 2, 3.0), (3, 0, 3.1), (3, 1, 4.0)],
                [(3, 4, 5.0)],
                [(3, 4, 5.0), (2, 0, 5.5)],
                [],
            ],
            [None, None, (2.0, 5.0), None],
        )
        # A first review has nothing to recall, unless a memory was given.
        self.assertEqual(
            histories.items.tolist(), [False, False, True, False, True, False, True, False]
        )

    def test_no_reviews_at_all(self) -> None:
        histories = Histories.of([])
        self.assertEqual(histories.reviews, 0)
        self.assertEqual(loss.slope(histories, np.zeros(0), DEFAULTS).loss, 0.0)
        self.assertEqual(len(loss.predict(histories, DEFAULTS)), 0)
        self.assertEqual(quality(histories, np.zeros(0), histories.items).items, 0)


class BinTests(SimpleTestCase):
    def test_bins_of_alike_reviews_are_compared(self) -> None:
        # Two cards in one bin: recalled once of two, predicted 0.7 each; another bin is exact.
        histories = Histories.of(
            [
                [(3, 0, 0), (3, 2, 2)],
                [(3, 0, 0), (1, 3, 3)],
                [(3, 0, 0), (3, 20, 20)],
            ]
        )
        chances = np.array([np.nan, 0.7, np.nan, 0.7, np.nan, 1.0])
        # By hand: two of three items are off by 0.2.
        self.assertAlmostEqual(
            rmse_bins(histories, chances, histories.items), (2 / 3 * 0.2**2) ** 0.5
        )
