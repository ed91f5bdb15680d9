"""The due counts: how many cards fall due on each of a learner's days, for choosing a quiet one.

All due days are read seldom; the reviews since then, which moved cards, are added.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from django.conf import settings as django_settings

from flashcards.domain.clock import DAY_MICROS, micros
from flashcards.domain.records import State
from flashcards.store.due import recent_reviews
from flashcards.store.due.due_rows import STUDIED
from flashcards.store.journal.pending import Pending
from flashcards.store.lance import codec
from flashcards.store.lance.filters import condition
from flashcards.store.lance.schema import FLASHCARDS
from flashcards.store.repository import stored_rows
from flashcards.store.values import Numbers

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
    counts: Numbers


_lock = threading.Lock()
_histograms: OrderedDict[UUID, _Histogram] = OrderedDict()


def counts(
    owner_id: UUID, pending: Pending, now: datetime, day_begins: datetime
) -> Callable[[int, int], list[int]]:
    """Return a function of (first, last), days from the day that began then: cards due on each."""
    known = _histogram(owner_id, pending, now, day_begins)
    with recent_reviews.recent(owner_id, pending, now) as found:
        moved = found.moved(known.begins, known.taken_at)

    def between(first: int, last: int) -> list[int]:
        stored = known.counts[first : last + 1].tolist()
        stored += [0] * (last - first + 1 - len(stored))
        return [count + moved[first + n] for n, count in enumerate(stored)]

    return between


def clear_cache() -> None:
    """Drop everything kept, as between tests."""
    with _lock:
        _histograms.clear()


def _histogram(owner_id: UUID, pending: Pending, now: datetime, day_begins: datetime) -> _Histogram:
    uri = django_settings.LANCEDB_URI
    with _lock:
        kept = _histograms.get(owner_id)
    if (
        kept is not None
        and kept.uri == uri
        and kept.begins == day_begins
        and timedelta(0) <= now - kept.read_at < KEPT_FOR
    ):
        return kept
    # What is in the journal now comes on top as reviews; so the time is that of its first.
    oldest = min((log.reviewed_at for log in pending.logs.values()), default=now)
    counted = _read(owner_id, pending, day_begins)
    found = _Histogram(uri, min(oldest, now), now, day_begins, counted)
    with _lock:
        _histograms[owner_id] = found
        _histograms.move_to_end(owner_id)
        while len(_histograms) > CACHED_OWNERS:
            _histograms.popitem(last=False)
    return found


def _read(owner_id: UUID, pending: Pending, day_begins: datetime) -> Numbers:
    later = condition(FLASHCARDS, "due__gte", day_begins)
    learnt = condition(FLASHCARDS, "state", State.REVIEW)
    rows = stored_rows.read(FLASHCARDS, owner_id, pending, ["due"], later, learnt, *STUDIED)
    days = (codec.column_micros(rows["due"]) - micros(day_begins)) // DAY_MICROS
    return np.bincount(days[days <= _MOST_DAYS]).astype(np.int64)
