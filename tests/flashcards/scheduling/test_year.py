"""The year simulation: as a card-by-card one with the same luck, and within what a plan says."""

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashcards.domain.records import Rating, State
from flashcards.scheduling import Memory, ScheduleSettings, interval_days
from flashcards.scheduling.outcomes import after_rating
from flashcards.scheduling.simulation import landing, year
from flashcards.scheduling.simulation.backlog import Pile
from flashcards.scheduling.simulation.habits import TYPICAL, Answers, Habits
from flashcards.scheduling.simulation.year import Order, Plan, Year

PLAIN = ScheduleSettings(fuzz=False)
SUNDAY = 6


def pile_of(known: int, *, new: int = 0, seed: int = 5) -> Pile:
    draws = np.random.default_rng(seed)
    stability = draws.lognormal(2.5, 1.0, known)
    elapsed = np.floor(draws.random(known) * stability * 1.3)
    due = np.maximum(np.round(stability), 1) - elapsed
    return Pile(stability, draws.uniform(1, 10, known), due, elapsed, new=new)


def ahead(pile: Pile, *, plan: Plan | None = None, days: int = 90, seed: int = 1) -> Year:
    return year.simulate(pile, plan or Plan(PLAIN, 5, 1_000), TYPICAL, days=days, seed=seed)


@dataclass
class Card:
    memory: Memory[float] | None = None
    due: float = 0.0
    last: float = 0.0


# A card, and the state and the step that it is in.
Inside = list[tuple[Card, State, int | None]]


class OneByOne:
    """The same in plain Python: one card after the other, by the scheduler's own functions."""

    def __init__(self, pile: Pile, plan: Plan, habits: Habits, seed: int) -> None:
        self.plan, self.habits, self.draws = plan, habits, np.random.default_rng(seed)
        self.settings = plan.settings
        self.cards = [
            Card(Memory(s, d), due, -elapsed)
            for s, d, due, elapsed in zip(
                *(column.tolist() for column in (pile.stability, pile.difficulty)),
                *(column.tolist() for column in (pile.due, pile.elapsed)),
                strict=True,
            )
        ]
        self.waiting = pile.new

    def chance(self, card: Card, day: int) -> float:
        assert card.memory is not None
        return self.settings.model.retrievability(card.memory, day - card.last)

    def day(self, day: int) -> tuple[int, int, int, float, int, float]:
        ready = [card for card in self.cards if card.due <= day]
        taken = ready
        if len(ready) > self.plan.reviews_a_day:
            ready.sort(key=lambda card: self.chance(card, day))
            taken = ready[: self.plan.reviews_a_day]
        seconds = 0.0
        lost: Inside = []
        _, hard, good, easy = self.habits.review.shares
        for card, luck in zip(taken, self.draws.random(len(taken)).tolist(), strict=True):
            chance = self.chance(card, day)
            rating = Rating.AGAIN
            if luck < chance:
                within = luck / chance * (hard + good + easy)
                rating = Rating(2 + (within >= hard) + (within >= hard + good))
            card.memory = self.settings.model.next(card.memory, rating, day - card.last)
            seconds += self.habits.review.seconds[rating - 1]
            if rating is Rating.AGAIN:
                lost.append((card, *after_rating(State.REVIEW, None, rating, self.settings)[:2]))
        steps, time = self.go_through_steps(lost)
        self.send_off(taken, day)
        new = [Card() for _ in range(min(self.plan.new_a_day, self.waiting))]
        self.waiting -= len(new)
        begun: Inside = []
        for card, rating in zip(new, self.drawn(self.habits.first, len(new)), strict=True):
            card.memory = self.settings.model.next(None, rating, 0.0)
            time += self.habits.first.seconds[rating - 1]
            begun.append((card, *after_rating(State.NEW, None, rating, self.settings)[:2]))
        more, longer = self.go_through_steps(begun)
        self.send_off(new, day)
        self.cards += new
        known = sum(self.chance(card, day) for card in self.cards)
        left = len(ready) - len(taken)
        return len(taken), len(new), steps + more, seconds + time + longer, left, known

    def go_through_steps(self, inside: Inside) -> tuple[int, float]:
        answers, seconds = 0, 0.0
        while inside := [each for each in inside if each[1] is not State.REVIEW]:
            ratings = self.drawn(self.habits.steps, len(inside))
            after: Inside = []
            for (card, state, step), rating in zip(inside, ratings, strict=True):
                card.memory = self.settings.model.next(card.memory, rating, 0.0)
                seconds += self.habits.steps.seconds[rating - 1]
                answers += 1
                after.append((card, *after_rating(state, step, rating, self.settings)[:2]))
            inside = after
        return answers, seconds

    def send_off(self, cards: list[Card], day: int) -> None:
        for card in cards:
            card.last = day
            assert card.memory is not None
            card.due = day + interval_days(card.memory, self.settings)

    def drawn(self, answers: Answers, number: int) -> list[Rating]:
        if not number:
            return []
        bounds = np.cumsum(answers.shares)
        luck = (self.draws.random(number) * bounds[-1]).tolist()
        return [Rating(1 + sum(each >= bound for bound in bounds[:3])) for each in luck]


@pytest.mark.parametrize("limit", [1_000, 6])
def test_it_is_what_a_plain_simulation_of_each_card_gives(limit: int) -> None:
    steps = (timedelta(minutes=1), timedelta(minutes=10))
    plan = Plan(replace(PLAIN, learning_steps=steps, relearning_steps=steps[1:]), 3, limit)
    pile = pile_of(60, new=20)
    found = ahead(pile, plan=plan, days=80, seed=9)
    plain = OneByOne(pile, plan, TYPICAL, 9)
    for day in range(80):
        reviews, new, answers, seconds, left, known = plain.day(day)
        assert found.reviews[0, day] == reviews
        assert found.new[0, day] == new
        assert found.steps[0, day] == answers
        assert found.backlog[0, day] == left
        assert found.seconds[0, day] == pytest.approx(seconds)
        assert found.known[0, day] == pytest.approx(known, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    known=st.integers(0, 60),
    new=st.integers(0, 30),
    new_a_day=st.integers(0, 12),
    reviews_a_day=st.integers(0, 25),
    order=st.sampled_from(Order),
    fuzz=st.booleans(),
    most=st.sampled_from([10_000, 25]),
)
def test_no_limit_is_exceeded_and_no_card_is_lost(
    known: int, new: int, new_a_day: int, reviews_a_day: int, order: Order, fuzz: bool, most: int
) -> None:
    plan = Plan(replace(PLAIN, fuzz=fuzz), new_a_day, reviews_a_day, order)
    pile = pile_of(known, new=new)
    found = year.simulate(pile, plan, TYPICAL, days=40, runs=2, most_cards=most)
    share = min(1.0, most / max(1, known + new))
    # A sample's limit is rounded to whole cards, on each day or the next.
    assert found.reviews.max() <= reviews_a_day + (1 / share if share < 1 else 0)
    assert found.new.max() <= new_a_day + (1 / share if share < 1 else 0)
    assert found.cards == known + new
    if share == 1:
        assert found.new.sum(axis=1).tolist() == [min(new, 40 * new_a_day)] * 2
        assert found.met == known + min(new, 40 * new_a_day)
    assert (found.known <= found.met + 2 / share).all()
    assert (found.forgotten <= found.reviews).all()
    assert (found.backlog <= known + new + 1 / share).all()
    assert np.isfinite(found.seconds).all()
    if not fuzz and reviews_a_day:
        # Who has room left has nothing waiting.
        room = found.reviews < reviews_a_day - 1 / share
        assert (found.backlog[room] <= 1 / share).all()


def test_more_to_remember_is_more_to_review_and_more_known() -> None:
    retentions = [0.70, 0.80, 0.90, 0.97]
    found = year.simulate(
        pile_of(600, new=100), Plan(PLAIN, 2, 10_000), TYPICAL, retentions=retentions, runs=2
    )
    reviews = found.reviews.sum(axis=1).reshape(-1, 2).mean(axis=1)
    known = found.known[:, -1].reshape(-1, 2).mean(axis=1)
    assert (np.diff(reviews) > 0).all()
    assert (np.diff(known) > 0).all()


def test_what_comes_is_recalled_as_often_as_is_wanted() -> None:
    found = year.simulate(pile_of(800), Plan(PLAIN, 0, 10_000), TYPICAL, days=200)
    late = slice(60, None)
    recalled = 1 - found.forgotten[:, late].sum() / found.reviews[:, late].sum()
    assert recalled == pytest.approx(0.9, abs=0.02)


def test_a_sample_stands_for_all_cards() -> None:
    pile, plan = pile_of(3_000, new=400), Plan(PLAIN, 5, 120)
    whole, sample = (
        year.simulate(pile, plan, TYPICAL, days=120, most_cards=most) for most in (10_000, 600)
    )
    for one, other in ((whole.reviews, sample.reviews), (whole.seconds, sample.seconds)):
        assert other.sum() == pytest.approx(one.sum(), rel=0.08)
    assert sample.known[0, -1] == pytest.approx(whole.known[0, -1], rel=0.05)
    assert sample.met == pytest.approx(whole.met, abs=8)


def test_easy_days_get_fewer_reviews() -> None:
    def of_sundays(percent: int) -> float:
        """Return the reviews of Sundays for one of another day."""
        easy = (100,) * 6 + (percent,)
        plan = Plan(ScheduleSettings(easy_days=easy), 0, 10_000)
        found = year.simulate(pile_of(1_500), plan, TYPICAL, days=280, weekday=2)
        days = found.reviews[0, 56:]
        is_sunday = (2 + np.arange(56, 280)) % 7 == SUNDAY
        return float(days[is_sunday].mean() / days[~is_sunday].mean())

    assert of_sundays(100) == pytest.approx(1.0, abs=0.15)
    assert 0.3 < of_sundays(50) < 0.8
    # Only intervals of one and two days fall on it, which nothing moves.
    assert of_sundays(0) < 0.3


def test_a_day_that_should_get_nothing_is_left_where_the_range_has_another() -> None:
    easy = ScheduleSettings(easy_days=(0, 0, 100, 0, 0, 0, 0))
    intervals = np.repeat(np.arange(1.0, 120.0), 20)
    runs = np.zeros(len(intervals), dtype=np.int64)
    land = landing.Landing(easy, runs=1, days=200, weekday=0, share=1.0)
    due = land.choose(runs, 0, intervals, np.random.default_rng(2))
    first, last = landing.ranges(intervals, easy)
    assert ((first <= due) & (due <= last)).all()
    for begins, ends, day in zip(first, last, due, strict=True):
        has_open = any(each % 7 == 2 for each in range(int(begins), int(ends) + 1))
        # Of a range of more than a week seven days in a row are seen, which have each weekday.
        assert day % 7 == 2 or not has_open


def test_days_with_fewer_cards_are_preferred() -> None:
    land = landing.Landing(ScheduleSettings(), runs=1, days=60, weekday=0, share=1.0)
    runs = np.zeros(2_000, dtype=np.int64)
    for _ in range(10):
        land.choose(runs, 0, np.full(2_000, 30.0), np.random.default_rng(1))
    counts = land._load[0, 28:33]
    assert counts.min() > 0.7 * counts.max()


def test_without_cards_nothing_comes() -> None:
    for days in (1, 30):
        found = ahead(pile_of(0), days=days)
        assert found.reviews.sum() == found.seconds.sum() == found.known.sum() == 0
        assert found.met == found.cards == 0
    only_new = ahead(pile_of(0, new=10), plan=Plan(PLAIN, 10, 0), days=3)
    assert only_new.new[0].tolist() == [10, 0, 0]
    assert only_new.reviews.sum() == 0
    assert only_new.backlog[0, -1] > 0


def test_it_can_be_stopped_and_says_how_far_it_is() -> None:
    class Stop(Exception): ...

    seen: list[float] = []

    def progress(share: float) -> None:
        seen.append(share)
        if share > 0.5:
            raise Stop

    with pytest.raises(Stop):
        year.simulate(pile_of(10), Plan(PLAIN, 1, 10), TYPICAL, days=10, progress=progress)
    assert seen == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
