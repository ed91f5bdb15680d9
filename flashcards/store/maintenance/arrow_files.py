"""Both tables to files and back: Arrow IPC, which needs no LanceDB to be read.

The files hold the rows as they are, not LanceDB's own files: no old versions, no indexes, and the
same from a folder, a bucket or LanceDB Cloud.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from flashcards.store.due import due_queue
from flashcards.store.journal import journal
from flashcards.store.lance import tables, upgrades
from flashcards.store.lance.schema import EVERYTHING, FLASHCARDS, REVIEW_LOGS, TableSpec

TABLES = (FLASHCARDS, REVIEW_LOGS)
_BATCH_ROWS = 4_096


def write(spec: TableSpec, file: Path) -> int:
    """Write a table's rows into a file and return how many. Within `checkpoint.still()`."""
    table = tables.for_writing(spec)
    names = spec.schema.names
    batches = table.search().select(names).limit(EVERYTHING).to_batches(_BATCH_ROWS)
    rows = 0
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with (
        pa.OSFile(str(file), "wb") as sink,
        pa.ipc.new_file(sink, spec.schema, options=options) as writer,
    ):
        for batch in batches:
            columns = [batch.column(name) for name in names]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=spec.schema))
            rows += batch.num_rows
    return rows


def read(spec: TableSpec, file: Path) -> int:
    """Put a file's rows in the place of a table's and return its version.

    Rows that an older MemoryLoop wrote come into today's shape.
    """
    tables.create(spec, pa.RecordBatchReader.from_batches(spec.schema, _batches(spec, file)))
    return int(tables.for_writing(spec).version)


def versions() -> dict[str, int]:
    """Return the newest version of each table there is, whatever PostgreSQL says."""
    return {spec.name: tables.for_writing(spec).version for spec in TABLES if tables.is_there(spec)}


def count_rows() -> int:
    """Return how many rows both tables have, whatever PostgreSQL says."""
    return sum(tables.for_writing(spec).count_rows() for spec in TABLES if tables.is_there(spec))


def go_back(before: dict[str, int]) -> None:
    """Give the tables the rows again that they had at these versions; drop those not named."""
    for spec in TABLES:
        if spec.name in before:
            table: Any = tables.for_writing(spec)
            table.checkout(before[spec.name])
            table.restore()
        else:
            drop(spec)
    clear_cache()


def drop(spec: TableSpec) -> None:
    """Remove a table that may be there."""
    if tables.is_there(spec):
        tables.database().drop_table(spec.name)
    tables.clear_cache()


def clear_cache() -> None:
    """Drop what this process remembers of a store that was exchanged."""
    for module in (journal, due_queue, tables):
        module.clear_cache()


def _batches(spec: TableSpec, file: Path) -> Iterator[pa.RecordBatch]:
    with pa.memory_map(str(file)) as source, pa.ipc.open_file(source) as reader:
        for number in range(reader.num_record_batches):
            rows = pa.Table.from_batches([reader.get_batch(number)])
            yield from upgrades.current_rows(spec, rows).cast(spec.schema).to_batches()
