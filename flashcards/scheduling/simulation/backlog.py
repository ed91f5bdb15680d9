"""The backlog simulation: how a pile of overdue cards shrinks at so many reviews a day.

Day by day: the due cards are put in order, as many as the day takes are reviewed, each is recalled
with the chance that the memory model gives it, and its memory and next day follow.
"""

import enum
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from flashcards.domain.records import Rating
from flashcards.scheduling.memory_model import Memory, Numbers, each_column, ratings_of
from flashcards.scheduling.settings import ScheduleSettings
from flashcards.scheduling.simulation.workload import from_columns, intervals

Places = np.ndarray[Any, np.dtype[Any]]
# Beyond that a sample stands for all cards.
MOST_CARDS = 4_000
# But a day of the sample has at least so many reviews, or chance would choose the date.
LEAST_A_DAY = 20
MOST_DAYS = 365
# So many days are shown beyond the one that catches up.
DAYS_AFTER = 7


class Order(enum.StrEnum):
    """Which of the due cards come first."""

    RETRIEVABILITY = "retrievability"
    OVERDUENESS = "overdueness"
    DUE = "due"


@dataclass(frozen=True)
class Pile:
    """Cards that were learnt, as arrays, and how many there are that were not yet."""

    stability: Numbers
    difficulty: Numbers
    # In days from today: 0 and below is due.
    due: Numbers
    # Days since the last review.
    elapsed: Numbers
    new: int = 0

    def __len__(self) -> int:
        return len(self.due)


@dataclass(frozen=True)
class Course:
    """What would happen."""

    # How many cards are due on each day from today on, what is left from before included.
    due: tuple[int, ...]
    # The first day whose cards all fit into it, 0 for today; None if there is none within a year.
    caught_up_in: int | None
    # Until then: reviews, and of these how many were of a card that was forgotten.
    reviews: int
    forgotten: int


def chance_now(pile: Pile, settings: ScheduleSettings) -> float:
    """Return the share of what is due today that would be recalled, 0 to 1."""
    due = pile.due <= 0
    if not due.any():
        return settings.desired_retention
    memory = from_columns(pile.stability[due], pile.difficulty[due], settings)
    return float(settings.model.retrievability(memory, pile.elapsed[due]).mean())


def course(
    pile: Pile,
    *,
    settings: ScheduleSettings,
    reviews_a_day: int,
    order: Order,
    new_a_day: int = 0,
    seed: int = 1,
) -> Course:
    """Return what becomes of a pile at so many reviews on every day. The same seed, the same luck.

    Ends a week after the pile is gone. 100 ms for 20,000 cards.
    """
    draws = np.random.default_rng(seed)
    share = min(1.0, max(MOST_CARDS / max(1, len(pile)), LEAST_A_DAY / max(1, reviews_a_day)))
    state = _State.of(pile, share, draws, settings)
    room, fresh = Parts(reviews_a_day * share), Parts(new_a_day * share)
    due: list[int] = []
    reviews = forgotten = 0
    caught_up: int | None = None
    for day in range(MOST_DAYS):
        ready = np.flatnonzero(state.due <= day)
        due.append(round(len(ready) / share))
        today = room.next()
        if caught_up is None and len(ready) <= today:
            caught_up = day
        taken = state.first(ready, today, day, order, settings)
        lost = state.review(taken, day, draws, settings)
        if caught_up is None or caught_up == day:
            reviews, forgotten = reviews + len(taken), forgotten + lost
        state.learn(fresh.next(), day, settings)
        if caught_up is not None and day >= caught_up + DAYS_AFTER:
            break
    return Course(tuple(due), caught_up, round(reviews / share), round(forgotten / share))


class Parts:
    """Whole numbers that add up to so much a day."""

    def __init__(self, a_day: float) -> None:
        self._sums = (int(a_day * day) for day in itertools.count(1))
        self._before = 0

    def next(self) -> int:
        total = next(self._sums)
        given, self._before = total - self._before, total
        return given


@dataclass
class _State:
    """The cards as they go, those not learnt yet behind them with a due day beyond all days."""

    memory: Memory[Numbers]
    due: Numbers
    last: Numbers
    learnt: int

    @classmethod
    def of(
        cls, pile: Pile, share: float, draws: np.random.Generator, settings: ScheduleSettings
    ) -> "_State":
        known = int(len(pile) * share)
        chosen = draws.choice(len(pile), known, replace=False) if share < 1 else slice(None)
        new = int(pile.new * share)
        seen = from_columns(pile.stability[chosen], pile.difficulty[chosen], settings)
        first = settings.model.next(None, Rating.GOOD, 0.0)
        return cls(
            memory=each_column(
                lambda column, number: np.append(column, np.full(new, number)), seen, first
            ),
            due=np.append(pile.due[chosen], np.full(new, np.inf)),
            last=np.append(-pile.elapsed[chosen], np.zeros(new)),
            learnt=known,
        )

    def first(
        self, ready: Places, most: int, day: int, order: Order, settings: ScheduleSettings
    ) -> Places:
        """Return which `most` of the ready cards come first."""
        if len(ready) <= most:
            return ready
        if not most:
            return ready[:0]
        due, last = self.due[ready], self.last[ready]
        if order is Order.DUE:
            rank = due
        elif order is Order.OVERDUENESS:
            rank = -(day - last) / np.maximum(due - last, 1)
        else:
            rank = settings.model.retrievability(self._memory(ready), day - last)
        return np.asarray(ready[np.argpartition(rank, most - 1)[:most]])

    def review(
        self, taken: Places, day: int, draws: np.random.Generator, settings: ScheduleSettings
    ) -> int:
        """Review these cards and return how many of them were forgotten."""
        memory, elapsed = self._memory(taken), day - self.last[taken]
        recalled = draws.random(len(taken)) < settings.model.retrievability(memory, elapsed)
        after = settings.model.after(memory, elapsed, ratings_of(recalled))
        for column, numbers in zip(self.memory.numbers, after.numbers, strict=True):
            column[taken] = numbers
        self.last[taken] = day
        self.due[taken] = day + intervals(after, settings)
        return int(np.count_nonzero(~recalled))

    def learn(self, number: int, day: int, settings: ScheduleSettings) -> None:
        """Learn so many of the new cards, as far as there are any."""
        new = slice(self.learnt, min(self.learnt + number, len(self.due)))
        self.last[new] = day
        self.due[new] = day + intervals(self._memory(new), settings)
        self.learnt = new.stop

    def _memory(self, places: Places | slice) -> Memory[Numbers]:
        return each_column(lambda column: column[places], self.memory)
