"""What a desired retention costs: the simulation and FSRS agree, and more memory is more work."""

from dataclasses import replace

import numpy as np
import pytest

from flashcards.domain.records import Rating
from flashcards.scheduling import Memory, ScheduleSettings, interval_days
from flashcards.scheduling.simulation import workload
from flashcards.scheduling.simulation.workload import Workload, reviews_a_new_card

PLAIN = ScheduleSettings(fuzz=False)
STABILITY = np.geomspace(1.0, 200.0, 400)
DIFFICULTY = np.tile([2.0, 4.0, 6.0, 8.0], 100)


def at(retention: float) -> Workload:
    settings = replace(PLAIN, desired_retention=retention)
    return workload.workload(STABILITY, DIFFICULTY, settings=settings)


@pytest.mark.parametrize("rating", list(Rating))
@pytest.mark.parametrize("same_day", [True, False])
def test_its_formulas_are_those_of_fsrs(rating: Rating, same_day: bool) -> None:
    for stability, difficulty in ((0.4, 9.5), (3.0, 5.0), (120.0, 1.2)):
        memory = Memory(stability, difficulty)
        many = Memory(np.array([stability]), np.array([difficulty]))
        (days,) = workload.intervals(many, PLAIN)
        assert days == interval_days(memory, PLAIN)
        days = 0.0 if same_day else days
        after = PLAIN.model.after(many, np.array([days]), np.array([rating]))
        by_fsrs = PLAIN.model.next(memory, rating, int(days))
        assert after.stability[0] == pytest.approx(by_fsrs.stability)
        assert after.difficulty[0] == pytest.approx(by_fsrs.difficulty)


def test_more_to_remember_is_more_to_review() -> None:
    work = [at(retention) for retention in (0.8, 0.9, 0.95, 0.99)]
    reviews = [each.reviews_a_day for each in work]
    assert reviews == sorted(reviews)
    known = [each.known for each in work]
    assert known == sorted(known)
    assert 1.4 < at(0.95).reviews_a_day / at(0.9).reviews_a_day < 2.6


def test_twice_the_cards_are_twice_the_work() -> None:
    twice = workload.workload(
        np.tile(STABILITY, 2), np.tile(DIFFICULTY, 2), settings=PLAIN
    ).reviews_a_day
    assert twice == pytest.approx(2 * at(0.9).reviews_a_day, rel=0.1)
    nothing = workload.workload(np.empty(0), np.empty(0), settings=PLAIN)
    assert nothing == Workload(0.0, 0.9)


def test_a_new_card_takes_a_handful_of_reviews_in_half_a_year() -> None:
    assert 4 < reviews_a_new_card(PLAIN) < 12
