"""Search by meaning: one owner's cards, those nearest to a vector first.

Of an owner with few vectors every one is compared. Where they are many the index finds them, which
goes on looking until enough of what it finds is theirs.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from pgvector import HalfVector

from flashcards.domain.records import Flashcard
from flashcards.store import asked
from flashcards.store.postgres.changes import read_pending
from flashcards.store.postgres.search import records, vector_index
from flashcards.store.values import FARTHEST, Asked, VectorSet, VectorSets

# What is read beyond what is asked for, in the place of cards in the trash or with other words now;
# and how many times as much where that was too little.
SPARE = 5
DEEPER = 8
# What the index keeps in view at least. Of ten neighbours among 100,000 cards it then finds all;
# with 100, only 8 where a text is between two topics.
EF_LEAST = 300
# Until then nobody asks again whether the index pays for an owner.
KNOWN_SECONDS = 600.0
KNOWN_MOST = 10_000
# By owner: until when it is known whether the index pays, for which column, and whether it does.
_known: "OrderedDict[UUID, tuple[float, str, bool]]" = OrderedDict()

_NEAREST = """
SELECT card_id, vector <=> %s::halfvec AS distance FROM flashcards_cardvector
WHERE owner_id = %s AND "column" = '{column}' AND vector_dims(vector) = {dimensions}
ORDER BY {order} LIMIT %s
"""
# An expression that no index has.
_EVERY_ONE = "(vector <=> %s::halfvec) + 0"
_BY_INDEX = "vector::halfvec({dimensions}) <=> %s::halfvec({dimensions})"
_USE_INDEX = """
SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true),
    set_config('hnsw.ef_search', %s, true), set_config('hnsw.max_scan_tuples', '100000', true)
"""
_EF_MOST = 1_000


def by_meaning(
    owner_id: UUID, vector: Asked, *, limit: int, max_distance: float = FARTHEST
) -> list[Flashcard]:
    """Return the cards nearest to a vector, nearest first; cosine distance, 0 to 2.

    The vector is of the serving model, or a function that returns the one of the model it is given.
    Cards that have no vector yet are absent.
    """
    return [card for _, card in nearest(owner_id, vector, limit=limit, max_distance=max_distance)]


def nearest(
    owner_id: UUID, vector: Asked, *, limit: int, max_distance: float = FARTHEST
) -> list[tuple[float, Flashcard]]:
    """Return what `by_meaning` does, each card behind its distance. Three SQL queries, or more."""
    sets = read_pending(owner_id).stored.vectors
    if limit <= 0:
        return []
    wanted = asked.vector(vector, sets.serving)
    by_index = _index_pays(owner_id, sets.serving)
    depth = limit + SPARE
    while True:
        distances = distances_of(owner_id, wanted, sets.serving, depth, by_index=by_index)
        near = _living(owner_id, sets, distances)
        if len(near) >= limit or len(distances) < depth:
            break
        depth *= DEEPER
    near.sort(key=lambda each: (each[0], str(each[1].id)))
    return [(distance, card) for distance, card in near[:limit] if distance <= max_distance]


def distances_of(
    owner_id: UUID, wanted: Any, serving: VectorSet, depth: int, *, by_index: bool
) -> dict[UUID, float]:
    """Return the owner's cards nearest to a vector, with their distances, whatever has become of
    the cards.
    """
    text = HalfVector(np.asarray(wanted, np.float32)).to_text()
    parameters = [text, owner_id, text, depth]
    if not by_index:
        return _distances(_NEAREST.format(order=_EVERY_ONE, **_named(serving)), parameters)
    order = _BY_INDEX.format(dimensions=serving.dimensions)
    with transaction.atomic():
        _rows(_USE_INDEX, [str(min(max(EF_LEAST, depth), _EF_MOST))])
        return _distances(_NEAREST.format(order=order, **_named(serving)), parameters)


def clear_cache() -> None:
    """Drop what is known of owners, as between tests."""
    _known.clear()


def _named(serving: VectorSet) -> dict[str, Any]:
    return {"column": serving.column, "dimensions": serving.dimensions}


def _distances(sql: str, parameters: Sequence[Any]) -> dict[UUID, float]:
    # Nothing is near to a vector of zeros.
    return {card_id: float(far) for card_id, far in _rows(sql, parameters) if far == far}


def _living(
    owner_id: UUID, sets: VectorSets, distances: dict[UUID, float]
) -> list[tuple[float, Flashcard]]:
    """Return those of the cards that are not in the trash, and whose words are those embedded."""
    cards = records.by_ids(owner_id, list(distances))
    return [(distances[card.id], card) for card in cards if sets.serves(card.embedding_model)]


def _index_pays(owner_id: UUID, serving: VectorSet) -> bool:
    """Tell whether the index finds an owner's nearest sooner. An SQL query now and then."""
    until, column, pays = _known.get(owner_id, (0.0, "", False))
    if until < time.monotonic() or column != serving.column:
        pays = vector_index.pays_for(owner_id, serving)
        _known[owner_id] = time.monotonic() + KNOWN_SECONDS, serving.column, pays
        while len(_known) > KNOWN_MOST:
            _known.popitem(last=False)
    return pays


def _rows(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
