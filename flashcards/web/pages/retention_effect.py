"""The effect of a desired retention in words: how many reviews it costs, and how long a day is."""

from dataclasses import dataclass
from datetime import timedelta

from flashcards.domain import durations
from flashcards.review.backlog import ANSWERS_A_NEW_CARD
from flashcards.review.pace import Pace
from flashcards.review.retention_effect import Cost, RetentionEffect

_TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True)
class RetentionOption:
    """One desired retention, its cost beside the present one, and the reviews a day."""

    percent: int
    factor: str
    reviews: str
    is_present: bool


@dataclass(frozen=True)
class EffectInWords:
    """What the page says below the field."""

    sentence: str
    new_sentence: str
    lines: tuple[RetentionOption, ...]
    is_own: bool


def in_words(effect: RetentionEffect) -> EffectInWords:
    """Return the effect of a desired retention in words."""
    return EffectInWords(
        _sentence(effect),
        _new_sentence(effect),
        tuple(_option(cost, effect) for cost in effect.options),
        effect.is_own,
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


def _option(cost: Cost, effect: RetentionEffect) -> RetentionOption:
    now = effect.present.reviews_a_day
    return RetentionOption(
        percent=round(100 * cost.retention),
        factor=times(cost.reviews_a_day / now) if now else "as much",
        reviews=_rounded(cost.reviews_a_day) if effect.is_own else "",
        is_present=cost.is_at(effect.present.retention),
    )


def _sentence(effect: RetentionEffect) -> str:
    present, wanted = effect.present, effect.wanted
    share = f"{100 * wanted.retention:.0f}%"
    if wanted.is_at(present.retention):
        if effect.is_own:
            return (
                f"Your current setting: {_daily(wanted.reviews_a_day)} for the cards you have, "
                f"of which you would know {share}."
            )
        return f"Your current setting: you would know {share} of the cards that come."
    now = present.reviews_a_day
    factor = times(wanted.reviews_a_day / now if now else 1.0)
    whose = "" if effect.is_own else " with a typical collection"
    daily = f": {_daily(wanted.reviews_a_day)} instead of {_daily(now)}" if effect.is_own else ""
    return (
        f"At {share} you would review {factor} as at {100 * present.retention:.0f}%{whose}{daily}."
    )


def _new_sentence(effect: RetentionEffect) -> str:
    if not effect.new_per_day:
        return "Without new cards you have fewer reviews from week to week."
    daily = _daily(effect.reviews_of_new)
    return f"{effect.new_per_day} new cards a day lead to about {daily} after half a year."


def _daily(reviews: float) -> str:
    if reviews < 1:
        return "less than one review a day"
    rounded = _rounded(reviews)
    return f"{rounded} review{'' if rounded == '1' else 's'} a day"


def _rounded(reviews: float) -> str:
    """Return an estimate: whole reviews, from 20 on in fives."""
    if reviews < 1:
        return "<1"
    return f"{round(reviews) if reviews < 20 else round(reviews / 5) * 5:,}"
