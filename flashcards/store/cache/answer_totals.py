"""The answer totals: one owner's review totals in memory, with new entries applied.

They say by the quarter of an hour what the answers of the log say one by one, in a tenth of the
rows, and are read in a tenth of the time.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from flashcards.domain.answer_codes import QUARTER_MICROS, code_of
from flashcards.domain.records import ReviewLog
from flashcards.domain.study_day import micros
from flashcards.store.cache import answers
from flashcards.store.cache.owner_cache import OwnerCache
from flashcards.store.pending import Entry, Pending
from flashcards.store.values import AnswerTotals

# What one process keeps of all owners together: years of a learner take about a megabyte.
KILOBYTES_MOST = 64 * 1024
OWNERS_MOST = 1_000

# With the totals, how far they go: a checkpoint may have come since the journal was looked at. They
# come as the bytes of _ROW: as rows of numbers they would take fifteen times as long.
_READ = """
SELECT coalesce(v.totals_are_fine, true), coalesce(o.entry_id, 0), (
    SELECT string_agg(
        int4send(quarter) || int2send(code) || int4send(reviews) || int8send(duration_ms), ''
    )
    FROM flashcards_reviewtotals WHERE owner_id = %(owner)s AND reviews <> 0
)
FROM (SELECT 1) AS one
LEFT JOIN flashcards_storeversions v ON true
LEFT JOIN flashcards_storedowner o ON o.owner_id = %(owner)s
"""
_ROW = np.dtype([("quarters", ">i4"), ("codes", ">i2"), ("counts", ">i4"), ("times", ">i8")])


class _NotCounted(Exception):
    """The totals of this installation are to be counted yet."""


class _MovedOn(Exception):
    """A checkpoint came between the two readings."""


@dataclass
class _Log:
    """The totals as they once were read, and every entry since."""

    owner_id: UUID
    base: AnswerTotals
    tail: answers.Tail
    totals: AnswerTotals | None
    # Whether it was asked for since it was read; and whether it is to be read anew.
    was_used: bool = False
    is_outdated: bool = False

    def apply(self, entry: Entry) -> None:
        if self.tail.apply(entry.log):
            self.totals = None
        if entry.erases:
            # What a checkpoint has moved of an erased card stays counted. What is pending goes with
            # the card: that is the tail, if no checkpoint came since this was read.
            self.tail.drop(entry.card.id)
            self.totals, self.is_outdated = None, self.was_used

    def size(self) -> int:
        return len(self.base.codes) * 17 // 1024 + len(self.tail) + 1

    def copy(self) -> "_Log":
        copied = self.tail.copy()
        return _Log(self.owner_id, self.base, copied, self.totals, self.was_used, self.is_outdated)

    def read(self, pending: Pending) -> AnswerTotals:
        self.was_used = True
        if self.tail.taken_back:
            self.base = _with(self.base, self._taken_back(pending), -1)
            self.tail.taken_back = {}
        if self.totals is None:
            self.totals = _with(self.base, list(self.tail.added.values()), 1)
        if len(self.tail) > answers.TAIL_MOST:
            self.base, self.tail = self.totals, answers.Tail()
        return self.totals

    def _taken_back(self, pending: Pending) -> list[ReviewLog]:
        return answers.find(self.owner_id, pending, self.tail.taken_back)


_logs: OwnerCache[_Log] = OwnerCache(OWNERS_MOST, KILOBYTES_MOST)


def read(owner_id: UUID, read_pending: Callable[[], Pending]) -> AnswerTotals | None:
    """Return an owner's totals, their own newest answers among them; None if they are not counted.

    `read_pending` says how things stand now. One SQL query besides it, the first time.
    """
    while True:
        pending = read_pending()
        read_now = functools.partial(_stored, owner_id, pending)
        try:
            with _logs.at(owner_id, pending, read_now, lambda log: not log.is_outdated) as log:
                found = _anew(owner_id, pending) if log.is_outdated else log
                return found.read(pending)
        except _NotCounted:
            return None
        except _MovedOn:
            continue


def clear_cache() -> None:
    """Drop everything kept, as between tests."""
    _logs.clear()


def _anew(owner_id: UUID, pending: Pending) -> _Log:
    """Return what is stored with all that is pending, for one reading."""
    log = _stored(owner_id, pending)
    for entry in pending.since(pending.stored.moved_id):
        log.apply(entry)
    return log


def _stored(owner_id: UUID, pending: Pending) -> _Log:
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"owner": owner_id})
        is_counted, moved_id, data = cursor.fetchone()
    if not is_counted:
        raise _NotCounted
    if owner_id in pending.erased:
        data = None
    elif moved_id != pending.stored.moved_id:
        raise _MovedOn
    rows = np.frombuffer(bytes(data or b""), dtype=_ROW)
    base = _totals(rows["quarters"], rows["codes"], rows["counts"], rows["times"])
    return _Log(owner_id, base, answers.Tail(), base)


def _totals(*columns: Any) -> AnswerTotals:
    kinds = (np.int32, np.uint8, np.int32, np.int64)
    arrays = (np.asarray(each).astype(kind) for each, kind in zip(columns, kinds, strict=True))
    return AnswerTotals(*arrays)


def _with(base: AnswerTotals, logs: Sequence[ReviewLog], by: int) -> AnswerTotals:
    """Return totals with rows for further answers, or for answers that are taken away with -1."""
    if not logs:
        return base
    more = _totals(
        [micros(log.reviewed_at) // QUARTER_MICROS for log in logs],
        [code_of(log) for log in logs],
        [by] * len(logs),
        [by * log.duration_ms for log in logs],
    )
    names = "quarters", "codes", "counts", "durations_ms"
    joined = (np.concatenate([getattr(base, name), getattr(more, name)]) for name in names)
    return AnswerTotals(*joined)
