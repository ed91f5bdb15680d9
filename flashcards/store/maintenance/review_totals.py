"""The review totals: reviews by hour, which the checkpoint counts in its own commit, so once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from flashcards.domain.records import LogKind, Rating, ReviewLog, State
from flashcards.models import ReviewTotals
from flashcards.store.journal.pending import read_pending
from flashcards.store.repository.manager import review_logs
from flashcards.store.values import ReviewSummary

_UPSERT = """
INSERT INTO flashcards_reviewtotals
    (owner_id, hour, rating, state, spaced, reviews, duration_ms)
SELECT * FROM unnest(
    %s::uuid[], %s::timestamptz[], %s::int2[], %s::int2[], %s::bool[], %s::int4[], %s::int8[])
ON CONFLICT (owner_id, hour, rating, state, spaced) DO UPDATE SET
    reviews = flashcards_reviewtotals.reviews + excluded.reviews,
    duration_ms = flashcards_reviewtotals.duration_ms + excluded.duration_ms
"""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What reviews are counted by."""

    owner_id: UUID
    hour: datetime
    rating: int
    state: int
    spaced: bool


def bucket(log: ReviewLog) -> Bucket:
    """Return where a review that has a rating is counted."""
    return Bucket(
        log.owner_id,
        log.reviewed_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0),
        int(log.rating or 0),
        int(log.state_before),
        log.elapsed_days is not None and log.elapsed_days >= 1.0,
    )


def differences(
    logs: Iterable[ReviewLog], undone: Mapping[UUID, ReviewLog]
) -> tuple[Counter[Bucket], Counter[Bucket]]:
    """Return how many reviews and milliseconds the logs add to each bucket.

    An undo takes away the review it names, found among the logs or in `undone`.
    """
    counts: Counter[Bucket] = Counter()
    durations: Counter[Bucket] = Counter()
    given = {log.id: log for log in logs}
    for log in given.values():
        sign, counted = 1, log
        if log.kind is LogKind.UNDO:
            taken_back = given.get(log.undoes or log.id) or undone.get(log.undoes or log.id)
            if taken_back is None:
                continue
            sign, counted = -1, taken_back
        if counted.rating is not None and counted.kind is not LogKind.CRAM:
            at = bucket(counted)
            counts[at] += sign
            durations[at] += sign * counted.duration_ms
    return counts, durations


def add(logs: Sequence[ReviewLog], undone: Mapping[UUID, ReviewLog]) -> None:
    """Count logs that a checkpoint moves, in its transaction."""
    counts, durations = differences(logs, undone)
    _write((at, counts[at], durations[at]) for at in counts)


def _write(rows: Iterable[tuple[Bucket, int, int]]) -> None:
    listed = list(rows)
    if not listed:
        return
    columns: list[list[Any]] = [
        [at.owner_id for at, _, _ in listed],
        [at.hour for at, _, _ in listed],
        [at.rating for at, _, _ in listed],
        [at.state for at, _, _ in listed],
        [at.spaced for at, _, _ in listed],
        [count for _, count, _ in listed],
        [duration for _, _, duration in listed],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, columns)


def add_rows(rows: pa.Table) -> None:
    """Count the logs of a batch, which has no undo, without making records of them."""
    is_cram = pc.equal(rows["kind"], LogKind.CRAM.value)
    rated = rows.filter(pc.and_(pc.is_valid(rows["rating"]), pc.invert(is_cram)))
    grouped = pa.table(
        {
            "owner_id": rated["owner_id"],
            "hour": pc.floor_temporal(rated["reviewed_at"], unit="hour"),
            "rating": rated["rating"],
            "state": rated["state_before"],
            "spaced": pc.fill_null(pc.greater_equal(rated["elapsed_days"], 1.0), False),
            "duration_ms": pc.cast(rated["duration_ms"], pa.int64()),
        }
    ).group_by(["owner_id", "hour", "rating", "state", "spaced"])
    sums = grouped.aggregate([("duration_ms", "count"), ("duration_ms", "sum")]).to_pylist()
    _write(
        (
            Bucket(UUID(r["owner_id"]), r["hour"], r["rating"], r["state"], r["spaced"]),
            r["duration_ms_count"],
            r["duration_ms_sum"],
        )
        for r in sums
    )


def erase(owner_ids: Iterable[UUID]) -> None:
    ReviewTotals.objects.filter(owner_id__in=list(owner_ids)).delete()


def undone_by(logs: Mapping[UUID, ReviewLog]) -> list[UUID]:
    """Return the ids of reviews that are taken back here but are not here themselves."""
    return [log.undoes for log in logs.values() if log.undoes and log.undoes not in logs]


_SUMMARISE = """
WITH counted AS MATERIALIZED (
    SELECT hour AT TIME ZONE %(zone)s AS local, rating, reviews, duration_ms,
           spaced AND state = 2 AS tested
    FROM flashcards_reviewtotals
    WHERE owner_id = %(owner)s AND hour >= %(since)s AND hour < %(until)s
)
SELECT (local - make_interval(secs => %(begins)s))::date AS day,
       extract(hour FROM local)::int AS hour, rating,
       sum(reviews), sum(duration_ms), sum(reviews) FILTER (WHERE tested),
       sum(reviews) FILTER (WHERE tested AND rating > 1)
FROM counted
GROUP BY GROUPING SETS ((1), (2), (rating))
"""


def read(
    owner_id: UUID, since: datetime, until: datetime, *, zone: tzinfo, day_begins: timedelta
) -> ReviewSummary:
    """Return the totals of whole hours in [since, until), by the clock of `zone`.

    Two SQL queries, whatever the length of the log. A day begins `day_begins` after midnight.
    """
    pending = read_pending(owner_id)
    summary = ReviewSummary()
    if owner_id not in pending.erased:
        _read_moved(summary, owner_id, since, until, zone, day_begins)
    ids = undone_by(pending.logs)
    undone = review_logs.for_owner(owner_id).in_bulk(ids) if ids else {}
    counts, durations = differences(pending.logs.values(), undone)
    for at, count in counts.items():
        if since <= at.hour < until:
            local = at.hour.astimezone(zone)
            day = (local.replace(tzinfo=None) - day_begins).date()
            _add(summary, day, local.hour, at, count, durations[at])
    return summary


def _add(
    summary: ReviewSummary, day: date, hour: int, at: Bucket, count: int, duration_ms: int
) -> None:
    summary.milliseconds += duration_ms
    summary.by_day[day] += count
    summary.by_hour[hour] += count
    summary.by_rating[at.rating] += count
    if at.spaced and at.state == State.REVIEW:
        summary.tested += count
        summary.recalled += count if at.rating > Rating.AGAIN else 0


_DAYS = """
SELECT DISTINCT (hour AT TIME ZONE %(zone)s - make_interval(secs => %(begins)s))::date
FROM flashcards_reviewtotals
WHERE owner_id = %(owner)s AND hour >= %(since)s AND reviews > 0
"""


def days(owner_id: UUID, since: datetime, *, zone: tzinfo, day_begins: timedelta) -> set[date]:
    """Return the days since a time on which anything was reviewed. Two SQL queries."""
    pending = read_pending(owner_id)
    counts, _ = differences(pending.logs.values(), {})
    found = {
        (at.hour.astimezone(zone).replace(tzinfo=None) - day_begins).date()
        for at, count in counts.items()
        if count > 0 and at.hour >= since
    }
    if owner_id not in pending.erased:
        values = _values(owner_id, since, zone, day_begins)
        with connection.cursor() as cursor:
            cursor.execute(_DAYS, values)
            found.update(day for (day,) in cursor.fetchall())
    return found


def _values(owner_id: UUID, since: datetime, zone: tzinfo, day_begins: timedelta) -> dict[str, Any]:
    return {
        "owner": owner_id,
        "since": since,
        "zone": str(zone),
        "begins": day_begins.total_seconds(),
    }


def _read_moved(
    summary: ReviewSummary,
    owner_id: UUID,
    since: datetime,
    until: datetime,
    zone: tzinfo,
    day_begins: timedelta,
) -> None:
    with connection.cursor() as cursor:
        values = _values(owner_id, since, zone, day_begins)
        cursor.execute(_SUMMARISE, {**values, "until": until})
        for day, hour, rating, reviews, duration, tested, recalled in cursor.fetchall():
            if day is not None:
                summary.by_day[day] += reviews
            elif hour is not None:
                summary.by_hour[hour] += reviews
            else:
                summary.by_rating[rating] += reviews
                summary.milliseconds += int(duration)
                summary.tested += tested or 0
                summary.recalled += recalled or 0
