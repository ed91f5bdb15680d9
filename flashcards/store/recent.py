"""What a learner reviewed in the last two days: for limits, siblings, neighbours and undo.

LanceDB is asked once for each owner and checkpoint, and the journal laid over it.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

from flashcards.records import LogKind, ReviewLog
from flashcards.store import codec, tables
from flashcards.store.filters import all_of, condition
from flashcards.store.journal import Pending
from flashcards.store.ledger import Details, Done, Ledger, Vector
from flashcards.store.plan import Plan
from flashcards.store.schema import EVERYTHING, FLASHCARDS, REVIEW_LOGS

CACHED_OWNERS = 128
# How far back is read, and how far back must be known at least.
READ = timedelta(days=2)
NEEDED = timedelta(hours=26)


@dataclass
class _Kept:
    key: tuple[str, int]
    since: datetime
    logs: list[ReviewLog]
    details: dict[UUID, Details]
    vectors: dict[UUID, Vector]
    ledger: Ledger
    lock: threading.Lock = field(default_factory=threading.Lock)


_lock = threading.Lock()
_kept: "OrderedDict[UUID, _Kept]" = OrderedDict()


def logs(owner_id: UUID, pending: Pending, now: datetime) -> list[ReviewLog]:
    """Return the log rows of at least the last 26 hours, in the order they were written."""
    kept = _read(owner_id, pending, now)
    found = [log for log in kept.logs if log.id not in pending.logs]
    found.extend(log for log in pending.logs.values() if log.reviewed_at >= kept.since)
    return found


def standing(rows: Iterable[ReviewLog]) -> list[ReviewLog]:
    """Return the reviews among rows that were not taken back, in their order."""
    listed = list(rows)
    undone = {log.undoes for log in listed if log.kind is LogKind.UNDO}
    return [log for log in listed if log.rating is not None and log.id not in undone]


def ledger(owner_id: UUID, pending: Pending, now: datetime) -> Ledger:
    """Return the sums over what was reviewed lately, the journal's reviews included."""
    kept = _read(owner_id, pending, now)
    with kept.lock:
        if not kept.ledger.is_at(pending):
            if connection.in_atomic_block or not kept.ledger.is_before(pending):
                # Within a transaction the new rows may be our own and be rolled back yet.
                apart = Ledger(kept.logs, kept.since)
                apart.bring_forward(pending)
                return apart
            kept.ledger.bring_forward(pending)
        return kept.ledger


def done(owner_id: UUID, pending: Pending, plan: Plan, now: datetime) -> Done:
    """Return what counts against the day's limits, and which siblings were seen."""
    found = ledger(owner_id, pending, now)
    return found.done(plan, pending, _read(owner_id, pending, now).details)


def vectors(owner_id: UUID, pending: Pending, now: datetime) -> dict[UUID, Vector]:
    """Return the embeddings of cards reviewed lately, as far as LanceDB has them."""
    return _read(owner_id, pending, now).vectors


def forget() -> None:
    """Drop everything kept, as between tests."""
    with _lock:
        _kept.clear()


def _read(owner_id: UUID, pending: Pending, now: datetime) -> _Kept:
    key = settings.LANCEDB_URI, pending.generation
    with _lock:
        kept = _kept.get(owner_id)
        if kept is not None and kept.key == key and kept.since <= now - NEEDED:
            _kept.move_to_end(owner_id)
            return kept
    since = now - READ
    rows = _logs_since(owner_id, pending, since)
    details, found = _details(owner_id, pending, {log.flashcard_id for log in rows})
    kept = _Kept(key, since, rows, details, found, Ledger(rows, since))
    with _lock:
        _kept[owner_id] = kept
        _kept.move_to_end(owner_id)
        while len(_kept) > CACHED_OWNERS:
            _kept.popitem(last=False)
    return kept


def _logs_since(owner_id: UUID, pending: Pending, since: datetime) -> list[ReviewLog]:
    if owner_id in pending.erased:
        return []
    table = tables.existing(REVIEW_LOGS, pending.review_logs_version)
    if table is None:
        return []
    where = all_of(
        [
            condition(REVIEW_LOGS, "owner_id", owner_id),
            condition(REVIEW_LOGS, "reviewed_at__gte", since),
        ]
    )
    scan = table.search().where(where.to_sql()).select(REVIEW_LOGS.columns).limit(EVERYTHING)
    rows: list[ReviewLog] = codec.from_table(REVIEW_LOGS, tables.fetch(scan))
    return sorted(rows, key=lambda log: (log.reviewed_at, log.sequence))


def _details(
    owner_id: UUID, pending: Pending, card_ids: set[UUID]
) -> tuple[dict[UUID, Details], dict[UUID, Vector]]:
    table = tables.existing(FLASHCARDS, pending.flashcards_version) if card_ids else None
    if table is None:
        return {}, {}
    where = all_of(
        [
            condition(FLASHCARDS, "owner_id", owner_id),
            condition(FLASHCARDS, "id__in", list(card_ids)),
        ]
    )
    columns = ["id", "note_id", "deck_ids", "embedding"]
    rows = tables.fetch(table.search().where(where.to_sql()).select(columns).limit(EVERYTHING))
    ids = [UUID(text) for text in rows["id"].to_pylist()]
    notes, decks = rows["note_id"].to_pylist(), rows["deck_ids"].to_pylist()
    details = {
        card_id: Details(UUID(note), tuple(UUID(deck) for deck in listed))
        for card_id, note, listed in zip(ids, notes, decks, strict=True)
    }
    return details, codec.vectors(ids, rows["embedding"])
