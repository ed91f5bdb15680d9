"""What is pending: the entries that the journal holds of one owner, decoded and kept in memory.

One SQL statement brings an owner's pending entries together with the versions that hold all the
others, so a reader never sees a change twice or not at all, whatever a checkpoint does meanwhile.
A process that knows the older entries reads the newer ones only.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import connection

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.models import JournalEntry, StoreVersions
from flashcards.store.errors import EngineChanged
from flashcards.store.lance import upgrades
from flashcards.store.lance.stored import LanceStored
from flashcards.store.pending import Entry, Pending, PendingMemory
from flashcards.store.rows import codec, vector_sets
from flashcards.store.values import Change, Vector, VectorSet

Rows = list[tuple[Any, ...]]
Kind = JournalEntry.Kind

_READ = """
SELECT v.checkpoints, v.rebuilt, o.checkpoint, o.batch, o.entry_id,
    v.flashcards, v.review_logs, v.schema, v.store_id, v.vectors, v.engine,
    j.id, j.owner_id, j.kind, j.card, j.log
FROM (SELECT 1) AS one
LEFT JOIN flashcards_storeversions v ON true
LEFT JOIN flashcards_storedowner o ON o.owner_id = %s
LEFT JOIN flashcards_journalentry j ON {condition} AND j.kind <> 'batch'
ORDER BY j.id
"""
_READ_OWNER = _READ.format(condition="j.owner_id = %s AND j.id > %s")
_READ_ALL = _READ.format(condition="true")
# How many of a row's columns say what LanceDB holds.
_STORED = 11
# Locks the owner, compares what is known with what is there, and writes; nulls if they differ.
# With the new entry's id comes that of the newest entry that a checkpoint has moved.
_APPEND = "SELECT * FROM flashcards_append(%s, %s, %s, %s::jsonb, %s::jsonb, %s, %s, %s, %s)"


def stored_of(row: Sequence[Any]) -> LanceStored:
    """Return what a row of the reading says of LanceDB. Raises OtherSchema or EngineChanged."""
    checkpoints, rebuilt, moved_at, batch, moved_id, *of_tables = row
    flashcards, review_logs, schema, store_id, vectors, engine = of_tables
    if engine == StoreVersions.Engine.POSTGRESQL:
        raise EngineChanged("The cards are in PostgreSQL now.")
    upgrades.check(schema or 0, flashcards or 0, review_logs or 0)
    return LanceStored(
        generation=max(rebuilt or 0, (checkpoints or 0) if moved_at is None else moved_at),
        epoch=max(rebuilt or 0, batch or 0),
        moved_id=moved_id or 0,
        flashcards_version=flashcards or 0,
        review_logs_version=review_logs or 0,
        store_id=store_id,
        vectors=vector_sets.from_json(vectors),
    )


def fold(known: Pending, rows: Sequence[Sequence[Any]]) -> Pending:
    """Return what is known with further rows of the journal: id, owner, kind, card, log."""
    pending, changes = known, list[Entry]()
    for entry_id, owner_id, kind, card, log in rows:
        if kind == Kind.ERASE_OWNER:
            pending, changes = _without(pending.with_changes(changes), owner_id, entry_id), []
            continue
        image = codec.from_image(Flashcard, card)
        review = None if log is None else codec.from_image(ReviewLog, log)
        changes.append(Entry(entry_id, image, review, erases=kind == Kind.ERASE_CARD))
    pending = pending.with_changes(changes)
    moved = pending.stored.moved_id
    return pending if moved <= pending.last_id else replace(pending, last_id=moved)


def _without(pending: Pending, owner_id: UUID, entry_id: int) -> Pending:
    """Return it with an owner erased: what was pending of them has left the journal as well."""
    others = [each for each in pending.changes if each.card.owner_id != owner_id]
    kept = Pending(
        pending.stored,
        known_from=pending.stored.moved_id,
        erased=pending.erased | {owner_id},
        erasure=entry_id,
    )
    after = kept.with_changes(others)
    return replace(after, last_id=entry_id, entries=after.entries + 1)


_memory = PendingMemory()
remembered_pending, clear_cache = _memory.get, _memory.clear


def read_pending(owner_id: UUID | None) -> Pending:
    """Return what is pending of one owner, or of all with None. One SQL query, rarely two."""
    if owner_id is None:
        return _all(_rows(_READ_ALL, [None]))
    known = remembered_pending(owner_id) or Pending(LanceStored())
    rows = _rows(_READ_OWNER, [owner_id, owner_id, known.last_id])
    stored = stored_of(rows[0][:_STORED])
    if known.goes_on_to(stored):
        return _memory.keep(owner_id, fold(known.with_stored(stored), _entries(rows)))
    if known.last_id:
        # Something of theirs was moved that nobody has seen here: begin anew.
        rows = _rows(_READ_OWNER, [owner_id, owner_id, 0])
    return _memory.keep(owner_id, _all(rows))


def _rows(sql: str, parameters: Sequence[Any]) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: Rows = cursor.fetchall()
    return rows


def _all(rows: Rows) -> Pending:
    stored = stored_of(rows[0][:_STORED])
    return fold(Pending(stored, known_from=stored.moved_id), _entries(rows))


def _entries(rows: Rows) -> Rows:
    """Return the columns of the entries; none where there is only the row that says so."""
    return [row[_STORED:] for row in rows] if rows[0][_STORED] is not None else []


def write_if_unchanged(pending: Pending, change: Change, settings_stamp: str) -> Pending | None:
    """Write a change that was worked out from `pending`, and return what is pending after it.

    Returns None, and writes nothing, if `pending` is outdated or the owner's study settings are not
    of the versions that the stamp names. One round trip to PostgreSQL: it locks, compares, writes
    and, unless the caller is in a transaction, commits.
    """
    known = pending.last_id, pending.stored.epoch, settings_stamp
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, [*row_of(change), *known])
        written, moved = cursor.fetchone()
    if written is None:
        return None
    entry = Entry(written, change.card, change.log)
    after = _memory.keep(change.card.owner_id, pending.with_changes([entry]))
    # Who only ever writes must not go on with all that was pending hours ago.
    return after if (moved or 0) <= after.stored.moved_id else read_pending(change.card.owner_id)


def row_of(change: Change, kind: JournalEntry.Kind = Kind.CARD) -> tuple[Any, ...]:
    """Return the columns of an entry, but the time that PostgreSQL gives it."""
    return (
        change.card.owner_id,
        kind.value,
        change.card.id,
        codec.to_image(change.card),
        codec.to_image(change.log) if change.log else None,
        None if change.vector is None else codec.vector_to_bytes(change.vector),
    )


def read_pending_vectors(owner_id: UUID, wanted: VectorSet) -> dict[UUID, Vector]:
    """Return the pending vectors of an owner's cards in a set, the newest of each. One SQL query.

    They may be of words that a card had before.
    """
    entries = JournalEntry.objects.filter(owner_id=owner_id, vector__isnull=False).order_by("id")
    of_set = entries.filter(card__embedding_model=wanted.key)
    found = {}
    for card_id, data in of_set.values_list("card_id", "vector"):
        vector = codec.vector_from_bytes(bytes(data or b""), wanted.dimensions)
        if card_id and vector is not None:
            found[card_id] = vector
    return found
