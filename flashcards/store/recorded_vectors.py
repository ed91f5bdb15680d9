"""Which sets of vectors there are, as PostgreSQL records it for either engine."""

import time

from django.db import connection

from flashcards.store.rows import vector_sets
from flashcards.store.values import KEEP_VERSIONS, VectorSets

# Held by whoever writes vectors of a set, and alone by whoever changes which sets there are. Any
# number will do, as long as nothing else in this database locks it.
_LOCK = 0x4D4C_7665


def read(*, hold: bool = False) -> VectorSets:
    """Return the sets of vectors as recorded. One SQL query, with `hold` two.

    With `hold`, in a transaction, they stay as they are until its end.
    """
    with connection.cursor() as cursor:
        if hold:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])
        cursor.execute("SELECT vectors FROM flashcards_storeversions WHERE id = 1")
        row = cursor.fetchone()
    return vector_sets.from_json(row[0] if row else None)


def hold_alone() -> None:
    """Let nobody write vectors until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def with_coming(sets: VectorSets, model: str, dimensions: int, unrelated: float) -> VectorSets:
    """Return them with a set of the model coming: the one that is, or a new one."""
    coming = sets.coming
    if coming is not None and (coming.model, coming.dimensions) == (model, dimensions):
        return sets
    return sets.with_coming(model, dimensions, unrelated, time.time())


def lacking(sets: VectorSets) -> list[str]:
    """Return what cards name that have a vector in the serving set and none in the coming one."""
    coming = sets.coming
    return [key for key in sets.served_keys if coming is not None and key != coming.key]


def long_retired(sets: VectorSets) -> list[str]:
    """Return the columns that nobody has asked for during the last hour."""
    longest = KEEP_VERSIONS.total_seconds()
    return [column for column, since in sets.retired if time.time() - since > longest]
