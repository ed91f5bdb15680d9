"""Writing: the rows of cards, of their reviews and of what is counted, in one transaction.

Each change takes the next number of the sequence that the journal's entries have, under its owner's
lock, so that an owner's numbers rise with their commits.
"""

import contextlib
import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

import numpy as np
from django.db import connection, transaction

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.domain.search_text import search_text
from flashcards.models import CardRow, CardVector, ReviewRow, StoredOwner, StoreVersions
from flashcards.store import owner_lock, quarter_totals, recorded_vectors
from flashcards.store.errors import EngineChanged, OwnerGone, StoreError
from flashcards.store.pending import Entry, Pending
from flashcards.store.postgres import changes as lately
from flashcards.store.postgres import tables
from flashcards.store.rows import codec
from flashcards.store.rows.filters import condition
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS, TableSpec
from flashcards.store.rows.search_keys import search_keys
from flashcards.store.values import Change

_SEQUENCE = "flashcards_journalentry_id_seq"
# Rows in one statement.
BATCH_ROWS = 1_000

_FIELDS = {
    spec.name: [field.name for field in dataclasses.fields(spec.record)]
    for spec in (FLASHCARDS, REVIEW_LOGS)
}
_CARD_COLUMNS = ", ".join(_FIELDS["flashcards"])
_LOG_COLUMNS = ", ".join(_FIELDS["review_logs"])
_UPSERT_CARDS = f"""
INSERT INTO flashcards_flashcard AS card ({_CARD_COLUMNS}, search_keys, revision)
SELECT {_CARD_COLUMNS}, search_keys, nextval('{_SEQUENCE}')
FROM jsonb_populate_recordset(NULL::flashcards_flashcard, %s::jsonb)
ON CONFLICT (id) DO UPDATE SET ({_CARD_COLUMNS}, search_keys, revision) =
    ROW ({", ".join(f"excluded.{name}" for name in _FIELDS["flashcards"])},
         excluded.search_keys, excluded.revision)
    WHERE card.owner_id = excluded.owner_id
RETURNING owner_id, revision
"""  # noqa: S608 - our own names
_INSERT_LOGS = f"""
INSERT INTO flashcards_reviewlog ({_LOG_COLUMNS}, revision)
SELECT {_LOG_COLUMNS}, nextval('{_SEQUENCE}')
FROM jsonb_populate_recordset(NULL::flashcards_reviewlog, %s::jsonb)
ON CONFLICT (id) DO NOTHING
RETURNING id, owner_id, revision
"""  # noqa: S608 - as above
# Vectors of words that the card does not have any more.
_DROP_VECTORS = "DELETE FROM flashcards_cardvector WHERE card_id = ANY(%s)"
_UPSERT_VECTORS = """
INSERT INTO flashcards_cardvector (card_id, owner_id, "column", vector)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[]::halfvec[])
ON CONFLICT (card_id, "column") DO UPDATE SET vector = excluded.vector
"""
_REACHED = """
INSERT INTO flashcards_storedowner AS stored (owner_id, checkpoint, entry_id, batch)
VALUES (%s, 0, %s, %s)
ON CONFLICT (owner_id) DO UPDATE SET
    entry_id = excluded.entry_id, batch = greatest(stored.batch, excluded.batch)
"""
# What names a card in each table, the cards last: the others refer to them. In SQL, as Django would
# read the rows first to look for more that refers to them.
CARD_OF = {
    "flashcards_reviewlog": "flashcard_id",
    "flashcards_cardvector": "card_id",
    "flashcards_flashcard": "id",
}
_ERASE_OWNER = [f"DELETE FROM {table} WHERE owner_id = %s" for table in CARD_OF]  # noqa: S608 - as above
_ERASE_CARDS = [
    f"{statement} AND {card} = ANY(%s)"
    for statement, card in zip(_ERASE_OWNER, CARD_OF.values(), strict=True)
]
_RECORD = "SELECT flashcards_record(%s, %s::jsonb, %s::jsonb, %s, %s, %s, %s, %s, %s, %s)"


def lock_owner(owner_id: UUID) -> None:
    """Queue behind other writers of this owner until the transaction ends.

    Raises OwnerGone or EngineChanged.
    """
    engine = owner_lock.take(owner_id)
    if not engine:
        # Nothing was stored yet: from now on this is where the cards are, unless another learner's
        # first card came before and went elsewhere.
        recorded, _ = StoreVersions.objects.get_or_create(
            id=1, defaults={"engine": StoreVersions.Engine.POSTGRESQL}
        )
        engine = recorded.engine
    if engine == StoreVersions.Engine.LANCEDB:
        raise EngineChanged("The cards are in LanceDB now.")


def write(changes: Iterable[Change]) -> None:
    """Write changes of owners that are locked. The transaction's commit acknowledges them."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("Cards are written in a transaction.")
    listed = list(changes)
    for start in range(0, len(listed), BATCH_ROWS):
        _write(listed[start : start + BATCH_ROWS])


def _write(changes: Sequence[Change]) -> None:
    # Of each card the newest image, in its last place.
    cards = list({change.card.id: change.card for change in changes}.values())
    logs = [change.log for change in changes if change.log is not None]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT_CARDS, [_json(map(_card_image, cards))])
        reached = cursor.fetchall()
        if len(reached) < len(cards):
            raise StoreError("A card has the id of somebody else's.")
        if logs:
            fresh, revisions = _insert_logs(cursor, logs)
            reached += revisions
            quarter_totals.add(fresh, _undone(fresh))
        if reworded := [card.id for card in cards if not card.embedding_model]:
            cursor.execute(_DROP_VECTORS, [reworded])
        vectors = {change.card.id: change for change in changes if change.vector is not None}
        if vectors:
            _write_vectors(cursor, list(vectors.values()))
        newest: defaultdict[UUID, int] = defaultdict(int)
        for owner_id, revision in reached:
            newest[owner_id] = max(newest[owner_id], revision)
        for owner_id, revision in newest.items():
            cursor.execute(_REACHED, [owner_id, revision, 0])


def _insert_logs(
    cursor: Any, logs: Sequence[ReviewLog]
) -> tuple[list[ReviewLog], list[tuple[UUID, int]]]:
    """Write the logs that are not there, and return them, and the owner and number of each.

    A client that used one id for two reviews loses neither: the second gets an id of its own.
    """
    cursor.execute(_INSERT_LOGS, [_json(map(codec.to_image, logs))])
    rows = cursor.fetchall()
    written = {log_id for log_id, _, _ in rows}
    fresh: list[ReviewLog] = []
    left: list[ReviewLog] = []
    for log in logs:
        (fresh if log.id in written else left).append(log)
        written.discard(log.id)
    reached = [(owner_id, revision) for _, owner_id, revision in rows]
    if left:
        key = condition(REVIEW_LOGS, "id__in", [log.id for log in left])
        there = tables.records(REVIEW_LOGS, [key])
        known = {log.id: _position(log) for log in there}
        others = [log for log in left if known[log.id] != _position(log)]
        if others:
            named = [replace(log, id=uuid5(log.id, f"{_position(log)}")) for log in others]
            more, revisions = _insert_logs(cursor, named)
            fresh, reached = [*fresh, *more], [*reached, *revisions]
    return fresh, reached


def _position(log: ReviewLog) -> tuple[str, int]:
    """Return what no two reviews have in common, whatever their ids are."""
    return str(log.flashcard_id), log.sequence


def _write_vectors(cursor: Any, changes: Sequence[Change]) -> None:
    sets = recorded_vectors.read()
    named = [(change, sets.named(change.card.embedding_model)) for change in changes]
    # Of a set that was given up meanwhile nothing is kept.
    kept = [(change, each) for change, each in named if each is not None]
    cursor.execute(
        _UPSERT_VECTORS,
        [
            [change.card.id for change, _ in kept],
            [change.card.owner_id for change, _ in kept],
            [each.column for _, each in kept],
            [_halves(change.vector) for change, _ in kept],
        ],
    )


def write_many(
    owner_id: UUID,
    cards: Sequence[Flashcard],
    logs: Sequence[ReviewLog],
    vectors: Sequence[Any] | None = None,
) -> None:
    """Write many new cards of one owner, who is locked, and their reviews.

    `vectors` are the cards' in the serving set, (n,) numbers each, where there are any.
    """
    revision = _next_number()
    _copy(FLASHCARDS, CardRow, cards, (*_FIELDS["flashcards"], "search_keys"), revision)
    _copy(REVIEW_LOGS, ReviewRow, logs, _FIELDS["review_logs"], revision)
    if vectors is not None:
        column = recorded_vectors.read().serving.column
        given = zip(cards, vectors, strict=True)
        rows = ((card.id, owner_id, column, v) for card, v in given if v is not None)
        copied = ((*keys, _halves(vector)) for *keys, vector in rows)
        names = ("card_id", "owner_id", "column", "vector")
        _copy_rows(CardVector._meta.db_table, names, copied)
    if logs:
        quarter_totals.add_rows(owner_id, codec.to_table(REVIEW_LOGS, logs))
    _reach(owner_id, revision)


def erase_cards(cards: Sequence[Flashcard]) -> None:
    """Erase cards of one owner, who is locked, and their reviews for good. The totals stay."""
    ids = [card.id for card in cards]
    for owner_id in {card.owner_id for card in cards}:
        _execute(_ERASE_CARDS, [owner_id, ids])
        _reach(owner_id, _next_number())


def erase_owner(owner_id: UUID) -> None:
    """Erase everything of an owner, whose account may be gone already. Raises EngineChanged."""
    with contextlib.suppress(OwnerGone):
        lock_owner(owner_id)
    if StoreVersions.objects.filter(engine=StoreVersions.Engine.LANCEDB).exists():
        raise EngineChanged("The cards are in LanceDB now.")
    _execute(_ERASE_OWNER, [owner_id])
    quarter_totals.erase([owner_id])
    StoredOwner.objects.filter(owner_id=owner_id).delete()


def write_if_unchanged(pending: Pending, change: Change, settings_stamp: str) -> Pending | None:
    """Write a review that was worked out from `pending`, and return how far the owner is then.

    Returns None, and writes nothing, if `pending` is outdated, the owner's study settings are not
    of the versions that the stamp names, or the card is not there. One round trip to PostgreSQL: it
    locks, compares, writes and, unless the caller is in a transaction, commits. A review leaves the
    words of its card as they are.
    """
    card, log = change.card, change.log
    if log is None or change.vector is not None:
        raise ValueError("Only a review is written in this way.")
    counts, durations = quarter_totals.differences([log], _undone([log]))
    counted = [
        [at.quarter for at in counts],
        [at.code for at in counts],
        list(counts.values()),
        [durations[at] for at in counts],
    ]
    known = pending.last_id, pending.stored.epoch, settings_stamp
    images = codec.to_image(card), codec.to_image(log)
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [card.owner_id, *images, *known, *counted])
        (revision,) = cursor.fetchone()
    if revision is None:
        return None
    entry = Entry(revision, card, log)
    return lately.remember(card.owner_id, lately.with_entries(pending, revision, [entry]))


def _undone(logs: Sequence[ReviewLog]) -> dict[UUID, ReviewLog]:
    """Return the reviews that are taken back by these but are not among them."""
    ids = quarter_totals.undone_by({log.id: log for log in logs})
    if not ids:
        return {}
    key = condition(REVIEW_LOGS, "id__in", ids)
    return {log.id: log for log in tables.records(REVIEW_LOGS, [key])}


def _card_image(card: Flashcard) -> str:
    """Return a card as JSON, with the keys of its words."""
    keys = codec.to_json(search_keys(search_text(card)))
    return f'{codec.to_image(card)[:-1]},"search_keys":{keys}}}'


def _json(images: Iterable[str]) -> str:
    return f"[{','.join(images)}]"


def _halves(vector: Any) -> str:
    """Return a vector as pgvector's halfvec reads it."""
    return f"[{','.join(map(str, np.asarray(vector, np.float16).astype(float).tolist()))}]"


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s)", [_SEQUENCE])
        (number,) = cursor.fetchone()
    return int(number)


def _reach(owner_id: UUID, revision: int) -> None:
    """Note a change that was no single entry: what is in memory is read anew."""
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, [owner_id, revision, revision])


def _execute(statements: Iterable[str], values: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)


def _copy(
    spec: TableSpec,
    model: Any,
    records: Sequence[Any],
    names: Collection[str],
    revision: int,
) -> None:
    fields = _FIELDS[spec.name]

    def row(record: Any) -> Iterator[Any]:
        for name in fields:
            value = getattr(record, name)
            yield list(value) if isinstance(value, tuple) else value
        if spec is FLASHCARDS:
            yield search_keys(search_text(record))
        yield revision

    _copy_rows(model._meta.db_table, (*names, "revision"), map(tuple, map(row, records)))


def _copy_rows(table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    listed = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
