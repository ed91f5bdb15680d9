"""Write changes to the journal, and read what is not yet in LanceDB.

One SQL statement brings an owner's pending entries together with the versions that hold all the
others, so a reader never sees a change twice or not at all, whatever a checkpoint does meanwhile.
"""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from flashcards.models import JournalEntry
from flashcards.records import Flashcard, ReviewLog
from flashcards.store import codec, failpoints, upgrades
from flashcards.store.errors import OwnerGone
from flashcards.store.schema import FLASHCARDS, REVIEW_LOGS

# Owners whose pending entries one process keeps decoded.
CACHED_OWNERS = 256
Kind = JournalEntry.Kind


@dataclass(frozen=True, slots=True)
class Change:
    """A new image of a card, the review that made it, and its embedding where that is new."""

    card: Flashcard
    log: ReviewLog | None = None
    # 384 little-endian float32; `card.embedding_model` names what made it.
    vector: bytes | None = None


@dataclass(frozen=True)
class Pending:
    """What the journal holds of one owner (or of all), and what LanceDB is known to hold."""

    # Counts checkpoints: while it stays the same, so does everything in LanceDB.
    generation: int = 0
    flashcards_version: int = 0
    review_logs_version: int = 0
    last_id: int = 0
    # The newest image of each card; the logs by id; whose base rows count for nothing.
    cards: dict[UUID, Flashcard] = field(default_factory=dict)
    logs: dict[UUID, ReviewLog] = field(default_factory=dict)
    erased: frozenset[UUID] = frozenset()
    # Cards that go for good; each has an image in `cards` that is deleted and without words.
    erased_cards: frozenset[UUID] = frozenset()
    entries: int = 0


class _Cache:
    """Decoded pending entries by owner, the least recently used leaving first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: OrderedDict[UUID, Pending] = OrderedDict()

    def get(self, owner_id: UUID) -> Pending | None:
        with self._lock:
            return self._items.get(owner_id)

    def put(self, owner_id: UUID, pending: Pending) -> None:
        with self._lock:
            kept = self._items.get(owner_id)
            if kept and (kept.generation, kept.last_id) > (pending.generation, pending.last_id):
                return
            self._items[owner_id] = pending
            self._items.move_to_end(owner_id)
            while len(self._items) > CACHED_OWNERS:
                self._items.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._items.clear()


_cache = _Cache()

_READ = """
SELECT v.checkpoints, v.flashcards, v.review_logs, v.schema,
    j.id, j.owner_id, j.kind, j.card, j.log
FROM (SELECT 1) AS one
LEFT JOIN flashcards_storeversions v ON true
LEFT JOIN flashcards_journalentry j ON {condition}
ORDER BY j.id
"""
_LOCK = "SELECT 1 FROM accounts_user WHERE id = %s FOR NO KEY UPDATE"
_INSERT = """
INSERT INTO flashcards_journalentry (owner_id, kind, card_id, card, log, vector, created_at)
VALUES (%s, %s, %s, %s::jsonb, %s::jsonb, %s, now())
"""
_READ_OWNER = _READ.format(condition="j.owner_id = %s AND j.id > %s AND j.kind <> 'batch'")
_READ_ALL = _READ.format(condition="j.kind <> 'batch'")


def lock_owner(owner_id: UUID) -> None:
    """Queue behind other writers of this owner until the transaction ends.

    Positions in a card's history are checked under this lock, and an owner's journal ids rise in
    the order of their commits because of it. It is the lock on the user's row, so nothing is
    written for an account that is being deleted. Raises OwnerGone, or TransactionManagementError
    outside a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [owner_id])
        found = cursor.fetchone()
    if found is None:
        raise OwnerGone("This account does not exist any more.")


def append(changes: Iterable[Change]) -> None:
    """Write changes of owners that are locked. The transaction's commit acknowledges them."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("The journal is written in a transaction.")
    rows = [_row(change) for change in changes]
    failpoints.reach("journal-before")
    _insert(rows)
    failpoints.reach("journal-written")
    failpoints.reach_after_commit("journal-committed")


def _insert(rows: Sequence[tuple[Any, ...]]) -> None:
    """Write entries in plain SQL: a rating waits for this, and the ORM doubles it."""
    with connection.cursor() as cursor:
        if len(rows) == 1:
            cursor.execute(_INSERT, rows[0])
        else:
            cursor.executemany(_INSERT, rows)


def _row(change: Change, kind: JournalEntry.Kind = Kind.CARD) -> tuple[Any, ...]:
    """Return an entry as `_INSERT` takes it."""
    return (
        change.card.owner_id,
        kind.value,
        change.card.id,
        codec.to_image(change.card),
        codec.to_image(change.log) if change.log else None,
        change.vector,
    )


def append_batch(
    owner_id: UUID,
    cards: Sequence[Flashcard],
    logs: Sequence[ReviewLog],
    vectors: Sequence[Any] | None = None,
) -> None:
    """Write many new cards of one owner, who is locked, and their reviews, as one entry.

    `vectors` are the cards' embeddings, (384,) float32 each, where there are any.

    Readers see them after the next checkpoint: decoding them for each request would hold it up.
    """
    failpoints.reach("journal-before")
    columns = {} if vectors is None else {"embedding": list(vectors)}
    JournalEntry.objects.create(
        owner_id=owner_id,
        kind=Kind.BATCH,
        card_rows=codec.to_ipc(codec.to_table(FLASHCARDS, cards, **columns)) if cards else None,
        log_rows=codec.to_ipc(codec.to_table(REVIEW_LOGS, logs)) if logs else None,
    )
    failpoints.reach("journal-written")
    failpoints.reach_after_commit("journal-committed")


def erase_owner(owner_id: UUID) -> None:
    """Have everything of an owner erased; what is pending of them goes at once."""
    with contextlib.suppress(OwnerGone):
        lock_owner(owner_id)
    JournalEntry.objects.filter(owner_id=owner_id).delete()
    JournalEntry.objects.create(owner_id=owner_id, kind=Kind.ERASE_OWNER)


def erase_cards(cards: Sequence[Flashcard]) -> None:
    """Have cards of one owner, who is locked, and their reviews erased for good.

    What is pending of them goes at once. Readers see them no more, whatever LanceDB still has.
    """
    ids = [card.id for card in cards]
    owner_ids = {card.owner_id for card in cards}
    JournalEntry.objects.filter(owner_id__in=owner_ids, card_id__in=ids).delete()
    _insert([_row(Change(card.erased()), Kind.ERASE_CARD) for card in cards])


def read(owner_id: UUID | None) -> Pending:
    """Return what is pending of one owner, or of all with None. One SQL query, rarely two."""
    if owner_id is None:
        return _fold(Pending(), _rows(_READ_ALL, []))
    known = _cache.get(owner_id) or Pending()
    rows = _rows(_READ_OWNER, [owner_id, known.last_id])
    if (rows[0][0] or 0) != known.generation:
        # A checkpoint went by: what was pending may be in LanceDB now.
        known = Pending()
        rows = _rows(_READ_OWNER, [owner_id, 0])
    pending = _fold(known, rows)
    # Within a transaction the rows may be our own and be rolled back yet.
    if not connection.in_atomic_block:
        _cache.put(owner_id, pending)
    return pending


def read_vectors(owner_id: UUID) -> dict[UUID, bytes]:
    """Return the pending embeddings of an owner's cards, the newest of each. One SQL query."""
    entries = JournalEntry.objects.filter(owner_id=owner_id, vector__isnull=False).order_by("id")
    pairs = entries.values_list("card_id", "vector")
    return {card_id: bytes(data) for card_id, data in pairs if card_id and data}


def forget() -> None:
    """Drop every decoded entry, as between tests."""
    _cache.clear()


def _rows(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _fold(known: Pending, rows: Sequence[tuple[Any, ...]]) -> Pending:
    checkpoints, flashcards_version, review_logs_version, schema, first_id = rows[0][:5]
    upgrades.check(schema or 0, flashcards_version or 0, review_logs_version or 0)
    pending = replace(
        known,
        generation=checkpoints or 0,
        flashcards_version=flashcards_version or 0,
        review_logs_version=review_logs_version or 0,
    )
    if first_id is None:
        return pending
    cards, logs, erased = dict(known.cards), dict(known.logs), set(known.erased)
    erased_cards = set(known.erased_cards)
    for *_, owner_id, kind, card, log in rows:
        if kind == Kind.ERASE_OWNER:
            erased.add(owner_id)
            # What was pending went from the journal at the same time.
            cards = {i: each for i, each in cards.items() if each.owner_id != owner_id}
            logs = {i: each for i, each in logs.items() if each.owner_id != owner_id}
            continue
        image: Flashcard = codec.from_image(Flashcard, card)
        cards[image.id] = image
        if kind == Kind.ERASE_CARD:
            erased_cards.add(image.id)
        if log is not None:
            entry: ReviewLog = codec.from_image(ReviewLog, log)
            logs[entry.id] = entry
    return replace(
        pending,
        last_id=rows[-1][4],
        cards=cards,
        logs={i: log for i, log in logs.items() if log.flashcard_id not in erased_cards}
        if erased_cards
        else logs,
        erased=frozenset(erased),
        erased_cards=frozenset(erased_cards),
        entries=known.entries + len(rows),
    )
