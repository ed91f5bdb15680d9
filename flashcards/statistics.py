"""What a learner did: reviews by day, rating and hour, and how much they really remember."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from uuid import UUID

from flashcards.day import day_of
from flashcards.records import Rating, State
from flashcards.store import totals


@dataclass(frozen=True)
class Statistics:
    """Totals of a span of time, reviews that were taken back left out."""

    reviews: int
    seconds: float
    # Reviews by the learner's own days, and by the hour of their clock, 0 to 23.
    by_day: dict[date, int]
    by_hour: dict[int, int]
    by_rating: dict[Rating, int]
    # The share of reviews of known cards, a day or more after the one before, that were not Again;
    # None if there was none.
    true_retention: float | None


def statistics(*, owner_id: UUID, since: datetime, until: datetime, zone: tzinfo) -> Statistics:
    """Return the totals of whole hours in [since, until). Two SQL queries, no scan of the log."""
    by_day: Counter[date] = Counter()
    by_hour: Counter[int] = Counter()
    by_rating: Counter[Rating] = Counter()
    milliseconds = tested = recalled = 0
    # Converting a time zone costs more than all the rest, and few hours differ.
    local: dict[datetime, tuple[date, int]] = {}
    for at, count, duration_ms in totals.read(owner_id, since, until):
        if at.hour not in local:
            local[at.hour] = day_of(at.hour, zone), at.hour.astimezone(zone).hour
        day, hour = local[at.hour]
        by_day[day] += count
        by_hour[hour] += count
        by_rating[Rating(at.rating)] += count
        milliseconds += duration_ms
        if at.spaced and at.state == State.REVIEW:
            tested += count
            recalled += count if at.rating > Rating.AGAIN else 0
    return Statistics(
        reviews=by_rating.total(),
        seconds=milliseconds / 1000,
        by_day={day: count for day, count in sorted(by_day.items()) if count},
        by_hour={hour: count for hour, count in sorted(by_hour.items()) if count},
        by_rating={rating: by_rating[rating] for rating in Rating},
        true_retention=recalled / tested if tested else None,
    )
