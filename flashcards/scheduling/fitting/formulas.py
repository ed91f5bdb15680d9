"""FSRS-6's formulas for many cards at once, with all ratings and reviews of the same day.

Source: FSRS-6 as published, https://github.com/open-spaced-repetition/awesome-fsrs/wiki/The-Algorithm;
a test compares them with the fsrs package, review by review.
"""

import math
from typing import Any

import numpy as np

from flashcards.scheduling.memory_model import Numbers

EASIEST, HARDEST = 1.0, 10.0
LEAST_STABILITY = 0.001
# The forgetting curve is scaled so that recall is this likely after as many days as the stability.
AT_STABILITY = 0.9
HARD, GOOD, EASY = 2, 3, 4

Ratings = np.ndarray[Any, np.dtype[np.integer[Any]]]


def curve_factor(decay: float) -> float:
    """Return the factor of the forgetting curve that belongs to its decay."""
    return math.expm1(-math.log(AT_STABILITY) / decay)


def chance(w: Numbers, stability: Numbers, days: Numbers) -> Numbers:
    """Return how likely recall is so many days after a review, 0 to 1."""
    decay = float(w[20])
    found: Numbers = np.exp(-decay * np.log1p(curve_factor(decay) * days / stability))
    return found


def first(w: Numbers, rating: Ratings) -> tuple[Numbers, Numbers]:
    """Return stability and difficulty after a card's first review."""
    stability = np.maximum(w[:4][rating - 1], LEAST_STABILITY)
    return stability, np.clip(w[4] - np.exp(w[5] * (rating - 1.0)) + 1, EASIEST, HARDEST)


def after(
    w: Numbers, stability: Numbers, difficulty: Numbers, rating: Ratings, days: Numbers
) -> tuple[Numbers, Numbers]:
    """Return stability and difficulty after a review `days` (whole) after the one before."""
    missed = 1 - chance(w, stability, days)
    grown = _grown(w, stability, difficulty, rating, missed)
    fallen = np.minimum(
        w[11]
        * difficulty ** -w[12]
        * np.expm1(w[13] * np.log1p(stability))
        * np.exp(missed * w[14]),
        stability * np.exp(-w[17] * w[18]),
    )
    same_day = np.exp(w[17] * (rating - 3 + w[18])) * stability ** -w[19]
    same_day = stability * np.where(rating >= HARD, np.maximum(same_day, 1.0), same_day)
    later = np.where(rating >= HARD, grown, fallen)
    return (
        np.maximum(np.where(days < 1, same_day, later), LEAST_STABILITY),
        next_difficulty(w, difficulty, rating),
    )


def _grown(
    w: Numbers, stability: Numbers, difficulty: Numbers, rating: Ratings, missed: Numbers
) -> Numbers:
    bonus = np.where(rating == HARD, w[15], np.where(rating == EASY, w[16], 1.0))
    increase = np.exp(w[8]) * (11 - difficulty) * stability ** -w[9] * np.expm1(missed * w[10])
    grown: Numbers = stability * (1 + increase * bonus)
    return grown


def next_difficulty(w: Numbers, difficulty: Numbers, rating: Ratings) -> Numbers:
    moved = difficulty - (10 - difficulty) * w[6] * (rating - 3) / 9
    of_easy = w[4] - np.exp(w[5] * 3) + 1
    found: Numbers = np.clip(w[7] * of_easy + (1 - w[7]) * moved, EASIEST, HARDEST)
    return found


def days_until(w: Numbers, stability: Numbers, level: float) -> Numbers:
    """Return the days after which recall has fallen to a level."""
    decay = float(w[20])
    found: Numbers = stability / curve_factor(decay) * (level ** (-1 / decay) - 1)
    return found
