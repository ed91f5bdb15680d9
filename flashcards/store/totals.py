"""Totals of reviews by hour: written by the checkpoint in its own commit, so counted once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from flashcards.models import ReviewTotals
from flashcards.records import LogKind, ReviewLog
from flashcards.store import journal

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
        if counted.rating is not None:
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
    rated = rows.filter(pc.is_valid(rows["rating"]))
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


def read(owner_id: UUID, since: datetime, until: datetime) -> Iterator[tuple[Bucket, int, int]]:
    """Yield (bucket, reviews, milliseconds) of one owner for whole hours in [since, until).

    Two SQL queries, whatever the length of the log; a bucket may come more than once.
    """
    pending = journal.read(owner_id)
    if owner_id not in pending.erased:
        rows = ReviewTotals.objects.filter(owner_id=owner_id, hour__gte=since, hour__lt=until)
        for hour, rating, state, spaced, reviews, duration in rows.values_list(
            "hour", "rating", "state", "spaced", "reviews", "duration_ms"
        ):
            yield Bucket(owner_id, hour, rating, state, spaced), reviews, duration
    ids = undone_by(pending.logs)
    undone = ReviewLog.objects.for_owner(owner_id).in_bulk(ids) if ids else {}
    counts, durations = differences(pending.logs.values(), undone)
    for at, count in counts.items():
        if since <= at.hour < until:
            yield at, count, durations[at]
