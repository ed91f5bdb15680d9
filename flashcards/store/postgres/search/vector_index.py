"""The indexes of vectors: pgvector's HNSW, one for each set, made when it pays.

It holds all owners' vectors of a set. Somebody else's are passed over when it is asked for one
owner's, so it pays for those only who have many, and not too small a part of all.
"""

import contextlib
import time
from uuid import UUID

from django.db import DatabaseError, connection

from flashcards.store.values import VectorSet
from memoryloop.postgres import extensions

# Below this an owner's vectors are compared one by one in less than 20 ms.
VECTORS_LEAST = 15_000
# Comparing one vector takes 1.2 µs, and the index 40 µs for each that it finds, of which 50 have to
# be the owner's.
COSTS_OF_ONE = 1_700
# pgvector indexes halves of vectors up to this width.
DIMENSIONS_MOST = 4_000
# The index is made in memory, where there is enough of it: 100,000 vectors take 330 MB, and 43 s.
MEMORY = "512MB"

LOOK_SECONDS = 3_600.0
_looked: dict[str, float] = {}
# Any number will do, as long as nothing else in this database locks it.
_LOCK = 0x4D4C_7669
_NAME = "card_vector_{column}_{dimensions}"
# A set of another store may have had the same column, and vectors of another width.
_CREATE = """
CREATE INDEX {concurrently} {name} ON flashcards_cardvector
USING hnsw ((vector::halfvec({dimensions})) halfvec_cosine_ops)
WHERE "column" = '{column}' AND vector_dims(vector) = {dimensions}
"""
_DROP = "DROP INDEX {concurrently} IF EXISTS {name}"
_OWNED = """
SELECT i.indisvalid, c.reltuples, (
    SELECT count(*) FROM flashcards_cardvector WHERE owner_id = %s AND "column" = %s
) FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
WHERE c.relname = %s AND pg_table_is_visible(c.oid)
"""
_COUNT = """
SELECT coalesce(max(owned), 0), coalesce(sum(owned), 0) FROM (
    SELECT count(*) AS owned FROM flashcards_cardvector WHERE "column" = %s GROUP BY owner_id
) counted
"""
_MADE = """
SELECT c.relname, i.indisvalid FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
WHERE i.indrelid = 'flashcards_cardvector'::regclass AND starts_with(c.relname, %s)
"""


def pays(owned: float, of_all: float) -> bool:
    """Tell whether the index finds the nearest among an owner's vectors sooner than comparing all.

    `of_all` is how many vectors of all owners the set has.
    """
    return owned >= VECTORS_LEAST and owned * owned > COSTS_OF_ONE * of_all


def pays_for(owner_id: UUID, of: VectorSet) -> bool:
    """Tell whether there is an index and it pays for an owner. One SQL query."""
    if not extensions.may_index_vectors():
        return False
    with connection.cursor() as cursor:
        cursor.execute(_OWNED, [owner_id, of.column, name(of)])
        row = cursor.fetchone()
    return row is not None and row[0] and pays(row[2], max(row[1], row[2]))


def wanted(of: VectorSet) -> bool:
    """Tell whether an index of this set would pay for anybody. Counts all of its vectors."""
    if of.dimensions > DIMENSIONS_MOST or not extensions.may_index_vectors():
        return False
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [of.column])
        most, of_all = cursor.fetchone()
    return pays(float(most), float(of_all))


def made() -> dict[str, bool]:
    """Return the names of the indexes that there are, and whether each is whole. One SQL query."""
    with connection.cursor() as cursor:
        cursor.execute(_MADE, [_NAME.format(column="embedding", dimensions="")[:-1]])
        return dict(cursor.fetchall())


def make(of: VectorSet) -> bool:
    """Make the index of a set if it is missing and pays, and return whether it was made.

    Reviews and searches go on meanwhile, unless this is within a transaction. While another process
    does the same, nothing is done.
    """
    if made().get(name(of)) or not wanted(of):
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if cursor.fetchone() != (True,):
            return False
        try:
            # What is left of an attempt that was cut off.
            cursor.execute(_DROP.format(concurrently=_beside(), name=name(of)))
            cursor.execute("SELECT set_config('maintenance_work_mem', %s, false)", [MEMORY])
            cursor.execute(
                _CREATE.format(
                    concurrently=_beside(),
                    name=name(of),
                    column=of.column,
                    dimensions=of.dimensions,
                )
            )
        finally:
            # A connection that is gone has neither any more.
            with contextlib.suppress(DatabaseError):
                cursor.execute("RESET maintenance_work_mem")
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
    return True


def make_if_due(of: VectorSet) -> bool:
    """Do so if it was not looked at within the last hour, as looking counts all vectors."""
    if time.monotonic() < _looked.get(of.column, 0.0) + LOOK_SECONDS:
        return False
    _looked[of.column] = time.monotonic()
    return make(of)


def clear_cache() -> None:
    """Have it looked at again, as between tests."""
    _looked.clear()


def drop_of(column: str) -> None:
    """Remove the indexes of a column's vectors, if there are any."""
    with connection.cursor() as cursor:
        for named in made():
            if named.startswith(_NAME.format(column=column, dimensions="")):
                cursor.execute(_DROP.format(concurrently=_beside(), name=named))


def name(of: VectorSet) -> str:
    """Return the name of the index of a set."""
    return _NAME.format(column=of.column, dimensions=of.dimensions)


def _beside() -> str:
    """Return what has a statement hold nobody up; a transaction cannot do it like that."""
    return "" if connection.in_atomic_block else "CONCURRENTLY"
