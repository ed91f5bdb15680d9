"""The year simulation: what a plan of study costs, and what is then known, day by day.

Each day the due cards are put in order and as many as the limit allows are answered; each is
recalled with the chance that the memory model gives it. Then new cards are met. A card that is
forgotten or new goes through its steps on the same day, as often as the buttons have it; its next
day follows from its memory, the desired retention, fuzz and the easy days.

Several runs go side by side, each with its own luck and perhaps its own desired retention.
"""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flashcards.domain.records import Rating, State
from flashcards.scheduling.memory_model import Memory, Numbers, each_column
from flashcards.scheduling.outcomes import after_rating
from flashcards.scheduling.settings import ScheduleSettings
from flashcards.scheduling.simulation.backlog import Parts, Pile
from flashcards.scheduling.simulation.habits import Answers, Habits
from flashcards.scheduling.simulation.landing import Landing
from flashcards.scheduling.simulation.workload import from_columns, intervals

Places = np.ndarray[Any, np.dtype[Any]]
DAYS = 365
# Of more cards a sample stands for all.
MOST_CARDS = 10_000
# Nobody answers a card more often on one day; without it somebody who presses Again only would.
_MOST_STEPS = 20
_AGAIN = int(Rating.AGAIN)


class Order(enum.StrEnum):
    """Which of the due cards come first."""

    RETRIEVABILITY = "retrievability"
    OVERDUENESS = "overdueness"
    DUE = "due"
    DECK = "deck"
    RANDOM = "random"


@dataclass(frozen=True)
class Plan:
    """What a learner may set."""

    settings: ScheduleSettings
    new_a_day: int
    reviews_a_day: int
    order: Order = Order.RETRIEVABILITY


@dataclass(frozen=True)
class Year:
    """What comes of a plan: (runs, days) numbers each, at the end of the day where that matters."""

    # Answers to cards in review, and how many of these were forgotten.
    reviews: Numbers
    forgotten: Numbers
    # Cards met for the first time.
    new: Numbers
    # Answers to cards in their steps.
    steps: Numbers
    seconds: Numbers
    # Cards due that the limit of the day left for another one.
    backlog: Numbers
    # The sum of the chances of recall of all cards met so far.
    known: Numbers
    # How many cards are met then, of how many there are.
    met: int
    cards: int

    @property
    def minutes(self) -> Numbers:
        found: Numbers = self.seconds / 60
        return found


def simulate(
    pile: Pile,
    plan: Plan,
    habits: Habits,
    *,
    retentions: Sequence[float] = (),
    runs: int = 1,
    days: int = DAYS,
    weekday: int = 0,
    decks: Numbers | None = None,
    most_cards: int = MOST_CARDS,
    known_every: int = 1,
    seed: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Year:
    """Return what a plan brings, `runs` times for each of the retentions; by default the plan's.

    `weekday` is that of the first day, Monday 0. `decks` ranks the pile's cards and the new ones
    behind them, for the order by deck. What is known is worked out every so many days, and between
    them by a straight line. `progress` gets the share that is done, and stops it by raising.
    """
    shares = np.repeat(retentions or (plan.settings.desired_retention,), runs)
    total = len(pile) + pile.new
    share = min(1.0, most_cards / max(1, total))
    draws = np.random.default_rng(seed)
    state = _State(pile, plan, habits, shares, share, days, weekday, decks, draws)
    room, fresh = Parts(plan.reviews_a_day * share), Parts(plan.new_a_day * share)
    for day in range(days):
        state.review(day, room.next())
        state.meet(day, fresh.next())
        if day % known_every == 0 or day == days - 1:
            state.weigh(day)
        if progress is not None:
            progress((day + 1) / days)
    return state.year(total)


class _State:
    """The cards of all runs, one run behind the other; in each, those not met yet are last."""

    def __init__(
        self,
        pile: Pile,
        plan: Plan,
        habits: Habits,
        retentions: Numbers,
        share: float,
        days: int,
        weekday: int,
        decks: Numbers | None,
        draws: np.random.Generator,
    ) -> None:
        self._plan, self._settings, self._habits = plan, plan.settings, habits
        self._draws, self._share, self._days = draws, share, days
        runs = self._runs = len(retentions)
        self._met, new = round(len(pile) * share), round(pile.new * share)
        size = self._size = self._met + new
        chosen = _sample(pile.stability, self._met, draws)
        ranks = decks if decks is not None else np.zeros(len(pile) + pile.new)
        behind = len(pile) + _sample(np.arange(pile.new), new, draws)
        ranks = np.append(ranks[chosen], ranks[behind])

        def of_all(known: Numbers, of_new: float) -> Numbers:
            return np.tile(np.append(known, np.full(new, of_new)), runs)

        self._first = [plan.settings.model.next(None, rating, 0.0) for rating in Rating]
        seen = from_columns(pile.stability[chosen], pile.difficulty[chosen], self._settings)
        self._memory = each_column(of_all, seen, self._first[0])
        self._due = of_all(pile.due[chosen].astype(float), np.inf)
        self._last = of_all(-pile.elapsed[chosen].astype(float), 0.0)
        self._run = np.repeat(np.arange(runs), size)
        self._rank = np.tile(ranks, runs)
        self._retention = retentions
        self._landing = Landing(self._settings, runs=runs, days=days, weekday=weekday, share=share)
        self._landing.add(self._run, self._due)
        names = ("reviews", "forgotten", "new", "steps", "seconds", "backlog")
        self._sums = {name: np.zeros((runs, days)) for name in names}
        self._weighed: list[tuple[int, Numbers]] = []
        self._steps = {kind: _steps(kind, self._settings) for kind in (State.NEW, State.REVIEW)}

    def review(self, day: int, room: int) -> None:
        """Answer the due cards, as many in each run as there is room for."""
        ready = np.flatnonzero(self._due <= day)
        waiting = np.bincount(self._run[ready], minlength=self._runs)
        taken = ready if waiting.max() <= room else self._foremost(ready, waiting, room, day)
        self._sums["backlog"][:, day] = np.maximum(waiting - room, 0)
        memory, elapsed = self._at(taken), day - self._last[taken]
        chance = self._settings.model.retrievability(memory, elapsed)
        luck = self._draws.random(len(taken))
        # How far below its chance the luck of a recalled card is, is as random as luck itself.
        within = luck / chance
        _, hard, good, easy = self._habits.review.shares
        bounds = np.cumsum((hard, good)) / ((hard + good + easy) or 1.0)
        ratings = np.where(luck < chance, 2 + np.searchsorted(bounds, within, "right"), _AGAIN)
        self._remember(taken, self._settings.model.after(memory, elapsed, ratings))
        self._count("reviews", taken, day)
        self._time(taken, ratings, self._habits.review, day)
        lost = taken[ratings == _AGAIN]
        self._count("forgotten", lost, day)
        self._go_through_steps(lost, np.full(len(lost), _AGAIN), State.REVIEW, day)
        self._send_off(taken, day)

    def meet(self, day: int, number: int) -> None:
        """Show so many new cards for the first time, as far as there are any."""
        until = min(self._met + number, self._size)
        within = np.arange(self._met, until)
        self._met = until
        if not len(within):
            return
        new = (np.arange(self._runs)[:, None] * self._size + within).ravel()
        ratings = _drawn(self._habits.first, len(new), self._draws)
        first = each_column(lambda *numbers: np.array(numbers)[ratings - 1], *self._first)
        self._remember(new, first)
        self._count("new", new, day)
        self._time(new, ratings, self._habits.first, day)
        self._go_through_steps(new, ratings, State.NEW, day)
        self._send_off(new, day)

    def weigh(self, day: int) -> None:
        """Add up what is known at the end of a day."""
        met = np.s_[:, : self._met]
        shape = self._runs, self._size
        memory = each_column(lambda column: column.reshape(shape)[met], self._memory)
        elapsed = day - self._last.reshape(shape)[met]
        chance = self._settings.model.retrievability(memory, elapsed)
        self._weighed.append((day, chance.sum(axis=1)))

    def year(self, cards: int) -> Year:
        """Return what it came to, for all cards."""
        at = [day for day, _ in self._weighed]
        known = np.array([numbers for _, numbers in self._weighed]).T
        lines = [np.interp(np.arange(self._days), at, line) for line in known]
        sums = {name: numbers / self._share for name, numbers in self._sums.items()}
        return Year(
            **sums,
            known=np.array(lines) / self._share,
            met=min(cards, round(self._met / self._share)),
            cards=cards,
        )

    def _foremost(self, ready: Places, waiting: Places, room: int, day: int) -> Places:
        """Return the first cards of each run in the plan's order."""
        due, last = self._due[ready], self._last[ready]
        order = self._plan.order
        if order is Order.DUE:
            first = due
        elif order is Order.OVERDUENESS:
            first = -(day - last) / np.maximum(due - last, 1)
        elif order is Order.DECK:
            first = self._rank[ready]
        elif order is Order.RANDOM:
            first = self._draws.random(len(ready))
        else:
            first = self._settings.model.retrievability(self._at(ready), day - last)
        ranked = np.lexsort((due, first)) if order is Order.DECK else np.argsort(first)
        # Whole numbers of two bytes are sorted by their digits, which takes no time.
        by_run = np.argsort(self._run[ready[ranked]].astype(np.int16), kind="stable")
        ordered = ready[ranked[by_run]]
        place = np.arange(len(ordered)) - np.repeat(np.cumsum(waiting) - waiting, waiting)
        foremost: Places = ordered[place < room]
        return foremost

    def _go_through_steps(self, cards: Places, ratings: Numbers, kind: State, day: int) -> None:
        """Answer cards until they have left their steps; `ratings` brought them there."""
        steps = self._steps[kind]
        step = steps.first[ratings - 1]
        for _ in range(_MOST_STEPS):
            left = step >= 0
            cards, step = cards[left], step[left]
            if not len(cards):
                return
            ratings = _drawn(self._habits.steps, len(cards), self._draws)
            none = np.zeros(len(cards))
            self._remember(cards, self._settings.model.after(self._at(cards), none, ratings))
            self._count("steps", cards, day)
            self._time(cards, ratings, self._habits.steps, day)
            step = steps.next[step, ratings - 1]

    def _send_off(self, cards: Places, day: int) -> None:
        """Give cards that were answered their next day."""
        runs = self._run[cards]
        days = intervals(self._at(cards), self._settings, self._retention[runs])
        self._last[cards] = day
        self._due[cards] = self._landing.choose(runs, day, days, self._draws)

    def _at(self, places: Places) -> Memory[Numbers]:
        return each_column(lambda column: column[places], self._memory)

    def _remember(self, places: Places, after: Memory[Numbers]) -> None:
        for column, numbers in zip(self._memory.numbers, after.numbers, strict=True):
            column[places] = numbers

    def _count(self, name: str, cards: Places, day: int) -> None:
        self._sums[name][:, day] += np.bincount(self._run[cards], minlength=self._runs)

    def _time(self, cards: Places, ratings: Numbers, answers: Answers, day: int) -> None:
        seconds = np.array(answers.seconds)[ratings - 1]
        self._sums["seconds"][:, day] += np.bincount(
            self._run[cards], weights=seconds, minlength=self._runs
        )


@dataclass(frozen=True)
class _Steps:
    """Where each rating leads, as the number of the step; -1 out of the steps."""

    # (ratings,), of the answer that begins them.
    first: Places
    # (steps, ratings)
    next: Places


def _steps(kind: State, settings: ScheduleSettings) -> _Steps:
    """Return the steps of a new card, or of one in review that was forgotten."""
    inside = State.LEARNING if kind is State.NEW else State.RELEARNING
    spans = settings.learning_steps if kind is State.NEW else settings.relearning_steps

    def leads_to(state: State, step: int | None) -> list[int]:
        found = (after_rating(state, step, rating, settings) for rating in Rating)
        return [-1 if after is State.REVIEW else to or 0 for after, to, _ in found]

    table = [leads_to(inside, step) for step in range(len(spans))]
    return _Steps(np.array(leads_to(kind, None)), np.array(table).reshape(-1, len(Rating)))


def _drawn(answers: Answers, number: int, draws: np.random.Generator) -> Places:
    """Return so many ratings."""
    bounds = np.cumsum(answers.shares)
    luck = draws.random(number) * bounds[-1]
    ratings: Places = np.minimum(1 + np.searchsorted(bounds, luck, "right"), len(Rating))
    return ratings


def _sample(values: Numbers, number: int, draws: np.random.Generator) -> Places:
    """Return the places of so many, evenly from the lowest value to the highest."""
    if number >= len(values):
        return np.arange(len(values))
    at = np.floor((np.arange(number) + draws.random()) * len(values) / max(1, number))
    places: Places = np.argsort(values, kind="stable")[at.astype(np.int64)]
    return places
