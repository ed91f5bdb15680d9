"""Optimization: missing indexes are made, words of no card removed, dead rows cleared away.

PostgreSQL does the last by itself (autovacuum), and keeps its statistics up; both are done here for
after a large import or erasure.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from django.db import connection

from flashcards.models import ReviewRow
from flashcards.store.postgres.care import indexes, relations, vector_upkeep
from flashcards.store.postgres.search import spellings
from flashcards.store.values import KEEP_VERSIONS, OptimizedTable, TableCondition


def optimize() -> None:
    """Make missing indexes and vacuum the tables, now. Others read and write meanwhile."""
    indexes.mend()
    vector_upkeep.make()
    spellings.drop_unused()
    for model in relations.ALL:
        _vacuum(relations.table_of(model))


def optimize_if_due() -> bool:
    """Make the indexes that are missing; return whether any was. For the worker, each minute."""
    mended = indexes.mend()
    return bool(vector_upkeep.make(if_due=True) or mended)


def optimize_fully(
    keep_versions: timedelta = KEEP_VERSIONS,  # noqa: ARG001 - PostgreSQL keeps what is being read
    progress: Callable[[str], None] = lambda _: None,
) -> list[OptimizedTable]:
    """Make missing indexes and vacuum both tables. `progress` gets a sentence a step."""
    if not any(relations.rows(model).exists() for model in relations.ALL):
        return []
    progress("Looking for missing indexes")
    made = {*indexes.mend(), *vector_upkeep.make()}
    of_logs = made & indexes.names([ReviewRow])
    progress("Removing words that no card has any more")
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
                indexes_made=sorted(of_logs if name == "review_logs" else made - of_logs),
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
