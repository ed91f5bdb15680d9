"""The vectors of messages: which model's serve, and the messages that are nearest to a vector.

Searches compare the vectors of the serving model (ServingModel). recall.embedding makes those of
the model that the settings ask for, and has it serve once all are there.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import orjson
from django.db import connection, transaction
from numpy.typing import NDArray

from chat.models import ServingModel
from memoryloop import embeddings
from memoryloop.embeddings import Embedder

# Up to EXACT_ALWAYS messages every vector of an owner is compared, in some 5 ms; up to EXACT_MOST
# (some 30 ms) if the owner has less than a third of all messages, because most of what the index
# returns is somebody else's then: it would be slow and miss results.
EXACT_ALWAYS, EXACT_MOST = 3_000, 20_000
# With fewer vectors of a model than this nobody has so many that the index pays.
INDEX_FROM = EXACT_ALWAYS
# pgvector's HNSW index takes vectors so wide, and so wide in half precision.
INDEXED_WIDTH, INDEXED_HALF_WIDTH = 2_000, 4_000

# Owners with more than EXACT_MOST messages; and others, with the time until which their count is
# not repeated: counting takes some milliseconds. The same for models without an index.
_with_many: set[UUID] = set()
_with_few: dict[UUID, float] = {}
_without_index: dict[str, float] = {}
_with_index: set[str] = set()
COUNTED_SECONDS = 60.0

_COUNT = """
SELECT count(*), (SELECT reltuples FROM pg_class WHERE oid = 'chat_message'::regclass) FROM (
    SELECT FROM chat_message WHERE owner_id = %(owner)s LIMIT %(most)s
) counted
"""
_NEAREST = """
SELECT message_id, {distance} AS distance FROM chat_messagevector
WHERE owner_id = %(owner)s AND model = %(model)s AND vector_dims(vector) = %(width)s
  AND NOT conversation_id = ANY(ARRAY(
      SELECT id FROM chat_conversation WHERE owner_id = %(owner)s AND deleted_at IS NOT NULL
  )) AND NOT message_id = ANY(%(leave_out)s)
ORDER BY {order} LIMIT %(limit)s
"""
_DISTANCES = """
SELECT message_id, vector <=> %(vector)s::vector FROM chat_messagevector
WHERE message_id = ANY(%(ids)s) AND owner_id = %(owner)s AND model = %(model)s
  AND vector_dims(vector) = %(width)s
"""
_WIDTH = "SELECT vector_dims(vector) FROM chat_messagevector WHERE model = %(model)s LIMIT 1"
_MADE = """
SELECT count(*) FROM (
    SELECT FROM chat_messagevector WHERE model = %(model)s LIMIT %(most)s
) made
"""
_IS_INDEXED = """
SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relname = %(name)s AND i.indisvalid AND pg_table_is_visible(c.oid)
"""
_USE_INDEX = """
SELECT set_config('hnsw.iterative_scan', 'strict_order', true),
       set_config('hnsw.ef_search', '64', true), set_config('enable_sort', 'off', true),
       set_config('hnsw.max_scan_tuples', '40000', true)
"""


@dataclass(frozen=True)
class Near:
    """A message near in meaning, and its cosine distance, 0 to 2."""

    id: UUID
    distance: float


@dataclass(frozen=True)
class Asked:
    """What is looked for, as the vector of a model."""

    model: str
    vector: NDArray[np.float32]
    # The distance beyond which messages have hardly anything in common with it.
    unrelated: float


def serving() -> Embedder:
    """Return the embedder whose vectors searches compare. One SQL query.

    Raises EmbeddingError if it cannot be made any more, because the settings do not name it: then
    search by meaning goes on when the vectors of the wanted one are made.
    """
    name = ServingModel.objects.values_list("name", flat=True).first()
    return embeddings.configured() if name is None else embeddings.embedder_named(name)


def ask(text: str) -> Asked:
    """Return the vector of what is looked for, by the serving model. Raises EmbeddingError."""
    embedder = serving()
    return Asked(embedder.name, embedder.embed_query(text), embedder.unrelated)


def nearest(
    *,
    owner_id: UUID,
    vector: NDArray[np.float32],
    model: str,
    limit: int,
    leave_out: Sequence[UUID] = (),
    exactly: bool | None = None,
) -> list[Near]:
    """Return the owner's messages nearest to a vector, the nearest first.

    Without deleted conversations and without vectors of another model or width. `exactly` says
    whether to compare every vector or to use the index; by default the owner's number of messages
    decides. Two SQL queries.
    """
    parameters = {
        "owner": owner_id,
        "vector": as_text(vector),
        "model": model,
        "width": len(vector),
        "leave_out": list(leave_out),
        "limit": limit,
    }
    if exactly is None:
        exactly = not (_has_many(owner_id) and is_indexed(model))
    plain = "vector <=> %(vector)s::vector"
    if exactly:
        # An expression that no index serves.
        rows = _rows(_NEAREST.format(distance=plain, order=f"({plain}) + 0"), parameters)
    else:
        kind = index_type(len(vector))
        order = f"(vector::{kind}) <=> %(vector)s::{kind}"
        with transaction.atomic():
            _rows(_USE_INDEX, {})
            rows = _rows(_NEAREST.format(distance=plain, order=order), parameters)
            _rows("SELECT set_config('enable_sort', 'on', true)", {})
    return [Near(id_, float(distance)) for id_, distance in rows]


def distances(*, owner_id: UUID, asked: Asked, ids: Sequence[UUID]) -> dict[UUID, float]:
    """Return the cosine distance of each message that has a vector. One SQL query, or none."""
    if not ids:
        return {}
    parameters = {
        "owner": owner_id,
        "vector": as_text(asked.vector),
        "model": asked.model,
        "width": len(asked.vector),
        "ids": list(ids),
    }
    return {id_: float(distance) for id_, distance in _rows(_DISTANCES, parameters)}


def as_text(vector: NDArray[np.float32]) -> str:
    """Return a vector as PostgreSQL reads it."""
    plain = np.ascontiguousarray(vector, dtype=np.float32)
    return orjson.dumps(plain, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def width_of(model: str) -> int:
    """Return how wide the vectors of a model are; 0 where there are none. One SQL query."""
    return next((width for (width,) in _rows(_WIDTH, {"model": model})), 0)


def index_name(model: str) -> str:
    return f"message_meaning_{hashlib.sha256(model.encode()).hexdigest()[:12]}"


def index_type(width: int) -> str:
    """Return the type that an index has for vectors of a width; "" if none takes them."""
    if width <= INDEXED_WIDTH:
        return f"vector({width})"
    return f"halfvec({width})" if width <= INDEXED_HALF_WIDTH else ""


def is_indexed(model: str) -> bool:
    """Tell whether the vectors of a model have an index. One SQL query a minute, or none."""
    if model in _with_index:
        return True
    if _without_index.get(model, 0.0) > time.monotonic():
        return False
    ((count,),) = _rows(_IS_INDEXED, {"name": index_name(model)})
    if count:
        _with_index.add(model)
    else:
        _without_index[model] = time.monotonic() + COUNTED_SECONDS
    return bool(count)


def make_index(model: str) -> None:
    """Make the index of a model's vectors, where it pays and is not there. May take minutes."""
    width = width_of(model)
    kind = index_type(width) if width else ""
    name = index_name(model)
    ((count,),) = _rows(_MADE, {"model": model, "most": INDEX_FROM})
    ((is_there,),) = _rows(_IS_INDEXED, {"name": name})
    if not kind or count < INDEX_FROM or is_there:
        return
    operators = f"{kind.partition('(')[0]}_cosine_ops"
    # Messages go on being written and searched meanwhile; a transaction cannot do it like that.
    beside = "" if connection.in_atomic_block else "CONCURRENTLY"
    with connection.cursor() as cursor:
        # What is left of an attempt that was cut off.
        cursor.execute(f"DROP INDEX {beside} IF EXISTS {name}")
        cursor.execute(
            f"CREATE INDEX {beside} {name} ON chat_messagevector "
            f"USING hnsw ((vector::{kind}) {operators}) WHERE model = %s",
            [model],
        )


def drop_index(model: str) -> None:
    """Remove the index of a model's vectors, if it has one."""
    beside = "" if connection.in_atomic_block else "CONCURRENTLY"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {beside} IF EXISTS {index_name(model)}")
    _with_index.discard(model)


def _has_many(owner_id: UUID) -> bool:
    """Tell whether an owner has too many messages to compare every vector."""
    if owner_id in _with_many:
        return True
    if _with_few.get(owner_id, 0.0) > time.monotonic():
        return False
    ((count, of_all),) = _rows(_COUNT, {"owner": owner_id, "most": EXACT_MOST + 1})
    if count > EXACT_MOST:
        _with_many.add(owner_id)
        return True
    many = bool(count > EXACT_ALWAYS and count * 3 > of_all)
    if count <= EXACT_ALWAYS // 2:
        if len(_with_few) > 10_000:
            _with_few.clear()
        _with_few[owner_id] = time.monotonic() + COUNTED_SECONDS
    return many


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
