"""The switch from one embedding model to another: begun, finished by one commit, or given up.

Readers see the sets of vectors with the versions of the tables, in one SQL query, so that each
search is of one model. Until the commit they read the set that serves, which is kept up meanwhile.
"""

import time
from uuid import UUID

from flashcards.models import StoreVersions
from flashcards.store import failpoints, recorded_vectors
from flashcards.store.journal.pending import read_pending
from flashcards.store.lance import sql, tables
from flashcards.store.lance.stored import table_of
from flashcards.store.maintenance import checkpoint
from flashcards.store.maintenance import recorded as records
from flashcards.store.maintenance.apply_entries import add_columns
from flashcards.store.repository.manager import cards
from flashcards.store.rows import vector_sets
from flashcards.store.rows.filters import Expression, Not, all_of, condition
from flashcards.store.rows.schema import EVERYTHING, FLASHCARDS
from flashcards.store.values import VectorSets


def begin(model: str, dimensions: int, unrelated: float) -> VectorSets:
    """Have a set of a model's vectors come, in place of another that was to. Return the sets.

    With the model that serves already, all vectors are made anew. `unrelated` is the cosine
    distance beyond which texts are unrelated for it.
    """
    with checkpoint.exclusive(same_rows=True) as recorded:
        recorded_vectors.hold_alone()
        before = vector_sets.from_json(recorded.vectors)
        sets = recorded_vectors.with_coming(before, model, dimensions, unrelated)
        if sets is before:
            return sets
        _record(recorded, sets)
    failpoints.reach("vectors-begun")
    return sets


def give_up() -> None:
    """Have no other set of vectors come."""
    with checkpoint.exclusive(same_rows=True) as recorded:
        recorded_vectors.hold_alone()
        sets = vector_sets.from_json(recorded.vectors)
        _record(recorded, sets.without_coming(time.time()))


def finish() -> bool:
    """Have the coming set serve if no card lacks a vector in it that has one in the other.

    Tells whether it does. The index of its vectors is made first, while the other serves.
    """
    if not _all_there():
        return False
    checkpoint.run_until_empty()
    with checkpoint.exclusive(same_rows=True) as recorded:
        sets = vector_sets.from_json(recorded.vectors)
        if sets.coming is None:
            return False
        if recorded.flashcards:
            checkpoint.index_vectors(tables.for_writing(FLASHCARDS), sets.coming)
            records.record_tables(recorded)
    failpoints.reach("vectors-indexed")
    with checkpoint.exclusive(same_rows=True) as recorded:
        # Whoever writes vectors waits, so that none of the other set comes after the look.
        recorded_vectors.hold_alone()
        sets = vector_sets.from_json(recorded.vectors)
        if sets.coming is None or not _all_there():
            return False
        recorded.vectors = sets.switched(time.time()).to_json()
        # What processes keep of cards in memory has the vectors of the other set.
        recorded.checkpoints += 1
        recorded.rebuilt = recorded.checkpoints
        failpoints.reach("vectors-before-switch")
    failpoints.reach("vectors-switched")
    return True


def owners_to_embed() -> list[UUID]:
    """Return the owners of cards that lack a vector in the newest set; a few too many, perhaps."""
    pending = read_pending(None)
    sets = pending.stored.vectors
    key = sets.filled[-1].key
    owners = {each.owner_id for each in pending.cards.values() if each.embedding_model != key}
    table = table_of(FLASHCARDS, None, pending)
    if table is not None:
        lacking: Expression = Not(condition(FLASHCARDS, "embedding_model", key))
        if sets.coming is None:
            # Of cards in the trash only the vectors that there are have to be in both sets.
            lacking = all_of([lacking, condition(FLASHCARDS, "deleted_at__isnull", True)])
        scan = table.query().where(sql.where(lacking)).select(["owner_id"]).limit(EVERYTHING)
        owners |= {
            UUID(owner_id) for owner_id in tables.fetch(scan)["owner_id"].unique().to_pylist()
        }
    return sorted(owners - pending.erased, key=str)


def drop_retired() -> int:
    """Remove the columns that nobody has asked for during the last hour. Return how many."""
    if not recorded_vectors.long_retired(recorded_vectors.read()):
        return 0
    with checkpoint.exclusive(same_rows=True) as recorded:
        sets = vector_sets.from_json(recorded.vectors)
        gone = recorded_vectors.long_retired(sets)
        table = tables.for_writing(FLASHCARDS)
        if there := [column for column in gone if column in table.schema.names]:
            table.drop_columns(there)
            records.record_tables(recorded)
        recorded.vectors = sets.without_retired(gone).to_json()
    return len(gone)


def _all_there() -> bool:
    """Tell whether each card that has a vector in the serving set has one in the coming one."""
    sets = recorded_vectors.read()
    if sets.coming is None:
        return False
    others = recorded_vectors.lacking(sets)
    return not cards.all_owners().with_deleted().filter(embedding_model__in=others).exists()


def _record(recorded: StoreVersions, sets: VectorSets) -> None:
    recorded.vectors = sets.to_json()
    if recorded.flashcards:
        add_columns(tables.for_writing(FLASHCARDS), sets)
        records.record_tables(recorded)
