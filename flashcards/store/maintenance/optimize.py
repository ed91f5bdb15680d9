"""Optimization: the tables compacted, their indexes kept up, old versions pruned."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flashcards.models import StoreVersions
from flashcards.store.lance import tables
from flashcards.store.maintenance import checkpoint
from flashcards.store.maintenance import recorded as records
from flashcards.store.rows import vector_sets
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS, TableSpec
from flashcards.store.values import KEEP_VERSIONS, OptimizedTable, TableCondition, VectorSets

# Readers slow down with each unmerged fragment (57 ms a card behind 300 of them) and with each row
# that no index knows: words are looked for in 5,000 such rows for 30 ms.
FRAGMENTS_MOST = 20
UNINDEXED_ROWS_MOST = 1_500
# LanceDB writes the last part of a table anew, up to a million rows, and whole indexes. With many
# learners that is due again after each checkpoint, and no checkpoint runs meanwhile. So after one
# that took long, the next begins only when so many times as long has passed.
LONG_SECONDS = 10.0
REST = 4


@dataclass
class LastRun:
    """When the last optimization that was due ended in this process, and how long it took."""

    ended: float = -math.inf
    seconds: float = 0.0

    @property
    def is_resting(self) -> bool:
        passed = time.monotonic() - self.ended
        return self.seconds > LONG_SECONDS and passed < REST * self.seconds


_last = LastRun()


def optimize_if_due() -> bool:
    """Optimize the tables once enough was written to slow readers down; return whether it was.

    For the worker, after a checkpoint. Nothing waits for it but the next checkpoint. Where it takes
    long, a worker spends a fifth of its time on it.
    """
    if _last.is_resting:
        return False
    recorded = StoreVersions.objects.filter(id=1).first() or StoreVersions()
    versions = ((FLASHCARDS, recorded.flashcards), (REVIEW_LOGS, recorded.review_logs))
    due = [
        spec
        for spec, version in versions
        if _is_due(spec, tables.existing(spec, version, recorded.store_id))
    ]
    if due:
        begun = time.monotonic()
        optimize(due)
        _last.ended = time.monotonic()
        _last.seconds = _last.ended - begun
    return bool(due)


def optimize(specs: Sequence[TableSpec] = (FLASHCARDS, REVIEW_LOGS)) -> None:
    """Make missing indexes, compact fragments and prune old versions, now."""
    with checkpoint.exclusive(same_rows=True) as recorded:
        for spec in specs:
            sets = vector_sets.from_json(recorded.vectors)
            checkpoint.optimize_table(spec, tables.for_writing(spec), sets=sets)
        records.record_tables(recorded)


def _is_due(spec: TableSpec, table: Any | None) -> bool:
    if table is None:
        return False
    indexes = tables.wait_for(table.list_indices())
    names = {column: index.name for index in indexes for column in index.columns}
    if not all(column in names for column, _ in spec.indexes):
        return True
    if tables.is_cloud():
        return False
    stats = tables.wait_for(table.index_stats(names["id"]))
    fragments = tables.wait_for(table.stats())["fragment_stats"]["num_fragments"]
    return bool(fragments > FRAGMENTS_MOST or stats.num_unindexed_rows > UNINDEXED_ROWS_MOST)


def optimize_fully(
    keep_versions: timedelta = KEEP_VERSIONS, progress: Callable[[str], None] = lambda _: None
) -> list[OptimizedTable]:
    """Move what is pending, then compact both tables under the checkpoint's lock.

    Reviews go on meanwhile: they wait in the journal. `progress` gets a sentence a step. A reader
    that holds a version older than `keep_versions` fails once: keep what a request may last.
    """
    progress("Moving what is pending in the journal")
    checkpoint.run_until_empty()
    done = []
    with checkpoint.exclusive() as recorded:
        if not (recorded.flashcards or recorded.review_logs):
            return []
        for spec in (FLASHCARDS, REVIEW_LOGS):
            progress(f"Compacting {spec.name} and its indexes")
            done.append(_optimize(spec, keep_versions, vector_sets.from_json(recorded.vectors)))
        records.record_tables(recorded)
    return done


def _optimize(spec: TableSpec, keep_versions: timedelta, sets: VectorSets) -> OptimizedTable:
    started = time.monotonic()
    table = tables.for_writing(spec)
    before, indexed = _condition(spec, table), _indexed(table)
    # Of zero LanceDB warns; the docstring above and the command's help do, too.
    kept = max(keep_versions, timedelta(milliseconds=1))
    checkpoint.optimize_table(spec, table, kept, sets=sets)
    table = tables.for_writing(spec)
    return OptimizedTable(
        table=spec.name,
        before=before,
        after=_condition(spec, table),
        indexes_made=sorted(_indexed(table) - indexed),
        seconds=time.monotonic() - started,
    )


def _indexed(table: Any) -> set[str]:
    return {column for index in table.list_indices() for column in index.columns}


def _condition(spec: TableSpec, table: Any) -> TableCondition:
    stats = table.stats()
    return TableCondition(
        rows=stats["num_rows"],
        fragments=stats["fragment_stats"]["num_fragments"],
        versions=len(table.list_versions()),
        bytes=tables.bytes_on_disk(spec),
    )
