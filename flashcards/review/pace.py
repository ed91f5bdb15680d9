"""How fast and how much a learner usually reviews, from the totals of the last three months."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flashcards import store
from flashcards.study_settings.settings import EffectiveSettings

LOOK_BACK_DAYS = 90
# With less behind them a learner has no pace yet; then typical figures stand for theirs.
ENOUGH_REVIEWS = 50
ENOUGH_DAYS = 5
TYPICAL_SECONDS = 8.0
# Outside of that somebody has left the desk, or tapped through.
SECONDS_RANGE = (2.0, 45.0)
# A card that is met for the first time is asked more than once.
ANSWERS_A_NEW_CARD = 2


@dataclass(frozen=True)
class Pace:
    """What is usual for a learner on a day on which they study."""

    seconds_an_answer: float
    reviews_a_day: float
    minutes_a_day: float
    # Whether it is theirs, or typical.
    is_own: bool


def pace_of(*, owner_id: UUID, settings: EffectiveSettings, now: datetime) -> Pace:
    """Return a learner's pace, never more reviews than their limit. Two SQL queries."""
    day = settings.day
    found = store.review_totals(
        owner_id,
        day.start(now, days=-LOOK_BACK_DAYS),
        now + timedelta(hours=1),
        zone=day.zone,
        day_begins=timedelta(hours=settings.rollover_hour),
    )
    answers = found.by_rating.total()
    days = sum(1 for count in found.by_day.values() if count > 0)
    limit = float(settings.reviews_per_day)
    if answers < ENOUGH_REVIEWS or days < ENOUGH_DAYS:
        return Pace(TYPICAL_SECONDS, limit, limit * TYPICAL_SECONDS / 60, is_own=False)
    low, high = SECONDS_RANGE
    seconds = min(max(found.milliseconds / answers / 1000, low), high)
    reviews = min(limit, answers / days)
    return Pace(seconds, reviews, answers / days * seconds / 60, is_own=True)


def cards_within(minutes: int, seconds_an_answer: float) -> int:
    """Return how many cards somebody answers in a time; at least one."""
    return max(1, round(60 * minutes / seconds_an_answer))


def time_for(seconds_an_answer: float, *, new: int, learning: int, due: int) -> timedelta:
    """Return how long so many cards take."""
    answers = new * ANSWERS_A_NEW_CARD + learning + due
    return timedelta(seconds=answers * seconds_an_answer)
