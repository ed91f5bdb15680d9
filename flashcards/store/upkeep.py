"""Compact the tables, keep their indexes up and prune old versions, when somebody asks for it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flashcards.store import checkpoint, tables
from flashcards.store.checkpoint import KEEP_VERSIONS
from flashcards.store.schema import FLASHCARDS, REVIEW_LOGS, TableSpec


@dataclass(frozen=True)
class Condition:
    """How a table is: the fewer fragments and versions, the sooner it answers."""

    rows: int
    fragments: int
    versions: int
    # On the disk of a local store, old versions included; None elsewhere.
    bytes: int | None


@dataclass(frozen=True)
class Upkeep:
    """What was done for one table."""

    table: str
    before: Condition
    after: Condition
    indexes_made: list[str]
    seconds: float


def optimize(
    keep_versions: timedelta = KEEP_VERSIONS, progress: Callable[[str], None] = lambda _: None
) -> list[Upkeep]:
    """Move what is pending, then mend both tables under the checkpoint's lock.

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
            done.append(_optimize(spec, keep_versions))
        recorded.flashcards = tables.for_writing(FLASHCARDS).version
        recorded.review_logs = tables.for_writing(REVIEW_LOGS).version
    return done


def _optimize(spec: TableSpec, keep_versions: timedelta) -> Upkeep:
    started = time.monotonic()
    table = tables.for_writing(spec)
    before, indexed = _condition(spec, table), _indexed(table)
    # Of zero LanceDB warns; the docstring above and the command's help do, too.
    checkpoint.tend_table(spec, table, max(keep_versions, timedelta(milliseconds=1)))
    table = tables.for_writing(spec)
    return Upkeep(
        table=spec.name,
        before=before,
        after=_condition(spec, table),
        indexes_made=sorted(_indexed(table) - indexed),
        seconds=time.monotonic() - started,
    )


def _indexed(table: Any) -> set[str]:
    return {column for index in table.list_indices() for column in index.columns}


def _condition(spec: TableSpec, table: Any) -> Condition:
    stats = table.stats()
    return Condition(
        rows=stats["num_rows"],
        fragments=stats["fragment_stats"]["num_fragments"],
        versions=len(table.list_versions()),
        bytes=tables.bytes_on_disk(spec),
    )
