"""The switch from one embedding model to another: begun, finished by one commit, or given up.

Searches read which set serves before they compare anything, so that each is of one model. Until the
commit they read the set that serves, which is kept up meanwhile.
"""

import contextlib
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from flashcards.models import CardRow, StoreVersions
from flashcards.store import failpoints, recorded_vectors
from flashcards.store.errors import EngineChanged
from flashcards.store.postgres.search import vector_index
from flashcards.store.rows import vector_sets
from flashcards.store.values import VectorSets

# Vectors that are removed in one transaction.
_BATCH_ROWS = 10_000
_DROP = """
DELETE FROM flashcards_cardvector WHERE id = ANY(ARRAY(
    SELECT id FROM flashcards_cardvector WHERE "column" = %s LIMIT %s
))
"""


def begin(model: str, dimensions: int, unrelated: float) -> VectorSets:
    """Have a set of a model's vectors come, in place of another that was to. Return the sets.

    With the model that serves already, all vectors are made anew. `unrelated` is the cosine
    distance beyond which texts are unrelated for it.
    """
    with _changing() as recorded:
        before = vector_sets.from_json(recorded.vectors)
        sets = recorded_vectors.with_coming(before, model, dimensions, unrelated)
        recorded.vectors = sets.to_json()
    failpoints.reach("vectors-begun")
    return sets


def give_up() -> None:
    """Have no other set of vectors come."""
    with _changing() as recorded:
        sets = vector_sets.from_json(recorded.vectors)
        recorded.vectors = sets.without_coming(time.time()).to_json()


def finish() -> bool:
    """Have the coming set serve if no card lacks a vector in it that has one in the other.

    Tells whether it does. The index of its vectors is made first, while the other serves.
    """
    sets = recorded_vectors.read()
    if sets.coming is None or not _all_there(sets):
        return False
    vector_index.make(sets.coming)
    failpoints.reach("vectors-indexed")
    with _changing() as recorded:
        # Whoever writes vectors waits, so that none of the other set comes after the look.
        sets = vector_sets.from_json(recorded.vectors)
        if sets.coming is None or not _all_there(sets):
            return False
        recorded.vectors = sets.switched(time.time()).to_json()
        # What processes keep of cards in memory has the vectors of the other set.
        recorded.rebuilt = _next_change()
        failpoints.reach("vectors-before-switch")
    failpoints.reach("vectors-switched")
    return True


def owners_to_embed() -> list[UUID]:
    """Return the owners of cards that lack a vector in the newest set. Two SQL queries."""
    sets = recorded_vectors.read()
    lacking = CardRow.objects.exclude(embedding_model=sets.filled[-1].key)
    if sets.coming is None:
        # Of cards in the trash only the vectors that there are have to be in both sets.
        lacking = lacking.filter(deleted_at=None)
    found = lacking.order_by().values_list("owner_id", flat=True).distinct()
    return sorted(found, key=str)


def drop_retired() -> int:
    """Remove the vectors that nobody has asked for during the last hour. Return how many sets."""
    gone = recorded_vectors.long_retired(recorded_vectors.read())
    for column in gone:
        vector_index.drop_of(column)
        with connection.cursor() as cursor:
            removed = _BATCH_ROWS
            while removed == _BATCH_ROWS:
                cursor.execute(_DROP, [column, _BATCH_ROWS])
                removed = cursor.rowcount
    if gone:
        with _changing() as recorded:
            sets = vector_sets.from_json(recorded.vectors)
            recorded.vectors = sets.without_retired(gone).to_json()
    return len(gone)


def _all_there(sets: VectorSets) -> bool:
    """Tell whether each card that has a vector in the serving set has one in the coming one."""
    lacking = recorded_vectors.lacking(sets)
    return not CardRow.objects.filter(embedding_model__in=lacking).exists()


@contextlib.contextmanager
def _changing() -> Iterator[Any]:
    """Give what is recorded of the store to change, while nobody writes vectors."""
    with transaction.atomic():
        recorded_vectors.hold_alone()
        engine = StoreVersions.Engine.POSTGRESQL
        StoreVersions.objects.get_or_create(id=1, defaults={"engine": engine})
        recorded = StoreVersions.objects.select_for_update().get(id=1)
        if recorded.engine != engine:
            raise EngineChanged("The cards are in LanceDB now.")
        yield recorded
        recorded.save(update_fields=["vectors", "rebuilt"])


def _next_change() -> int:
    """Return the number of a change that is none of a card, as after it everything is read anew."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('flashcards_journalentry_id_seq')")
        (number,) = cursor.fetchone()
    return int(number)
