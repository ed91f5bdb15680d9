"""Backup files: both tables as Arrow IPC files and back, which needs no LanceDB to be read.

The files hold the rows as they are, not LanceDB's own files: no old versions, no indexes, and the
same from a folder, a bucket or LanceDB Cloud.
"""

import contextlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from flashcards.store.errors import StoreError
from flashcards.store.lance import tables, upgrades
from flashcards.store.lance.schema import (
    EVERYTHING,
    FLASHCARDS,
    REVIEW_LOGS,
    SCHEMA_VERSION,
    TableSpec,
)
from flashcards.store.maintenance import caches, checkpoint

TABLES = (FLASHCARDS, REVIEW_LOGS)
_BATCH_ROWS = 4_096
_RECORD = """
INSERT INTO public.flashcards_storeversions (id, checkpoints, flashcards, review_logs, schema)
VALUES (1, 1, {flashcards:d}, {review_logs:d}, {schema:d})
ON CONFLICT (id) DO UPDATE SET checkpoints = flashcards_storeversions.checkpoints + 1,
    flashcards = excluded.flashcards, review_logs = excluded.review_logs, schema = excluded.schema;
"""


def file_name(table: str) -> str:
    """Return the name of a table's file in a backup."""
    return f"{table}.arrow"


@dataclass(frozen=True)
class LanceSnapshot:
    """Both tables, which no checkpoint changes meanwhile; the versions that were recorded."""

    versions: dict[str, int]

    def write_files(self, folder: Path) -> dict[str, int]:
        """Write each table into a file of the folder, and return its rows by the table's name."""
        if not any(self.versions.values()):
            return {spec.name: 0 for spec in TABLES}
        return {spec.name: _write(spec, folder / file_name(spec.name)) for spec in TABLES}


@contextlib.contextmanager
def snapshot() -> Iterator[LanceSnapshot]:
    """Hold both tables still; reviews go on meanwhile. Raises OtherSchema."""
    with checkpoint.consistent_snapshot() as recorded:
        versions = {"flashcards": recorded.flashcards, "review_logs": recorded.review_logs}
        yield LanceSnapshot(versions)


@contextlib.contextmanager
def restore_files(folder: Path, names: Collection[str]) -> Iterator[str]:
    """Put the rows of the named files of a folder in the place of the tables' rows.

    Rows that an older MemoryLoop wrote come into today's shape. Yields the SQL that records this,
    for the transaction that restores PostgreSQL. When the block raises, the tables have the rows
    again that they had before; when that fails too, StoreError says so.
    """
    before = {spec.name: tables.for_writing(spec).version for spec in _there()}
    versions = {spec.name: 0 for spec in TABLES}
    try:
        for spec in TABLES:
            if file_name(spec.name) in names:
                versions[spec.name] = _read(spec, folder / file_name(spec.name))
        yield _RECORD.format(schema=SCHEMA_VERSION if any(versions.values()) else 0, **versions)
    except BaseException as error:
        try:
            _go_back(before)
        except (OSError, RuntimeError, ValueError) as second:
            raise StoreError(
                f"The restore failed ({error}), and LanceDB could not go back to the versions "
                f"{before}: mend the cause and run it again with --replace."
            ) from second
        raise
    for spec in TABLES:
        if not versions[spec.name]:
            _drop(spec)
    caches.clear_cache()


def count_rows() -> int:
    """Return how many rows both tables have, whatever PostgreSQL says."""
    return sum(tables.for_writing(spec).count_rows() for spec in _there())


def _there() -> list[TableSpec]:
    return [spec for spec in TABLES if tables.is_there(spec)]


def _write(spec: TableSpec, file: Path) -> int:
    """Write a table's rows into a file and return how many."""
    table = tables.for_writing(spec)
    # The columns of vectors are the table's own.
    there = [table.schema.field(name) for name in _vectors(spec, table.schema)]
    schema = pa.schema([*spec.schema, *there])
    names = schema.names
    batches = table.search().select(names).limit(EVERYTHING).to_batches(_BATCH_ROWS)
    rows = 0
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with (
        pa.OSFile(str(file), "wb") as sink,
        pa.ipc.new_file(sink, schema, options=options) as writer,
    ):
        for batch in batches:
            columns = [batch.column(name) for name in names]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
            rows += batch.num_rows
    return rows


def _read(spec: TableSpec, file: Path) -> int:
    """Put a file's rows in the place of a table's and return its version."""
    with pa.memory_map(str(file)) as source, pa.ipc.open_file(source) as reader:
        there = [reader.schema.field(name) for name in _vectors(spec, reader.schema)]
    schema = pa.schema([*spec.schema, *there])
    tables.create(spec, pa.RecordBatchReader.from_batches(schema, _batches(spec, schema, file)))
    return int(tables.for_writing(spec).version)


def _batches(spec: TableSpec, schema: pa.Schema, file: Path) -> Iterator[pa.RecordBatch]:
    vectors = _vectors(spec, schema)
    with pa.memory_map(str(file)) as source, pa.ipc.open_file(source) as reader:
        for number in range(reader.num_record_batches):
            rows = pa.Table.from_batches([reader.get_batch(number)])
            yield from upgrades.current_rows(spec, rows, vectors).cast(schema).to_batches()


def _vectors(spec: TableSpec, schema: pa.Schema) -> list[str]:
    """Return the columns of a schema that have vectors."""
    is_vector = pa.types.is_fixed_size_list
    return [f.name for f in schema if is_vector(f.type) and f.name not in spec.schema.names]


def _go_back(before: Mapping[str, int]) -> None:
    """Give the tables the rows again that they had at these versions; drop those not named."""
    for spec in TABLES:
        if spec.name in before:
            table: Any = tables.for_writing(spec)
            table.checkout(before[spec.name])
            table.restore()
        else:
            _drop(spec)
    caches.clear_cache()


def _drop(spec: TableSpec) -> None:
    """Remove a table that may be there."""
    if tables.is_there(spec):
        tables.database().drop_table(spec.name)
    tables.clear_cache()
