"""The vectors of one owner's cards, all at once: for what compares a whole collection."""

from collections.abc import Iterator
from uuid import UUID

import numpy as np
from django.db import connection

from flashcards.store.postgres.changes import read_pending
from flashcards.store.values import Numbers

# Rows that are made numbers at a time: what is read is in memory twice.
_BATCH_ROWS = 4_096
# What PostgreSQL sends before the rows, and behind them.
_HEAD_BYTES, _END = 19, b"\xff\xff"

_READ = """
COPY (
    SELECT v.card_id, v.vector FROM flashcards_cardvector v
    JOIN flashcards_flashcard c ON c.id = v.card_id
    WHERE v.owner_id = %s AND v."column" = %s AND vector_dims(v.vector) = %s
        AND c.deleted_at IS NULL AND c.embedding_model = ANY(%s)
) TO STDOUT (FORMAT binary)
"""


def read(owner_id: UUID) -> tuple[list[UUID], Numbers]:
    """Return the ids of an owner's cards that have a vector, and (n, dimensions) float16.

    They are the serving model's, of unit length. Cards in the trash are absent. Costs 1.8 KB a card
    in memory, and one read of all of them.
    """
    sets = read_pending(owner_id).stored.vectors
    serving = sets.serving
    dimensions = serving.dimensions
    # Each row has the number of its fields, and their lengths before them: see COPY in PostgreSQL's
    # manual, and halfvec_send in pgvector.
    row = np.dtype(
        [
            *(("fields", ">i2"), ("id_bytes", ">i4"), ("id", "V16"), ("vector_bytes", ">i4")),
            *(("dimensions", ">i2"), ("unused", ">i2"), ("vector", ">f2", (dimensions,))),
        ]
    )
    ids: list[UUID] = []
    parts = [np.empty((0, dimensions), dtype=np.float16)]
    parameters = [owner_id, serving.column, dimensions, list(sets.served_keys)]
    for data in _rows(parameters, row.itemsize):
        rows = np.frombuffer(data, row)
        ids += [UUID(bytes=each.tobytes()) for each in rows["id"]]
        parts.append(rows["vector"].astype(np.float16))
    return ids, np.concatenate(parts)


def _rows(parameters: list[object], row_bytes: int) -> Iterator[bytes]:
    """Yield whole rows as PostgreSQL sends them, some thousand at a time."""
    with connection.cursor() as cursor:
        # COPY takes no parameters, and the types do not know what quotes them.
        statement = connection.ops.compose_sql(_READ, parameters)  # type: ignore[attr-defined]
        with cursor.copy(statement) as copy:
            read = bytearray()
            is_first = True
            for data in copy:
                read += data
                if is_first and len(read) >= _HEAD_BYTES:
                    del read[:_HEAD_BYTES]
                    is_first = False
                if len(read) >= _BATCH_ROWS * row_bytes:
                    whole = len(read) // row_bytes * row_bytes
                    yield bytes(read[:whole])
                    del read[:whole]
            yield bytes(read.removesuffix(_END))
