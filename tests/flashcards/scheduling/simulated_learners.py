"""Simulated learners: people whose memory follows FSRS-6 with parameters that a test chooses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flashcards.scheduling import DEFAULT_PARAMETERS
from flashcards.scheduling.fitting import formulas
from flashcards.scheduling.fitting.bounds import SPREADS, within_bounds
from flashcards.scheduling.fitting.histories import Histories
from flashcards.scheduling.memory_model import Numbers

DEFAULT = np.array(DEFAULT_PARAMETERS)
# What is pressed at a card's first sight, Again to Easy, and at a card that was recalled.
FIRST_RATINGS = (0.25, 0.10, 0.50, 0.15)
RECALLED_RATINGS = (0.10, 0.82, 0.08)
# Reviews a day that a card's introduction leads to; they set how long a history is.
CARDS_A_DAY = 20


@dataclass(frozen=True)
class Learner:
    """How somebody remembers, and what they do with the buttons."""

    parameters: Numbers
    # The share of what is forgotten for which Hard is pressed, not Again.
    hard_for_forgotten: float = 0.0
    # Recall that is the same after any time, where not None.
    constant_recall: float | None = None
    # The retention that their schedule aims for.
    retention: float = 0.9
    # How many days late a review is on average, as a share of its interval.
    lateness: float = 0.15


def strong() -> Learner:
    """Return somebody whose memories hold about twice as long."""
    w = DEFAULT.copy()
    w[:4] *= (2.5, 2.2, 2.0, 1.8)
    w[8] += 0.25
    w[11] *= 1.3
    return Learner(within_bounds(w))


def weak() -> Learner:
    """Return somebody whose memories fade about twice as fast."""
    w = DEFAULT.copy()
    w[:4] *= (0.5, 0.4, 0.45, 0.5)
    w[8] -= 0.35
    w[20] = 0.25
    return Learner(within_bounds(w))


def default() -> Learner:
    return Learner(DEFAULT)


def drawn(seed: int, spread: float = 1.0) -> Learner:
    """Return somebody drawn at random, as far from the average as published fits are."""
    draws = np.random.default_rng([seed, 7])
    w = DEFAULT + spread * SPREADS * draws.standard_normal(21)
    w[:4] = np.sort(DEFAULT[:4] * np.exp(spread * 0.7 * draws.standard_normal(4)))
    return Learner(within_bounds(w))


def reviews_of(learner: Learner, reviews: int, *, seed: int = 1, days: int = 0) -> Histories:
    """Return about so many reviews, of cards that FSRS's defaults schedule.

    As many cards are added each day as fill so many days; by default, of a length that goes with
    the number of reviews (three months for 2,000, five years for 200,000).
    """
    span = days or int(min(1_800, max(60, 90 * (reviews / 2_000) ** 0.65)))
    draws = np.random.default_rng(seed)
    probe = _course(learner, 400, span, np.random.default_rng([seed, 1]))
    cards = max(5, round(reviews / (probe.reviews / 400)))
    return _course(learner, cards, span, draws)


def _course(learner: Learner, cards: int, span: int, draws: np.random.Generator) -> Histories:
    w = learner.parameters
    begins = np.sort(draws.integers(0, span, cards)).astype(float)
    places = np.arange(cards)
    rating = 1 + draws.choice(4, cards, p=FIRST_RATINGS)
    days, at = np.zeros(cards), begins.copy()
    rows: list[tuple[Numbers, Numbers, Numbers, Numbers]] = [(places, rating, days, at)]
    true, known = formulas.first(w, rating), formulas.first(DEFAULT, rating)
    again = rating == 1
    step = 0
    while len(places) and step < 400:
        step += 1
        wanted = np.maximum(1, np.round(formulas.days_until(DEFAULT, known[0], learner.retention)))
        late = np.round(wanted * learner.lateness * draws.exponential(1.0, len(places)))
        # What was answered Again comes back in some minutes.
        days = np.where(again, 0.0, wanted + late)
        at = np.floor(at) + days
        at = np.where(again, at + 1e-4 * step, at + draws.random(len(at)) * 0.5)
        kept = at < span
        places, days, at = places[kept], days[kept], at[kept]
        true = (true[0][kept], true[1][kept])
        known = (known[0][kept], known[1][kept])
        if not len(places):
            break
        chance = formulas.chance(w, true[0], days)
        if learner.constant_recall is not None:
            chance = np.where(days >= 1, learner.constant_recall, 1.0)
        recalled = draws.random(len(places)) < np.where(days < 1, 0.9, chance)
        pressed = np.where(
            recalled,
            2 + draws.choice(3, len(places), p=RECALLED_RATINGS),
            np.where(draws.random(len(places)) < learner.hard_for_forgotten, 2, 1),
        )
        rows.append((places, pressed, days, at))
        felt = np.where(recalled, pressed, 1)
        true = formulas.after(w, *true, felt, days)
        known = formulas.after(DEFAULT, *known, pressed, days)
        again = pressed == 1
    return _joined(rows, cards)


def _joined(rows: Sequence[tuple[Numbers, ...]], cards: int) -> Histories:
    places, ratings, days, at = (np.concatenate(column) for column in zip(*rows, strict=True))
    order = np.argsort(places, kind="stable")
    counts = np.bincount(places, minlength=cards)
    unknown = np.full(cards, np.nan)
    return Histories(counts, unknown, unknown, ratings[order], days[order], at[order])
