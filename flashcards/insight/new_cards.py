"""New cards: how many were added and how many were learnt, and how many are left."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flashcards.domain.query.syntax import CardStatus, Introduced, Is, Moment, Not, Within
from flashcards.domain.records import State
from flashcards.domain.study_day import micros
from flashcards.insight.reading import Reading
from flashcards.insight.review_statistics import FIRST, bars_of, dates_of
from flashcards.insight.spans import Period, Step, summed


@dataclass(frozen=True, slots=True)
class NewCardsBar:
    period: Period
    # Cards of the scope that were made, and cards reviewed for the first time.
    added: int
    learnt: int
    added_search: str
    learnt_search: str


@dataclass(frozen=True, slots=True)
class NewCards:
    """Cards added (as they are now: deleted ones are not among them) and learnt."""

    step: Step
    bars: tuple[NewCardsBar, ...]
    added: int
    learnt: int
    # New cards that are left, without suspended ones.
    left: int
    left_search: str


def new_cards(reading: Reading, step: Step | None = None) -> NewCards:
    """Return how many cards were added and learnt in the span."""
    tally = reading.tally_of(reading.first_added)
    step, bars = bars_of(tally, step)
    learnt = summed(tally.by_day(*FIRST), bars)[:, 0].tolist()
    found = tuple(
        NewCardsBar(
            bar,
            added,
            first,
            reading.search(Within(Moment.ADDED, dates_of(bar))),
            reading.search(Introduced(dates_of(bar))),
        )
        for bar, added, first in zip(bars, _added(reading, bars), learnt, strict=True)
    )
    left, search = _left(reading)
    totals = sum(bar.added for bar in found), sum(learnt)
    return NewCards(step, found, *totals, left, search)


def _added(reading: Reading, bars: Sequence[Period]) -> list[int]:
    """Return how many of the cards were made in each bar."""
    made = np.sort(reading.columns.array("created_at")[reading.cards])
    edges = [micros(reading.start(bar.first)) for bar in bars]
    edges.append(micros(reading.start(reading.today, days=1)))
    return [int(each) for each in np.diff(np.searchsorted(made, edges))]


def _left(reading: Reading) -> tuple[int, str]:
    """Return how many new cards are left, and the search that finds them."""
    columns = reading.columns
    new = columns.array("state")[reading.cards] == State.NEW
    awake = columns.array("suspended")[reading.cards] == 0
    terms = Is(CardStatus.NEW), Not(Is(CardStatus.SUSPENDED))
    return int(np.count_nonzero(new & awake)), reading.search(*terms)
