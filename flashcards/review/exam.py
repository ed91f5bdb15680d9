"""Exam preparation: how well cards will be known on a day, and how many reviews it takes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from flashcards import store
from flashcards.domain.study_day import DAY_MICROS, micros
from flashcards.review import scope
from flashcards.review.learner import Learner
from flashcards.review.scope import Scope
from flashcards.scheduling.simulation import exam as ahead
from flashcards.scheduling.simulation.exam import Memories

# How long after the beginning of the learner's day an exam is: in the morning.
INTO_THE_DAY = timedelta(hours=6)
TARGET_PERCENT = 95
DAYS_MOST = 730
_DAY = timedelta(days=1)
Places = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Forecast:
    """How well some cards will be known on a day, and what it takes to know them better."""

    cards: int
    # Of the cards, those that were never reviewed.
    new: int
    days: int
    # The chance to recall a card that day, on average, if nothing is reviewed until then.
    percent: int
    # The reviews a day for the target, and the percentage that they lead to.
    cards_a_day: int
    percent_then: int
    # The cards with the lowest chance of recall first.
    ids: list[UUID]


def forecast(
    *,
    learner: Learner,
    named: Scope,
    on: date,
    target_percent: int,
    now: datetime,
) -> Forecast:
    """Return the forecast for the cards of a scope on a day to come. Raises BadQuery.

    Three SQL queries and a simulation, which takes some tenths of a second.
    """
    settings = learner.settings
    days = max(1, (on - settings.day.of(now)).days)
    ids = scope.studied_cards(learner, named, now)
    cards, places = _memories(learner.owner_id, ids, now)
    exam = settings.day.start(now, days=days) + INTO_THE_DAY
    chances = ahead.predicted(cards, (exam - now) / _DAY, settings.schedule)
    pace = ahead.pace_for(cards, days, target_percent / 100, settings.schedule)
    return Forecast(
        cards=len(ids),
        new=int(np.isnan(cards.stability).sum()),
        days=days,
        percent=round(100 * float(chances.mean())) if len(ids) else 0,
        cards_a_day=pace.cards_a_day,
        percent_then=round(100 * pace.known),
        ids=[ids[place] for place in np.argsort(chances[places], kind="stable").tolist()],
    )


def _memories(owner_id: UUID, ids: list[UUID], now: datetime) -> tuple[Memories, Places]:
    """Return the cards' memories, and for each id its place in them."""
    read = store.columns(owner_id)
    found = read.places(ids)
    by_id = {card_id: place for place, card_id in enumerate(read.ids(found))}
    last = read.array("last_review")[found]
    stability = np.where(last == 0, np.nan, read.array("stability")[found].astype(np.float64))
    difficulty = np.nan_to_num(read.array("difficulty")[found].astype(np.float64), nan=5.0)
    at = (micros(now) - last) / DAY_MICROS
    elapsed = np.where(last == 0, 0.0, np.maximum(at, 0.0))
    places = np.array([by_id[card_id] for card_id in ids], dtype=np.int64)
    return Memories(stability, difficulty, elapsed), places
