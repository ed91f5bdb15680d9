"""The review totals: answers by quarter of an hour, counted in the commit that stores the reviews.

So each is counted once. Answers of a cram are counted as well, and left out of summaries.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
from django.db import connection

from flashcards.domain.answer_codes import (
    IS_RECALLED,
    IS_REVIEW,
    IS_SPACED,
    IS_TEST,
    QUARTER_MICROS,
    RATING_OF,
    STATE_OF,
    code_of,
)
from flashcards.domain.records import LogKind, ReviewLog
from flashcards.domain.study_day import from_micros, micros
from flashcards.models import ReviewTotals, StoredOwner
from flashcards.store.cache import answers
from flashcards.store.pending import Pending
from flashcards.store.values import ReviewSummary

_UPSERT = """
INSERT INTO flashcards_reviewtotals (owner_id, quarter, code, reviews, duration_ms)
SELECT * FROM unnest(%s::uuid[], %s::int4[], %s::int2[], %s::int4[], %s::int8[])
ON CONFLICT (owner_id, quarter, code) DO UPDATE SET
    reviews = flashcards_reviewtotals.reviews + excluded.reviews,
    duration_ms = flashcards_reviewtotals.duration_ms + excluded.duration_ms
"""
_QUARTERS_AN_HOUR = 4


@dataclass(frozen=True, slots=True)
class Bucket:
    """What answers are counted by."""

    owner_id: UUID
    quarter: int
    code: int

    @property
    def begins(self) -> datetime:
        return from_micros(self.quarter * QUARTER_MICROS)


def bucket(log: ReviewLog) -> Bucket:
    """Return where an answer is counted."""
    return Bucket(log.owner_id, micros(log.reviewed_at) // QUARTER_MICROS, code_of(log))


def differences(
    logs: Iterable[ReviewLog], undone: Mapping[UUID, ReviewLog]
) -> tuple[Counter[Bucket], Counter[Bucket]]:
    """Return how many answers and milliseconds the logs add to each bucket.

    An undo takes away the answer it names, found among the logs or in `undone`.
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
        if answers.is_answer(counted):
            at = bucket(counted)
            counts[at] += sign
            durations[at] += sign * counted.duration_ms
    return counts, durations


def add(logs: Sequence[ReviewLog], undone: Mapping[UUID, ReviewLog]) -> None:
    """Count logs that come to the tables, in the same transaction."""
    counts, durations = differences(logs, undone)
    _write((at, counts[at], durations[at]) for at in counts)


def _write(rows: Iterable[tuple[Bucket, int, int]]) -> None:
    listed = list(rows)
    if not listed:
        return
    columns: list[list[Any]] = [
        [at.owner_id for at, _, _ in listed],
        [at.quarter for at, _, _ in listed],
        [at.code for at, _, _ in listed],
        [count for _, count, _ in listed],
        [duration for _, _, duration in listed],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, columns)


def add_rows(owner_id: UUID, rows: pa.Table) -> None:
    """Count the logs of an owner's batch, which has no undo, without making records of them."""
    _write(_counted(answers.of_rows(owner_id, answers.only_answers(rows))))


def _counted(found: answers.OwnerAnswers) -> list[tuple[Bucket, int, int]]:
    """Return how many answers there are of each bucket, and their milliseconds."""
    keys = found.quarters.astype(np.int64) << 8 | found.codes
    kinds, numbers, counts = np.unique(keys, return_inverse=True, return_counts=True)
    times = np.bincount(numbers, weights=found.durations_ms, minlength=len(kinds))
    triples = zip(kinds.tolist(), counts.tolist(), times.astype(np.int64).tolist(), strict=True)
    return [
        (Bucket(found.owner_id, key >> 8, key & 255), count, spent) for key, count, spent in triples
    ]


def recount(read_pending: Callable[[UUID], Pending]) -> None:
    """Count the whole log of every owner anew, at the recorded version.

    For totals of an earlier version, which were by the hour. What they have beyond the log was
    answered for cards that were erased since; it stays. In a checkpoint's transaction.
    """
    owners = set(ReviewTotals.objects.values_list("owner_id", flat=True).distinct())
    for owner_id in owners | set(StoredOwner.objects.values_list("owner_id", flat=True)):
        old = ReviewTotals.objects.filter(owner_id=owner_id, reviews__gt=0)
        rows = list(old.values_list("quarter", "code", "reviews", "duration_ms"))
        found = _counted(answers.stored(owner_id, read_pending(owner_id)))
        ReviewTotals.objects.filter(owner_id=owner_id).delete()
        _write([*found, *_beyond(owner_id, rows, found)])


def mend(owner_id: UUID, pending: Pending) -> None:
    """Raise an owner's totals to what the log has, where they are below it.

    In a transaction in which neither of them changes.
    """
    rows = ReviewTotals.objects.filter(owner_id=owner_id)
    known = {
        Bucket(owner_id, quarter, code): (reviews, spent)
        for quarter, code, reviews, spent in rows.values_list(
            "quarter", "code", "reviews", "duration_ms"
        )
    }
    missing = []
    for at, count, spent in _counted(answers.stored(owner_id, pending)):
        counted, counted_ms = known.get(at, (0, 0))
        if count > counted:
            missing.append((at, count - counted, max(0, spent - counted_ms)))
    _write(missing)


def _beyond(
    owner_id: UUID,
    old: Sequence[tuple[int, int, int, int]],
    found: Iterable[tuple[Bucket, int, int]],
) -> list[tuple[Bucket, int, int]]:
    """Return what totals by the hour have beyond what was found in the log."""
    left: dict[tuple[Any, ...], list[int]] = {}
    for at, count, spent in found:
        if IS_REVIEW[at.code]:
            of_hour = left.setdefault(_hourly(at.quarter, at.code), [0, 0])
            of_hour[0] += count
            of_hour[1] += spent
    rows = []
    for quarter, code, count, spent in old:
        known = left.get(_hourly(quarter, code), [0, 0])
        if count > known[0]:
            at = Bucket(owner_id, quarter, code)
            rows.append((at, count - known[0], max(0, spent - known[1])))
    return rows


def _hourly(quarter: int, code: int) -> tuple[Any, ...]:
    """Return what totals of earlier versions were counted by."""
    return quarter // _QUARTERS_AN_HOUR, RATING_OF[code], STATE_OF[code], IS_SPACED[code]


def erase(owner_ids: Iterable[UUID]) -> None:
    ReviewTotals.objects.filter(owner_id__in=list(owner_ids)).delete()


def undone_by(logs: Mapping[UUID, ReviewLog]) -> list[UUID]:
    """Return the ids of reviews that are taken back here but are not here themselves."""
    return [log.undoes for log in logs.values() if log.undoes and log.undoes not in logs]


# Bits of a code: the kind in the lowest two, of which 3 is a cram; the rating in the next two; the
# state; whether it is spaced.
_SUMMARISE = """
WITH counted AS MATERIALIZED (
    SELECT to_timestamp(quarter * 900.0) AT TIME ZONE %(zone)s AS local,
           ((code >> 2) & 3) + 1 AS rating, reviews, duration_ms, (code & 112) = 96 AS tested
    FROM flashcards_reviewtotals
    WHERE owner_id = %(owner)s AND quarter >= %(since)s AND quarter < %(until)s
          AND (code & 3) <> 3
)
SELECT (local - make_interval(secs => %(begins)s))::date AS day,
       extract(hour FROM local)::int AS hour, rating,
       sum(reviews), sum(duration_ms), sum(reviews) FILTER (WHERE tested),
       sum(reviews) FILTER (WHERE tested AND rating > 1)
FROM counted
GROUP BY GROUPING SETS ((1), (2), (rating))
"""


def read(
    owner_id: UUID,
    pending: Pending,
    since: datetime,
    until: datetime,
    *,
    zone: tzinfo,
    day_begins: timedelta,
) -> ReviewSummary:
    """Return the totals of whole quarters of an hour in [since, until), by the zone's clock.

    One SQL query, whatever the length of the log. A day begins `day_begins` after midnight.
    """
    summary = ReviewSummary()
    if owner_id not in pending.erased:
        _read_moved(summary, owner_id, since, until, zone, day_begins)
    ids = undone_by(pending.logs)
    undone = {log.id: log for log in answers.find(owner_id, pending, ids)} if ids else {}
    counts, durations = differences(pending.logs.values(), undone)
    for at, count in counts.items():
        if IS_REVIEW[at.code] and since <= at.begins < until:
            local = at.begins.astimezone(zone)
            day = (local.replace(tzinfo=None) - day_begins).date()
            _add(summary, day, local.hour, at, count, durations[at])
    return summary


def _add(
    summary: ReviewSummary, day: date, hour: int, at: Bucket, count: int, duration_ms: int
) -> None:
    summary.milliseconds += duration_ms
    summary.by_day[day] += count
    summary.by_hour[hour] += count
    summary.by_rating[int(RATING_OF[at.code])] += count
    if IS_TEST[at.code]:
        summary.tested += count
        summary.recalled += count if IS_RECALLED[at.code] else 0


_DAYS = """
SELECT DISTINCT (to_timestamp(quarter * 900.0) AT TIME ZONE %(zone)s
    - make_interval(secs => %(begins)s))::date
FROM flashcards_reviewtotals
WHERE owner_id = %(owner)s AND quarter >= %(since)s AND reviews > 0 AND (code & 3) <> 3
"""


def days(
    owner_id: UUID, pending: Pending, since: datetime, *, zone: tzinfo, day_begins: timedelta
) -> set[date]:
    """Return the days since a time on which anything was reviewed. One SQL query."""
    counts, _ = differences(pending.logs.values(), {})
    found = {
        (at.begins.astimezone(zone).replace(tzinfo=None) - day_begins).date()
        for at, count in counts.items()
        if count > 0 and IS_REVIEW[at.code] and at.begins >= since
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
        "since": _first_quarter(since),
        "zone": str(zone),
        "begins": day_begins.total_seconds(),
    }


def _first_quarter(moment: datetime) -> int:
    """Return the first quarter of an hour that does not begin before a moment."""
    return -(-micros(moment) // QUARTER_MICROS)


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
        cursor.execute(_SUMMARISE, {**values, "until": _first_quarter(until)})
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
