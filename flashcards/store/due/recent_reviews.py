"""What a learner reviewed in the last two days: for limits, siblings, neighbours and undo.

LanceDB is asked once for each owner; from then on the journal's entries are added as they come.
"""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import UUID

import pyarrow as pa

from flashcards.domain.records import ReviewLog
from flashcards.store.cache.owner_cache import OwnerCache
from flashcards.store.due.recent_totals import NEIGHBOURS_MOST, Details, RecentTotals, Vector
from flashcards.store.journal.pending import Pending
from flashcards.store.lance import codec, tables
from flashcards.store.lance.filters import all_of, condition
from flashcards.store.lance.schema import EVERYTHING, FLASHCARDS, REVIEW_LOGS

# How far back is read, and how far back must be known at least.
READ = timedelta(days=2)
NEEDED = timedelta(hours=26)

_ledgers: OwnerCache[RecentTotals] = OwnerCache()


def ledger(owner_id: UUID, pending: Pending, now: datetime) -> AbstractContextManager[RecentTotals]:
    """Hold the reviews of at least the last 26 hours and the sums over them, the pending ones in.

    One learner's requests wait for one another meanwhile.
    """
    return _ledgers.at(
        owner_id,
        pending,
        lambda: _read(owner_id, pending, now - READ),
        lambda kept: kept.since <= now - NEEDED,
    )


def standing(owner_id: UUID, pending: Pending, now: datetime) -> list[ReviewLog]:
    """Return those reviews, but what was taken back, in the order they were written."""
    with ledger(owner_id, pending, now) as found:
        return found.standing()


def clear_cache() -> None:
    """Drop everything kept, as between tests."""
    _ledgers.clear()


def _read(owner_id: UUID, pending: Pending, since: datetime) -> RecentTotals:
    rows = _logs_since(owner_id, pending, since)
    # The card reviewed last in front.
    card_ids = list(dict.fromkeys(log.flashcard_id for log in reversed(rows)))
    details = _details(owner_id, pending, card_ids)
    found = RecentTotals(since, _vectors(owner_id, pending, card_ids[:NEIGHBOURS_MOST]))
    for log in rows:
        found.add(log, details.get(log.flashcard_id))
    return found


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


def _details(owner_id: UUID, pending: Pending, card_ids: list[UUID]) -> dict[UUID, Details]:
    rows = _rows(owner_id, pending, card_ids, ["id", "note_id", "deck_ids"])
    columns = (rows[name].to_pylist() for name in rows.column_names)
    return {
        UUID(card_id): Details(UUID(note_id), tuple(map(UUID, deck_ids)))
        for card_id, note_id, deck_ids in zip(*columns, strict=True)
    }


def _vectors(owner_id: UUID, pending: Pending, card_ids: list[UUID]) -> dict[UUID, Vector]:
    rows = _rows(owner_id, pending, card_ids, ["id", "embedding"])
    return codec.vectors([UUID(text) for text in rows["id"].to_pylist()], rows["embedding"])


def _rows(owner_id: UUID, pending: Pending, card_ids: list[UUID], columns: list[str]) -> pa.Table:
    """Return columns of the owner's cards in LanceDB, those with these ids."""
    table = tables.existing(FLASHCARDS, pending.flashcards_version) if card_ids else None
    if table is None:
        return FLASHCARDS.schema.empty_table().select(columns)
    where = all_of(
        [
            condition(FLASHCARDS, "owner_id", owner_id),
            condition(FLASHCARDS, "id__in", card_ids),
        ]
    )
    return tables.fetch(table.search().where(where.to_sql()).select(columns).limit(EVERYTHING))
