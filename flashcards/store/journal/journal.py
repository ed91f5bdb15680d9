"""The journal: every change is written to it first, in the transaction of the request.

A single change that was worked out from what is pending is written by `pending.write_if_unchanged`.
"""

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.models import JournalEntry, StoreVersions
from flashcards.store import owner_lock, recorded_vectors
from flashcards.store.errors import EngineChanged, OwnerGone
from flashcards.store.journal import moved
from flashcards.store.journal.pending import row_of
from flashcards.store.rows import codec
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS
from flashcards.store.values import Change

Kind = JournalEntry.Kind
_INSERT = """
INSERT INTO flashcards_journalentry (owner_id, kind, card_id, card, log, vector, created_at)
VALUES (%s, %s, %s, %s::jsonb, %s::jsonb, %s, now())
"""


def lock_owner(owner_id: UUID) -> None:
    """Queue behind other writers of this owner until the transaction ends.

    Positions in a card's history are checked under this lock, and an owner's journal ids rise in
    the order of their commits because of it. Raises OwnerGone or EngineChanged.
    """
    if owner_lock.take(owner_id) == StoreVersions.Engine.POSTGRESQL:
        raise EngineChanged("The cards are in PostgreSQL now.")


def write(changes: Iterable[Change]) -> None:
    """Write changes of owners that are locked. The transaction's commit acknowledges them."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("The journal is written in a transaction.")
    _insert([row_of(change) for change in changes])


def _insert(rows: Sequence[tuple[Any, ...]]) -> None:
    """Write entries. In plain SQL, as their images are JSON already, which the ORM would parse."""
    with connection.cursor() as cursor:
        if len(rows) == 1:
            cursor.execute(_INSERT, rows[0])
        else:
            cursor.executemany(_INSERT, rows)


def write_many(
    owner_id: UUID,
    cards: Sequence[Flashcard],
    logs: Sequence[ReviewLog],
    vectors: Sequence[Any] | None = None,
) -> None:
    """Write many new cards of one owner, who is locked, and their reviews, as one entry.

    `vectors` are the cards' in the serving set, (n,) numbers each, where there are any. Readers see
    them after the next checkpoint: decoding them for each request would hold it up.
    """
    rows = codec.to_table(FLASHCARDS, cards) if cards else None
    if rows is not None and vectors is not None:
        rows = codec.with_vectors(rows, recorded_vectors.read().serving, list(vectors))
    JournalEntry.objects.create(
        owner_id=owner_id,
        kind=Kind.BATCH,
        card_rows=codec.to_ipc(rows) if rows is not None else None,
        log_rows=codec.to_ipc(codec.to_table(REVIEW_LOGS, logs)) if logs else None,
    )


def erase_owner(owner_id: UUID) -> None:
    """Have everything of an owner erased; what is pending of them goes at once.

    Raises EngineChanged, also where the account is gone already.
    """
    with contextlib.suppress(OwnerGone):
        lock_owner(owner_id)
    if StoreVersions.objects.filter(engine=StoreVersions.Engine.POSTGRESQL).exists():
        raise EngineChanged("The cards are in PostgreSQL now.")
    JournalEntry.objects.filter(owner_id=owner_id).delete()
    moved.erase_owner(owner_id)
    JournalEntry.objects.create(owner_id=owner_id, kind=Kind.ERASE_OWNER)


def erase_cards(cards: Sequence[Flashcard]) -> None:
    """Have cards of one owner, who is locked, and their reviews erased for good.

    What is pending of them goes at once. Readers see them no more, whatever LanceDB still has.
    """
    ids = [card.id for card in cards]
    owner_ids = {card.owner_id for card in cards}
    JournalEntry.objects.filter(owner_id__in=owner_ids, card_id__in=ids).delete()
    moved.erase_cards(owner_ids, ids)
    _insert([row_of(Change(card.erased()), Kind.ERASE_CARD) for card in cards])
