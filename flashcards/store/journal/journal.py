"""The journal: changes are written to it first, and read from it until LanceDB has them.

One SQL statement brings an owner's pending entries together with the versions that hold all the
others, so a reader never sees a change twice or not at all, whatever a checkpoint does meanwhile.
"""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.models import JournalEntry
from flashcards.store.errors import OwnerGone
from flashcards.store.journal.pending import Entry, Pending, fold, stored_of
from flashcards.store.lance import codec, failpoints
from flashcards.store.lance.schema import FLASHCARDS, REVIEW_LOGS
from flashcards.store.values import Change, Vector
from memoryloop.postgres.pipeline import Question, Rows, ask

# Owners whose pending entries one process keeps decoded.
CACHED_OWNERS = 1_000
Kind = JournalEntry.Kind


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
            if kept and _age(kept) > _age(pending):
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
SELECT v.checkpoints, v.rebuilt, o.checkpoint, o.batch, o.entry_id,
    v.flashcards, v.review_logs, v.schema, j.id, j.owner_id, j.kind, j.card, j.log
FROM (SELECT 1) AS one
LEFT JOIN flashcards_storeversions v ON true
LEFT JOIN flashcards_storedowner o ON o.owner_id = %s
LEFT JOIN flashcards_journalentry j ON {condition} AND j.kind <> 'batch'
ORDER BY j.id
"""
_READ_OWNER = _READ.format(condition="j.owner_id = %s AND j.id > %s")
_READ_ALL = _READ.format(condition="true")
# How many of a row's columns say what LanceDB holds.
_STORED = 8
_LOCK = "SELECT 1 FROM accounts_user WHERE id = %s FOR NO KEY UPDATE"
_INSERT = """
INSERT INTO flashcards_journalentry (owner_id, kind, card_id, card, log, vector, created_at)
VALUES (%s, %s, %s, %s::jsonb, %s::jsonb, %s, now())
"""
# Locks the owner, compares what is known with what is there, and writes; nulls if they differ.
# With the new entry's id comes that of the newest entry that a checkpoint has moved.
_APPEND = "SELECT * FROM flashcards_append(%s, %s, %s, %s::jsonb, %s::jsonb, %s, %s, %s, %s)"


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


def write(changes: Iterable[Change]) -> None:
    """Write changes of owners that are locked. The transaction's commit acknowledges them."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("The journal is written in a transaction.")
    rows = [_row(change) for change in changes]
    failpoints.reach("journal-before")
    _insert(rows)
    failpoints.reach("journal-written")
    failpoints.reach_after_commit("journal-committed")


def write_if_unchanged(pending: Pending, change: Change, settings_stamp: str) -> Pending | None:
    """Write a change that was worked out from `pending`, and return what is pending after it.

    Returns None, and writes nothing, if `pending` is outdated or the owner's study settings are not
    of the versions that the stamp names. One round trip to PostgreSQL: it locks, compares, writes
    and, unless the caller is in a transaction, commits.
    """
    failpoints.reach("journal-before")
    known = pending.last_id, pending.stored.epoch, settings_stamp
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, [*_row(change), *known])
        written, moved = cursor.fetchone()
    if written is None:
        return None
    failpoints.reach("journal-written")
    failpoints.reach_after_commit("journal-committed")
    entry = Entry(written, change.card, change.log)
    after = _remember(change.card.owner_id, pending.with_changes([entry]))
    # Who only ever writes must not go on with all that was pending hours ago.
    return after if (moved or 0) <= after.stored.moved_id else read(change.card.owner_id)


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
        None if change.vector is None else codec.vector_to_bytes(change.vector),
    )


def write_many(
    owner_id: UUID,
    cards: Sequence[Flashcard],
    logs: Sequence[ReviewLog],
    vectors: Sequence[Any] | None = None,
) -> None:
    """Write many new cards of one owner, who is locked, and their reviews, as one entry.

    `vectors` are the cards' embeddings, (384,) float32 each, where there are any. Readers see them
    after the next checkpoint: decoding them for each request would hold it up.
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
    return ask(question(owner_id) if owner_id else Question(_READ_ALL, [None], _all))


def remembered(owner_id: UUID) -> Pending | None:
    """Return what this process saw last of an owner's pending entries, which may be outdated."""
    return _cache.get(owner_id)


def question(owner_id: UUID) -> Question[Pending]:
    """Ask what is pending of an owner, for whoever asks PostgreSQL something else as well."""
    known = _cache.get(owner_id) or Pending()

    def answer(rows: Rows) -> Pending:
        stored = stored_of(rows[0][:_STORED])
        if known.goes_on_to(stored):
            return _remember(owner_id, fold(known.with_stored(stored), _entries(rows)))
        if known.last_id:
            # Something of theirs was moved that nobody has seen here: begin anew.
            rows = ask(Question(_READ_OWNER, [owner_id, owner_id, 0], list))
        return _remember(owner_id, _all(rows))

    return Question(_READ_OWNER, [owner_id, owner_id, known.last_id], answer)


def _remember(owner_id: UUID, pending: Pending) -> Pending:
    # Within a transaction the rows may be our own and be rolled back yet.
    if not connection.in_atomic_block:
        _cache.put(owner_id, pending)
    return pending


def _all(rows: Rows) -> Pending:
    stored = stored_of(rows[0][:_STORED])
    return fold(Pending(stored, known_from=stored.moved_id), _entries(rows))


def _entries(rows: Rows) -> Rows:
    """Return the columns of the entries; none where there is only the row that says so."""
    return [row[_STORED:] for row in rows] if rows[0][_STORED] is not None else []


def _age(pending: Pending) -> tuple[int, int]:
    return pending.generation, pending.last_id


def read_vectors(owner_id: UUID) -> dict[UUID, Vector]:
    """Return the pending embeddings of an owner's cards, the newest of each. One SQL query."""
    entries = JournalEntry.objects.filter(owner_id=owner_id, vector__isnull=False).order_by("id")
    pairs = entries.values_list("card_id", "vector")
    return {
        card_id: codec.vector_from_bytes(bytes(data)) for card_id, data in pairs if card_id and data
    }


def clear_cache() -> None:
    """Drop every decoded entry, as between tests."""
    _cache.clear()
