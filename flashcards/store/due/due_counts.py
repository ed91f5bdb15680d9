"""How many cards fall due on each of a learner's days, for choosing a quiet one.

All due days are read seldom; the reviews since then, which moved cards, are added.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings

from flashcards.domain.clock import DAY_MICROS, micros
from flashcards.domain.records import State
from flashcards.store.due import recent_reviews
from flashcards.store.journal.pending import Pending
from flashcards.store.lance import codec, tables
from flashcards.store.lance.filters import all_of, condition
from flashcards.store.lance.schema import EVERYTHING, FLASHCARDS

CACHED_OWNERS = 1_000
# Edits, deletions and suspensions are noticed after so long at the latest.
KEPT_FOR = timedelta(hours=6)
_MOST_DAYS = 36_500


@dataclass(frozen=True)
class _Histogram:
    uri: str
    # Reviews from then on are not in the counts; it may be long before it was read, where one came
    # late or the journal has not been moved for hours.
    taken_at: datetime
    read_at: datetime
    # When one of the learner's days began; days are counted in 24 hours from here. A change of
    # the clocks moves a few cards over a border, which only a balance of loads can notice: nobody.
    begins: datetime
    counts: np.ndarray[Any, np.dtype[np.int64]]


_lock = threading.Lock()
_histograms: "OrderedDict[UUID, _Histogram]" = OrderedDict()


def counts(
    owner_id: UUID, pending: Pending, now: datetime, day_begins: datetime
) -> Callable[[int, int], Sequence[int]]:
    """Return a function of (first, last), days from the day that began then: cards due on each."""
    known = _histogram(owner_id, pending, now, day_begins)
    with recent_reviews.ledger(owner_id, pending, now) as found:
        moved = found.moved(known.begins, known.taken_at)

    def between(first: int, last: int) -> Sequence[int]:
        stored = known.counts[first : last + 1].tolist()
        stored += [0] * (last - first + 1 - len(stored))
        return [count + moved[first + n] for n, count in enumerate(stored)]

    return between


def clear_cache() -> None:
    """Drop everything kept, as between tests."""
    with _lock:
        _histograms.clear()


def _histogram(owner_id: UUID, pending: Pending, now: datetime, day_begins: datetime) -> _Histogram:
    with _lock:
        kept = _histograms.get(owner_id)
    if (
        kept is not None
        and kept.uri == settings.LANCEDB_URI
        and kept.begins == day_begins
        and timedelta(0) <= now - kept.read_at < KEPT_FOR
    ):
        return kept
    # What is in the journal now comes on top as reviews; so the time is that of its first.
    oldest = min((log.reviewed_at for log in pending.logs.values()), default=now)
    counted = _scan(owner_id, pending, day_begins)
    taken = _Histogram(settings.LANCEDB_URI, min(oldest, now), now, day_begins, counted)
    with _lock:
        _histograms[owner_id] = taken
        _histograms.move_to_end(owner_id)
        while len(_histograms) > CACHED_OWNERS:
            _histograms.popitem(last=False)
    return taken


def _scan(
    owner_id: UUID, pending: Pending, day_begins: datetime
) -> np.ndarray[Any, np.dtype[np.int64]]:
    nothing = np.zeros(0, dtype=np.int64)
    if owner_id in pending.erased:
        return nothing
    table = tables.existing(FLASHCARDS, pending.flashcards_version)
    if table is None:
        return nothing
    where = all_of(
        [
            condition(FLASHCARDS, "owner_id", owner_id),
            condition(FLASHCARDS, "due__gte", day_begins),
            condition(FLASHCARDS, "state", State.REVIEW),
            condition(FLASHCARDS, "suspended", False),
            condition(FLASHCARDS, "deleted_at__isnull", True),
        ]
    )
    rows = tables.fetch(table.search().where(where.to_sql()).select(["due"]).limit(EVERYTHING))
    begins = micros(day_begins)
    days = (codec.column_micros(rows["due"]) - begins) // DAY_MICROS
    return np.bincount(days[days <= _MOST_DAYS]).astype(np.int64) if len(days) else nothing
