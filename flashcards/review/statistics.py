"""Statistics: reviews by day, rating and hour, and the true retention."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from uuid import UUID

from flashcards import store
from flashcards.domain.records import Rating
from flashcards.domain.study_day import DAY_BEGINS_AT

DAY_BEGINS = timedelta(hours=DAY_BEGINS_AT.hour, minutes=DAY_BEGINS_AT.minute)


@dataclass(frozen=True)
class Statistics:
    """Totals of a span of time, without reviews that were undone."""

    reviews: int
    seconds: float
    # Reviews by the learner's own days, and by the hour of their clock, 0 to 23.
    by_day: dict[date, int]
    by_hour: dict[int, int]
    by_rating: dict[Rating, int]
    # Of the reviews of known cards, a day or more after the one before, the share that was not
    # Again; None if there was no such review.
    true_retention: float | None


def statistics(*, owner_id: UUID, since: datetime, until: datetime, zone: tzinfo) -> Statistics:
    """Return the totals of whole hours in [since, until). Two SQL queries, no scan of the log."""
    found = store.review_totals(owner_id, since, until, zone=zone, day_begins=DAY_BEGINS)
    return Statistics(
        reviews=found.by_rating.total(),
        seconds=found.milliseconds / 1000,
        by_day={day: count for day, count in sorted(found.by_day.items()) if count},
        by_hour={hour: count for hour, count in sorted(found.by_hour.items()) if count},
        by_rating={rating: found.by_rating[rating] for rating in Rating},
        true_retention=found.recalled / found.tested if found.tested else None,
    )
