"""Optimization: missing indexes are made, dead rows cleared away, statistics brought up to date.

PostgreSQL does the last two by itself (autovacuum); this is for after a large import or erasure.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from django.db import connection

from flashcards.store import recorded_vectors
from flashcards.store.postgres.care import indexes, relations
from flashcards.store.postgres.search import spellings, vector_index
from flashcards.store.values import KEEP_VERSIONS, OptimizedTable, TableCondition


def optimize() -> None:
    """Make missing indexes and vacuum the tables, now. Others read and write meanwhile."""
    indexes.mend()
    vector_index.make(recorded_vectors.read().serving)
    for model in relations.ALL:
        _vacuum(relations.table_of(model))


def optimize_if_due() -> bool:
    """Make the indexes that are missing; return whether any was. For the worker, each minute."""
    made = bool(indexes.mend())
    return vector_index.make_if_due(recorded_vectors.read().serving) or made


def optimize_fully(
    keep_versions: timedelta = KEEP_VERSIONS,  # noqa: ARG001 - PostgreSQL keeps what is being read
    progress: Callable[[str], None] = lambda _: None,
) -> list[OptimizedTable]:
    """Make missing indexes, forget words that no card has, and vacuum both tables.

    `progress` gets a sentence a step.
    """
    if not any(relations.rows(model).exists() for model in relations.ALL):
        return []
    progress("Looking for missing indexes")
    made = set(indexes.mend())
    serving = recorded_vectors.read().serving
    if vector_index.make(serving):
        made.add(vector_index.name(serving))
    spellings.drop_unused()
    done = []
    for name in relations.BY_NAME:
        progress(f"Vacuuming {name}")
        started = time.monotonic()
        before = _condition(name)
        for each in relations.of(name):
            _vacuum(relations.table_of(each))
        done.append(
            OptimizedTable(
                table=name,
                before=before,
                after=_condition(name),
                indexes_made=sorted(made & indexes.names(relations.of(name))),
                seconds=time.monotonic() - started,
            )
        )
    return done


def _vacuum(table: str) -> None:
    """Vacuum and analyze a table; within a transaction, which allows no more, analyze it."""
    what = "ANALYZE" if connection.in_atomic_block else "VACUUM (ANALYZE)"
    with connection.cursor() as cursor:
        cursor.execute(f"{what} {connection.ops.quote_name(table)}")


def _condition(name: str) -> TableCondition:
    size = relations.size_of(name, relations.sizes())
    return TableCondition(
        rows=relations.rows(relations.BY_NAME[name]).count(),
        bytes=size.bytes,
        dead_rows=size.dead_rows,
    )
