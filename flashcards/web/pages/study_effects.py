"""What a setting would do, in words, from the learner's own cards."""

import functools
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import numpy as np
from django.db.models import Q

from flashcards.domain import durations
from flashcards.domain.records import State
from flashcards.models import Deck
from flashcards.models.decks import DECK_SEPARATOR
from flashcards.review.backlog import ANSWERS_A_NEW_CARD
from flashcards.review.pace import Pace
from flashcards.scheduling import ScheduleSettings
from flashcards.scheduling.forgetting_curve import Numbers
from flashcards.scheduling.simulation.workload import reviews_a_new_card, workload
from flashcards.store import cards
from flashcards.study_settings.settings import EffectiveSettings

# With fewer a learner's own cards say too little; then typical ones stand for them.
OWN_CARDS = 20
_TIMES = "\N{MULTIPLICATION SIGN}"
RETENTIONS = (0.80, 0.85, 0.90, 0.95, 0.97)


@dataclass(frozen=True)
class RetentionOption:
    """One desired retention, what it costs beside the present one, and the reviews a day."""

    percent: int
    factor: str
    reviews: str
    is_present: bool


@dataclass(frozen=True)
class Effect:
    """What the page says below the field."""

    sentence: str
    new_sentence: str
    lines: tuple[RetentionOption, ...]
    # Whether it was worked out from the learner's own cards.
    is_own: bool


def effect_of(
    *,
    owner_id: UUID,
    present: EffectiveSettings,
    retention: float,
    new_per_day: int,
    deck: Deck | None = None,
) -> Effect:
    """Return what a retention and a number of new cards would make of the learner's days.

    With a deck from its cards and those of the decks inside it, else from all. Costs a read of two
    columns of the learner's cards and a few simulations, 100 ms together.
    """
    stability, difficulty, is_own = _cards(owner_id, deck)
    settings = present.schedule

    @functools.cache
    def daily(share: float) -> float:
        wanted = replace(settings, desired_retention=share)
        return workload(stability, difficulty, settings=wanted).reviews_a_day

    now = daily(present.desired_retention)
    wanted = daily(retention)
    lines = tuple(
        RetentionOption(
            percent=round(100 * each),
            factor=times(daily(each) / now) if now else "as much",
            reviews=_rounded(daily(each)) if is_own else "",
            is_present=abs(each - present.desired_retention) < 0.005,
        )
        for each in RETENTIONS
    )
    return Effect(
        _sentence(present.desired_retention, retention, now, wanted, is_own=is_own),
        _new_sentence(replace(settings, desired_retention=retention), new_per_day),
        lines,
        is_own,
    )


def times(factor: float) -> str:
    """Return "as much", or how many times as much to a tenth."""
    if 0.95 < factor < 1.05:
        return "as much"
    number = f"{factor:.0f}" if factor >= 9.95 else f"{factor:.1f}"
    return f"{number}{_TIMES} as much"


def day_in_words(*, new: int, reviews: int, pace: Pace) -> str:
    """Return how long a day takes at most, at the learner's pace."""
    seconds = (new * ANSWERS_A_NEW_CARD + reviews) * pace.seconds_an_answer
    whose = "at your pace" if pace.is_own else "at 8 seconds an answer"
    return f"A full day takes about {durations.clock(timedelta(seconds=seconds))} {whose}."


def _cards(owner_id: UUID, deck: Deck | None) -> tuple[Numbers, Numbers, bool]:
    found = cards.for_owner(owner_id).filter(state=State.REVIEW, suspended=False)
    columns = ["stability", "difficulty"] + (["deck_ids"] if deck else [])
    rows = found.columns(*columns)
    if deck is not None:
        inside_it = Q(id=deck.id) | Q(name__istartswith=f"{deck.name}{DECK_SEPARATOR}")
        decks = Deck.objects.filter(inside_it, owner_id=owner_id)
        wanted = {str(deck_id) for deck_id in decks.values_list("id", flat=True)}
        inside = [not wanted.isdisjoint(listed) for listed in rows["deck_ids"]]
        rows = {name: rows[name][np.array(inside, dtype=bool)] for name in columns}
    if len(rows["stability"]) >= OWN_CARDS:
        return rows["stability"], rows["difficulty"], True
    # A collection of a few months: memories from days to a year, of all difficulties.
    return np.geomspace(2.0, 300.0, 200), np.tile(np.linspace(2.0, 8.0, 10), 20), False


def _sentence(
    present: float, wanted: float, reviews_now: float, reviews: float, *, is_own: bool
) -> str:
    whose = "" if is_own else " with a typical collection"
    if abs(wanted - present) < 0.005:
        share = f"{100 * wanted:.0f} %"
        if is_own:
            return (
                f"Your present setting: {_daily(reviews)} for the cards you have, "
                f"of which you would know {share}."
            )
        return f"Your present setting: you would know {share} of the cards that come."
    factor = times(reviews / reviews_now if reviews_now else 1.0)
    daily = f": {_daily(reviews)} instead of {_daily(reviews_now)}" if is_own else ""
    return (
        f"At {100 * wanted:.0f} % you would review {factor} as at {100 * present:.0f} %"
        f"{whose}{daily}."
    )


def _new_sentence(settings: ScheduleSettings, new_per_day: int) -> str:
    if not new_per_day:
        return "Without new cards your reviews grow fewer from week to week."
    settled = new_per_day * reviews_a_new_card(settings)
    return f"{new_per_day} new a day settle at about {_daily(settled)} after half a year."


def _daily(reviews: float) -> str:
    if reviews < 1:
        return "less than one review a day"
    rounded = _rounded(reviews)
    return f"{rounded} review{'' if rounded == '1' else 's'} a day"


def _rounded(reviews: float) -> str:
    """Return what an estimate can promise: whole reviews, from 20 on in fives."""
    if reviews < 1:
        return "<1"
    return f"{round(reviews) if reviews < 20 else round(reviews / 5) * 5:,}"
