"""The learner's pace: seconds an answer and reviews a day, over the last three months."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flashcards import store
from flashcards.study_settings.settings import EffectiveSettings

LOOK_BACK_DAYS = 90
# With fewer reviews or days, typical figures are used.
ENOUGH_REVIEWS = 50
ENOUGH_DAYS = 5
TYPICAL_SECONDS = 8.0
# Times outside of this range are cut: somebody left the desk, or tapped through.
SECONDS_RANGE = (2.0, 45.0)


@dataclass(frozen=True)
class Pace:
    """The usual figures of a learner for a day on which they study."""

    seconds_an_answer: float
    reviews_a_day: float
    minutes_a_day: float
    # Whether these are the learner's own figures, not typical ones.
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
