"""What is due, in order: the hot path of a review session.

LanceDB is asked once for each owner and checkpoint; between checkpoints it cannot change, so the
rows that can fall due within a day are kept here and the journal's pending images laid over them
for each request.
"""

import heapq
import itertools
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings

from flashcards.records import Flashcard, State
from flashcards.store import codec, journal, tables
from flashcards.store.filters import Expression, Or, all_of, condition
from flashcards.store.journal import Pending
from flashcards.store.schema import EVERYTHING, FLASHCARDS

# Owners whose queue one process keeps.
CACHED_OWNERS = 128
# How far ahead of now a snapshot looks; past half of it, it is taken anew.
HORIZON = timedelta(days=1)
# Rows read whole at a time: a few minutes of reviewing.
PREFETCH = 40

IntArray = np.ndarray[Any, np.dtype[np.int64]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# By state: learning and relearning come first, then reviews, then new cards.
_CLASSES = (2, 0, 1, 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """One card as the queue sees it."""

    id: UUID
    state: State
    # When it may be shown: due, and no longer buried.
    ready: datetime
    # When it was due, or made if it is new.
    ordered_by: datetime

    @property
    def rank(self) -> tuple[int, datetime, str]:
        """Return the place in the queue: learning first, then reviews, then new cards as made."""
        return _CLASSES[self.state], self.ordered_by, str(self.id)


@dataclass
class _Snapshot:
    """The rows of one owner in LanceDB that are ready before `until`, in the queue's order."""

    key: tuple[str, int]
    until: datetime
    ids: list[str]
    # By position in `ids`: int64 microseconds since 1970, and the FSRS state.
    ready: IntArray
    ordered_by: IntArray
    states: IntArray
    # Rows read whole so far, by id.
    cards: dict[UUID, Flashcard] = field(default_factory=dict)
    _positions: dict[str, int] | None = None

    def position(self, card_id: UUID) -> int | None:
        if self._positions is None:
            self._positions = {card_id: n for n, card_id in enumerate(self.ids)}
        return self._positions.get(str(card_id))

    def entry(self, position: int) -> Entry:
        state = State(int(self.states[position]))
        return Entry(
            UUID(self.ids[position]),
            state,
            ready=_time(int(self.ready[position])),
            ordered_by=_time(int(self.ordered_by[position])),
        )


@dataclass(frozen=True)
class DueQueue:
    """The first cards due, in order, and how many there are of each sort."""

    cards: list[Flashcard]
    new: int
    learning: int
    due: int

    @property
    def total(self) -> int:
        return self.new + self.learning + self.due


_lock = threading.Lock()
_snapshots: "OrderedDict[UUID, _Snapshot]" = OrderedDict()


def read(owner_id: UUID, now: datetime, limit: int) -> DueQueue:
    """Return what is due at `now`. One SQL query; LanceDB is read once a checkpoint.

    Costs a pass over the due rows in numpy, and the pending images in Python.
    """
    pending = journal.read(owner_id)
    snapshot = _snapshot(owner_id, pending, now)
    due = snapshot.ready <= _micros(now)
    for card_id in pending.cards:
        position = snapshot.position(card_id)
        if position is not None:
            due[position] = False
    counts = np.bincount(snapshot.states[due], minlength=len(State))
    ahead = [snapshot.entry(n) for n in np.flatnonzero(due)[: max(limit, PREFETCH)].tolist()]
    fresh = [e for e in map(_entry, _studied(pending.cards.values())) if e.ready <= now]
    for entry in fresh:
        counts[entry.state] += 1
    first = heapq.merge(ahead, sorted(fresh, key=_rank), key=_rank)
    return DueQueue(
        cards=_whole(owner_id, list(itertools.islice(first, limit)), ahead, pending, snapshot),
        new=int(counts[State.NEW]),
        learning=int(counts[State.LEARNING] + counts[State.RELEARNING]),
        due=int(counts[State.REVIEW]),
    )


def next_due_at(owner_id: UUID, now: datetime) -> datetime | None:
    """Return when the next card that is not due yet will be, or None if there is none."""
    pending = journal.read(owner_id)
    times = [_entry(card).ready for card in _studied(pending.cards.values())]
    table = _table(owner_id, pending)
    if table is not None:
        where = _where(owner_id).to_sql()
        columns = ["id", "due", "buried_until"]
        rows = tables.fetch(table.search().where(where).select(columns).limit(EVERYTHING))
        for card_id, due, buried in zip(*(rows[name].to_pylist() for name in columns), strict=True):
            if UUID(card_id) not in pending.cards:
                times.append(max(due, buried) if buried else due)
    return min((time for time in times if time > now), default=None)


def card(owner_id: UUID, card_id: UUID, pending: Pending | None = None) -> Flashcard:
    """Return a card that is not deleted, from memory where it is there. Raises DoesNotExist.

    `pending` is what the caller has read already; else one SQL query.
    """
    pending = pending or journal.read(owner_id)
    image = pending.cards.get(card_id)
    if image is None:
        snapshot = _snapshots.get(owner_id)
        if snapshot is not None and snapshot.key == _key(pending):
            image = snapshot.cards.get(card_id)
    if image is None:
        image = Flashcard.objects.for_owner(owner_id).get(id=card_id)
    if image.owner_id != owner_id or image.deleted_at is not None:
        raise Flashcard.DoesNotExist("Flashcard matching query does not exist.")
    return image


def forget() -> None:
    """Drop every snapshot, as between tests."""
    with _lock:
        _snapshots.clear()


def _studied(cards: Iterable[Flashcard]) -> Iterable[Flashcard]:
    return (card for card in cards if card.deleted_at is None and not card.suspended)


def _entry(card: Flashcard) -> Entry:
    ready = max(card.due, card.buried_until) if card.buried_until else card.due
    return Entry(
        card.id, card.state, ready, card.created_at if card.state is State.NEW else card.due
    )


def _rank(entry: Entry) -> tuple[int, datetime, str]:
    return entry.rank


def _micros(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1)


def _time(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _key(pending: Pending) -> tuple[str, int]:
    return settings.LANCEDB_URI, pending.generation


def _table(owner_id: UUID, pending: Pending) -> Any | None:
    if owner_id in pending.erased:
        return None
    return tables.existing(FLASHCARDS, pending.flashcards_version)


def _where(owner_id: UUID) -> Expression:
    return all_of(
        condition(FLASHCARDS, key, value)
        for key, value in (
            ("owner_id", owner_id),
            ("suspended", False),
            ("deleted_at__isnull", True),
        )
    )


def _snapshot(owner_id: UUID, pending: Pending, now: datetime) -> _Snapshot:
    key = _key(pending)
    with _lock:
        kept = _snapshots.get(owner_id)
        if kept is not None and kept.key == key and now + HORIZON / 2 <= kept.until:
            _snapshots.move_to_end(owner_id)
            return kept
    until = now + HORIZON
    taken = _Snapshot(key, until, *_scan(owner_id, pending, until))
    with _lock:
        _snapshots[owner_id] = taken
        _snapshots.move_to_end(owner_id)
        while len(_snapshots) > CACHED_OWNERS:
            _snapshots.popitem(last=False)
    return taken


def _scan(
    owner_id: UUID, pending: Pending, until: datetime
) -> tuple[list[str], IntArray, IntArray, IntArray]:
    """Return ids, ready times, the times they are ordered by, and states, in the queue's order."""
    table = _table(owner_id, pending)
    if table is None:
        nothing = np.empty(0, dtype=np.int64)
        return [], nothing, nothing, nothing
    soon = Or(
        (
            condition(FLASHCARDS, "buried_until__isnull", True),
            condition(FLASHCARDS, "buried_until__lte", until),
        )
    )
    where = all_of([_where(owner_id), condition(FLASHCARDS, "due__lte", until), soon])
    columns = ["id", "state", "due", "created_at", "buried_until"]
    rows = tables.fetch(table.search().where(where.to_sql()).select(columns).limit(EVERYTHING))
    due, made = codec.micros(rows["due"]), codec.micros(rows["created_at"])
    ready = np.maximum(due, codec.micros(rows["buried_until"]))
    states = rows["state"].to_numpy().astype(np.int64)
    ordered_by = np.where(states == State.NEW, made, due)
    order = np.lexsort((ordered_by, np.array(_CLASSES)[states]))
    ids = rows["id"].to_numpy(zero_copy_only=False)[order].tolist()
    return ids, ready[order], ordered_by[order], states[order]


def _whole(
    owner_id: UUID,
    wanted: list[Entry],
    ahead: list[Entry],
    pending: Pending,
    snapshot: _Snapshot,
) -> list[Flashcard]:
    """Return the wanted cards whole, reading those ahead of them in one go when one is missing."""

    def missing(entries: list[Entry]) -> list[UUID]:
        return [e.id for e in entries if e.id not in pending.cards and e.id not in snapshot.cards]

    if missing(wanted):
        table = _table(owner_id, pending)
        where = condition(
            FLASHCARDS, "id__in", missing(ahead[: max(PREFETCH, len(wanted))])
        ).to_sql()
        scan = table.search().where(where).select(FLASHCARDS.whole)  # type: ignore[union-attr]
        for row in codec.from_table(FLASHCARDS, tables.fetch(scan.limit(EVERYTHING))):
            snapshot.cards[row.id] = row
    return [pending.cards.get(entry.id) or snapshot.cards[entry.id] for entry in wanted]
