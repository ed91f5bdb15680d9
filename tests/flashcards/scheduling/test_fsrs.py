"""Our forgetting curve, intervals and learning steps are those of the fsrs package."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import fsrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashcards.domain.records import Rating, State
from flashcards.scheduling import (
    DEFAULT_PARAMETERS,
    Memory,
    ScheduleSettings,
    interval_days,
)
from flashcards.scheduling.outcomes import after_rating

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STABILITIES = st.floats(0.001, 36_500)
DECAYS = st.floats(0.1, 0.8)
STEPS = st.lists(st.integers(1, 2_000).map(lambda n: timedelta(minutes=n)), max_size=4).map(tuple)


def settings_of(decay: float) -> ScheduleSettings:
    return ScheduleSettings(parameters=(*DEFAULT_PARAMETERS[:20], decay))


def fsrs_card(memory: Memory[float], days: int = 0) -> fsrs.Card:
    return fsrs.Card(
        card_id=1,
        state=fsrs.State.Review,
        stability=memory.stability,
        difficulty=memory.difficulty,
        due=NOW,
        last_review=NOW - timedelta(days=days),
    )


@given(STABILITIES, DECAYS, st.integers(0, 40_000))
def test_retrievability_is_that_of_the_package_to_the_last_bit(
    stability: float, decay: float, days: int
) -> None:
    settings = settings_of(decay)
    scheduler = fsrs.Scheduler(parameters=settings.parameters, enable_fuzzing=False)
    memory = Memory(stability, 5.0)
    by_package = scheduler.get_card_retrievability(fsrs_card(memory, days), NOW)
    assert settings.model.retrievability(memory, float(days)) == by_package


@given(STABILITIES, DECAYS, st.floats(0.7, 0.99))
def test_intervals_are_those_of_the_package(stability: float, decay: float, level: float) -> None:
    settings = replace(settings_of(decay), desired_retention=level)
    scheduler = fsrs.Scheduler(
        parameters=settings.parameters, desired_retention=level, enable_fuzzing=False
    )
    after, _ = scheduler.review_card(fsrs_card(Memory(stability, 5.0), 1), fsrs.Rating.Good, NOW)
    assert after.stability is not None
    assert interval_days(Memory(after.stability, 5.0), settings) == (after.due - NOW).days


@given(st.lists(STABILITIES, min_size=1, max_size=20), DECAYS, st.floats(0, 40_000))
def test_arrays_give_what_single_numbers_give(
    stabilities: list[float], decay: float, days: float
) -> None:
    model, at = settings_of(decay).model, np.array(stabilities)
    many = model.retrievability(Memory(at, at), np.full(len(stabilities), days))
    until = model.days_until(Memory(at, at), 0.8)
    for place, stability in enumerate(stabilities):
        memory = Memory(stability, 5.0)
        assert many[place] == pytest.approx(model.retrievability(memory, days), rel=1e-14)
        assert until[place] == model.days_until(memory, 0.8)


@given(STABILITIES, DECAYS, st.floats(0.05, 0.999))
def test_after_the_days_until_a_level_the_chance_is_that_level(
    stability: float, decay: float, level: float
) -> None:
    model, memory = settings_of(decay).model, Memory(stability, 5.0)
    days = model.days_until(memory, level)
    assert model.retrievability(memory, days) == pytest.approx(level)
    assert model.days_until(memory, 0.9) == pytest.approx(stability)


@given(
    st.sampled_from(list(State)),
    st.integers(0, 5),
    st.sampled_from(list(Rating)),
    STEPS,
    STEPS,
)
def test_steps_are_those_of_the_package(
    state: State,
    step: int,
    rating: Rating,
    learning: tuple[timedelta, ...],
    relearning: tuple[timedelta, ...],
) -> None:
    settings = ScheduleSettings(learning_steps=learning, relearning_steps=relearning)
    scheduler = fsrs.Scheduler(
        learning_steps=learning, relearning_steps=relearning, enable_fuzzing=False
    )
    is_new, in_review = state is State.NEW, state is State.REVIEW
    before = fsrs.Card(
        card_id=1,
        state=fsrs.State.Learning if is_new else fsrs.State(int(state)),
        step=None if in_review else 0 if is_new else step,
        stability=None if is_new else 7.0,
        difficulty=None if is_new else 5.0,
        due=NOW,
        last_review=None if is_new else NOW - timedelta(days=3),
    )
    after, _ = scheduler.review_card(before, fsrs.Rating(int(rating)), NOW)
    found, at, interval = after_rating(state, before.step, rating, settings)
    assert (found, at) == (State(int(after.state)), after.step)
    if interval is None:
        memory = Memory(after.stability or 0.0, after.difficulty or 0.0)
        interval = timedelta(days=interval_days(memory, settings))
    assert NOW + interval == after.due
