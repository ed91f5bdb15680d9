"""What is due, in order: the hot path of a review session.

LanceDB is asked once for each owner and checkpoint; between checkpoints it cannot change, so the
rows that can fall due within a day are kept here and the journal's pending images laid over them
for each request.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from flashcards.records import Flashcard, State
from flashcards.store import codec, journal, tables
from flashcards.store.filters import Expression, Or, all_of, condition
from flashcards.store.journal import Pending
from flashcards.store.query import EVERYTHING
from flashcards.store.schema import FLASHCARDS

# Owners whose queue one process keeps.
CACHED_OWNERS = 128
# How far ahead of now a snapshot looks; past half of it, it is taken anew.
HORIZON = timedelta(days=1)
# Rows read whole at a time: a few minutes of reviewing.
PREFETCH = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """One card as the queue sees it."""

    id: UUID
    state: State
    due: datetime
    created_at: datetime
    buried_until: datetime | None

    @property
    def rank(self) -> tuple[int, datetime, str]:
        """Return the place in the queue: learning first, then reviews, then new cards as made."""
        if self.state in (State.LEARNING, State.RELEARNING):
            return 0, self.due, str(self.id)
        if self.state is State.REVIEW:
            return 1, self.due, str(self.id)
        return 2, self.created_at, str(self.id)

    def is_due(self, now: datetime) -> bool:
        return self.due <= now and (self.buried_until is None or self.buried_until <= now)


@dataclass
class _Snapshot:
    """The rows of one owner in LanceDB that are due before `until`, in the queue's order."""

    key: tuple[str, int]
    until: datetime
    entries: list[Entry]
    # Rows read whole so far, by id.
    cards: dict[UUID, Flashcard] = field(default_factory=dict)


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
    """Return what is due at `now`. One SQL query; LanceDB is read once a checkpoint."""
    pending = journal.read(owner_id)
    snapshot = _snapshot(owner_id, pending, now)
    entries = [
        entry for entry in snapshot.entries if entry.id not in pending.cards and entry.is_due(now)
    ]
    fresh = [e for e in map(_entry, _studied(pending.cards.values())) if e.is_due(now)]
    if fresh:
        entries = sorted([*entries, *fresh], key=lambda entry: entry.rank)
    counts = dict.fromkeys(State, 0)
    for entry in entries:
        counts[entry.state] += 1
    return DueQueue(
        cards=_whole(owner_id, entries[:limit], entries, pending, snapshot),
        new=counts[State.NEW],
        learning=counts[State.LEARNING] + counts[State.RELEARNING],
        due=counts[State.REVIEW],
    )


def next_due_at(owner_id: UUID, now: datetime) -> datetime | None:
    """Return when the next card that is not due yet will be, or None if there is none."""
    pending = journal.read(owner_id)
    times = [_ready_at(entry) for entry in map(_entry, _studied(pending.cards.values()))]
    table = _table(owner_id, pending)
    if table is not None:
        where = _where(owner_id).to_sql()
        columns = ["id", "due", "buried_until"]
        rows = table.search().where(where).select(columns).limit(EVERYTHING).to_arrow()
        for card_id, due, buried in zip(*(rows[name].to_pylist() for name in columns), strict=True):
            if UUID(card_id) not in pending.cards:
                times.append(max(due, buried) if buried else due)
    return min((time for time in times if time > now), default=None)


def card(owner_id: UUID, card_id: UUID) -> Flashcard:
    """Return a card that is not deleted, from memory where it is there. Raises DoesNotExist."""
    pending = journal.read(owner_id)
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
    return Entry(card.id, card.state, card.due, card.created_at, card.buried_until)


def _ready_at(entry: Entry) -> datetime:
    return max(entry.due, entry.buried_until) if entry.buried_until else entry.due


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
    taken = _Snapshot(key, until, _scan(owner_id, pending, until))
    with _lock:
        _snapshots[owner_id] = taken
        _snapshots.move_to_end(owner_id)
        while len(_snapshots) > CACHED_OWNERS:
            _snapshots.popitem(last=False)
    return taken


def _scan(owner_id: UUID, pending: Pending, until: datetime) -> list[Entry]:
    table = _table(owner_id, pending)
    if table is None:
        return []
    soon = Or(
        (
            condition(FLASHCARDS, "buried_until__isnull", True),
            condition(FLASHCARDS, "buried_until__lte", until),
        )
    )
    where = all_of([_where(owner_id), condition(FLASHCARDS, "due__lte", until), soon])
    columns = ["id", "state", "due", "created_at", "buried_until"]
    rows = table.search().where(where.to_sql()).select(columns).limit(EVERYTHING).to_arrow()
    entries = [
        Entry(UUID(card_id), State(state), due, created_at, buried_until)
        for card_id, state, due, created_at, buried_until in zip(
            *(rows[name].to_pylist() for name in columns), strict=True
        )
    ]
    return sorted(entries, key=lambda entry: entry.rank)


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
        where = condition(FLASHCARDS, "id__in", missing(ahead[:PREFETCH])).to_sql()
        scan = table.search().where(where).select(FLASHCARDS.columns)  # type: ignore[union-attr]
        for row in codec.from_table(FLASHCARDS, scan.limit(EVERYTHING).to_arrow()):
            snapshot.cards[row.id] = row
    return [pending.cards.get(entry.id) or snapshot.cards[entry.id] for entry in wanted]
