"""Statistics of cards as they are now: when they are due, and how well they are known."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from flashcards.domain.answer_codes import MATURE_DAYS
from flashcards.domain.query.syntax import CardStatus, Compared, Is, Node, Not, Property
from flashcards.domain.records import State
from flashcards.domain.study_day import DAY_MICROS, micros
from flashcards.insight.reading import Reading
from flashcards.insight.spans import ALL_MOST_DAYS, Period, Step, periods, step_for
from flashcards.search.matcher import property_values
from flashcards.store import Mask, Numbers

_AWAKE = Not(Is(CardStatus.SUSPENDED))
# Where the bars of days begin: a few more each time, as what matters is the ratio.
_DAY_EDGES = (
    *(0, 1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 270),
    *(365, 545, 730, 1095, 1825, 3650, 7300),
)
_DIFFICULTY_EDGES = tuple(range(1, 11))
_CHANCE_EDGES = tuple(number / 20 for number in range(21))


@dataclass(frozen=True, slots=True)
class CardCounts:
    """How many cards the scope has of each sort; a card is of one of the first five."""

    new: int
    # In their first steps, and in the steps after they were forgotten.
    learning: int
    relearning: int
    # In review with a stability below 21 days, and of 21 days or more.
    young: int
    mature: int
    # Of all of these.
    suspended: int
    buried: int
    # By the name of a field above: the search that finds these cards.
    searches: dict[str, str]

    @property
    def total(self) -> int:
        return self.new + self.learning + self.relearning + self.young + self.mature


@dataclass(frozen=True, slots=True)
class Known:
    """How much is known now: the sum of the chances to recall each card.

    `known` of `learnt` cards, those that were reviewed before, suspended ones among them; new ones
    are `cards - learnt`. In 19 of 20 cases the number that would be recalled is within `give`.
    """

    known: float
    learnt: int
    cards: int
    give: float


@dataclass(frozen=True, slots=True)
class DueBar:
    period: Period
    # Cards that fall due, and how many of them have a stability of 21 days or more.
    cards: int
    mature: int
    search: str


@dataclass(frozen=True, slots=True)
class FutureDue:
    """Cards that fall due from today on, as if none were reviewed until then.

    Suspended and new cards are left out, and what is due beyond the span, which is `later`.
    """

    step: Step
    # Today is the first day; its cards in their steps are among them.
    bars: tuple[DueBar, ...]
    # Due before today.
    backlog: int
    backlog_search: str
    later: int
    days: int

    @property
    def total(self) -> int:
        """Return how many fall due in the span, without the backlog."""
        return sum(bar.cards for bar in self.bars)


@dataclass(frozen=True, slots=True)
class Bar:
    """Cards whose value is `low` or more, and below `high`; None where there is no upper end.

    The last bar of difficulty and retrievability has its upper end among its values.
    """

    low: float
    high: float | None
    cards: int
    search: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """Cards by one of their values, from the lowest bar that has any to the highest.

    Intervals and stabilities are in days, difficulties from 1 to 10, retrievabilities from 0 to 1.
    """

    bars: tuple[Bar, ...]
    # Of cards that have the value: new ones have none.
    cards: int
    mean: float | None
    median: float | None


def card_counts(reading: Reading) -> CardCounts:
    """Return how many cards there are of each sort."""
    columns, mine = reading.columns, reading.cards
    states = columns.array("state")
    review = mine & (states == State.REVIEW)
    mature = review & (_values(reading, Property.STABILITY) >= MATURE_DAYS)
    is_mature = Compared(Property.STABILITY, ">=", MATURE_DAYS)
    masks: dict[str, tuple[Mask, tuple[Node, ...]]] = {
        "new": (mine & (states == State.NEW), (Is(CardStatus.NEW),)),
        "learning": (mine & (states == State.LEARNING), (Is(CardStatus.LEARNING), _NO_LAPSE)),
        "relearning": (mine & (states == State.RELEARNING), (Is(CardStatus.LEARNING), _LAPSED)),
        "young": (review & ~mature, (Is(CardStatus.REVIEW), Not(is_mature))),
        "mature": (mature, (Is(CardStatus.REVIEW), is_mature)),
        "suspended": (mine & (columns.array("suspended") == 1), (Is(CardStatus.SUSPENDED),)),
        "buried": (
            mine & (columns.array("buried_until") > micros(reading.now)),
            (Is(CardStatus.BURIED),),
        ),
    }
    counts = {name: int(np.count_nonzero(mask)) for name, (mask, _) in masks.items()}
    searches = {name: reading.search(*terms) for name, (_, terms) in masks.items()}
    return CardCounts(**counts, searches=searches)


def known(reading: Reading) -> Known:
    """Return how many cards would be recalled now."""
    chances = _values(reading, Property.RETRIEVABILITY)[reading.cards]
    cards = len(chances)
    chances = chances[~np.isnan(chances)]
    spread = float(np.sqrt(np.sum(chances * (1 - chances))))
    return Known(float(chances.sum()), len(chances), cards, 1.96 * spread)


def future_due(reading: Reading, step: Step | None = None) -> FutureDue:
    """Return when the cards fall due, as far ahead as the span is long."""
    studied = _studied(reading)
    due = reading.columns.array("due")[studied]
    mature = _values(reading, Property.STABILITY)[studied] >= MATURE_DAYS
    days = days_ahead(reading)
    chosen = step or step_for(days)
    bars = periods(reading.today, reading.today + timedelta(days=days - 1), chosen)
    numbers = [(bar.first - reading.today).days for bar in bars] + [days]
    edges = np.array([micros(reading.start(reading.today, days=each)) for each in numbers])
    at = np.searchsorted(edges, due, side="right")
    counts = np.bincount(at, minlength=len(edges) + 1).tolist()
    of_mature = np.bincount(at[mature], minlength=len(edges) + 1).tolist()
    found = tuple(
        DueBar(bar, counts[n], of_mature[n], reading.search(*_due(start, end), _AWAKE))
        for n, (bar, start, end) in enumerate(zip(bars, numbers, numbers[1:], strict=False), 1)
    )
    before = reading.search(Compared(Property.DUE, "<", 0), _AWAKE)
    return FutureDue(chosen, found, counts[0], before, counts[-1], days)


def days_ahead(reading: Reading) -> int:
    """Return how many days `future_due` looks ahead: with all time, until all is due."""
    if reading.span.days is not None:
        return reading.span.days
    due = reading.columns.array("due")[_studied(reading)]
    if not len(due):
        return 1
    days = (int(due.max()) - micros(reading.start(reading.today))) / DAY_MICROS
    return min(max(math.ceil(days) + 1, 1), ALL_MOST_DAYS)


def intervals(reading: Reading) -> Histogram:
    """Return the cards by the days from their last review to the next."""
    return _histogram(reading, Property.INTERVAL, _DAY_EDGES, is_open=True)


def stabilities(reading: Reading) -> Histogram:
    """Return the cards by the days until their retrievability falls to 90%."""
    return _histogram(reading, Property.STABILITY, _DAY_EDGES, is_open=True)


def difficulties(reading: Reading) -> Histogram:
    """Return the cards by their difficulty, 1 to 10."""
    return _histogram(reading, Property.DIFFICULTY, _DIFFICULTY_EDGES, is_open=False)


def retrievabilities(reading: Reading) -> Histogram:
    """Return the cards by the chance that they would be recalled now, 0 to 1."""
    return _histogram(reading, Property.RETRIEVABILITY, _CHANCE_EDGES, is_open=False)


_LAPSED = Compared(Property.LAPSES, ">", 0)
_NO_LAPSE = Compared(Property.LAPSES, "=", 0)


def _values(reading: Reading, prop: Property) -> Numbers:
    return property_values(reading.columns, prop, reading.now, reading.learner.settings)


def _studied(reading: Reading) -> Mask:
    """Return which cards of the scope are neither new nor suspended."""
    columns = reading.columns
    is_awake = columns.array("suspended") == 0
    return np.asarray(reading.cards & is_awake & (columns.array("state") != State.NEW))


def _histogram(
    reading: Reading, prop: Property, edges: Sequence[float], *, is_open: bool
) -> Histogram:
    values = _values(reading, prop)[reading.cards]
    values = values[~np.isnan(values)]
    if not len(values):
        return Histogram((), 0, None, None)
    lows = np.array(edges if is_open else edges[:-1], dtype=np.float64)
    at = np.clip(np.searchsorted(lows, values, side="right") - 1, 0, len(lows) - 1)
    counts = np.bincount(at, minlength=len(lows)).tolist()
    highs: list[float | None] = [*edges[1:], None] if is_open else [*edges[1:]]
    lowest, highest = int(at.min()), int(at.max())
    bars = tuple(
        Bar(edges[n], highs[n], counts[n], reading.search(*_between(prop, edges, n, len(lows))))
        for n in range(lowest, highest + 1)
    )
    return Histogram(bars, len(values), float(values.mean()), float(np.median(values)))


def _between(prop: Property, edges: Sequence[float], number: int, bars: int) -> list[Node]:
    """Return the terms that find the cards of one bar. The outer ones have no outer end."""
    terms: list[Node] = []
    if number:
        terms.append(Compared(prop, ">=", edges[number]))
    if number < bars - 1:
        terms.append(Compared(prop, "<", edges[number + 1]))
    return terms


def _due(start: int, end: int) -> list[Node]:
    """Return the terms that find cards due from one day, counted from today, to before another."""
    if end == start + 1:
        return [Compared(Property.DUE, "=", start)]
    return [Compared(Property.DUE, ">=", start), Compared(Property.DUE, "<", end)]
