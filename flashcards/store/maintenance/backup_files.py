"""Backup files: both tables as Arrow IPC files and back, which needs no LanceDB to be read.

The files hold the rows as they are, not LanceDB's own files: no old versions, no indexes, and the
same from a folder, a bucket or LanceDB Cloud.
"""

import contextlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.db import connection, transaction

from flashcards.models import StoreVersions
from flashcards.store.errors import StoreError, TablesChanged
from flashcards.store.lance import tables, upgrades
from flashcards.store.maintenance import caches, checkpoint
from flashcards.store.protocol.handles import RowsOf
from flashcards.store.rows.schema import (
    EVERYTHING,
    FLASHCARDS,
    REVIEW_LOGS,
    SCHEMA_VERSION,
    TableSpec,
)

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
    schema: int = SCHEMA_VERSION
    # Of an older store, by name: the tables at these versions, in the shape that they had.
    older: dict[str, Any] = field(default_factory=dict)
    engine: str = StoreVersions.Engine.LANCEDB.value

    def write_files(self, folder: Path, dumped: RowsOf) -> dict[str, int]:  # noqa: ARG002 - the dump has none of LanceDB's
        """Write each table into a file of the folder, and return its rows by the table's name."""
        if not any(self.versions.values()):
            return {spec.name: 0 for spec in TABLES}
        counts = {}
        for spec in TABLES:
            file = folder / file_name(spec.name)
            if self.older:
                table = self.older[spec.name]
                counts[spec.name] = _write(table, table.schema, file)
            else:
                table = tables.for_writing(spec)
                counts[spec.name] = _write(table, _with_vectors(spec, table), file)
        return counts


@contextlib.contextmanager
def snapshot() -> Iterator[LanceSnapshot]:
    """Hold both tables still; reviews go on meanwhile. Raises OtherSchema."""
    with checkpoint.consistent_snapshot() as recorded:
        versions = {"flashcards": recorded.flashcards, "review_logs": recorded.review_logs}
        yield LanceSnapshot(versions)


@contextlib.contextmanager
def older_snapshot() -> Iterator[LanceSnapshot]:
    """Hold a store still that an older MemoryLoop wrote, for a backup before it is upgraded.

    Its rows are those of the recorded versions, as the MemoryLoop that wrote them reads them;
    what an upgrade that was cut off has left after them is not looked at. PostgreSQL's tables may
    be older as well. Raises OtherStore if a table is missing.
    """
    with transaction.atomic():
        checkpoint.lock()
        versions, schema = _recorded()
        older = {}
        for spec in TABLES if any(versions.values()) else ():
            if not tables.is_there(spec):
                raise tables.missing(spec.name)
            with tables.translate_errors():
                # A handle of its own: those that are kept stay at the newest version.
                older[spec.name] = tables.database().open_table(spec.name)
                if versions[spec.name]:
                    older[spec.name].checkout(versions[spec.name])
        yield LanceSnapshot(versions, schema, older)


@contextlib.contextmanager
def unchanged_on_error() -> Iterator[None]:
    """Give the tables the rows and the shape again that they had, if the block raises.

    To be within a transaction, which takes back what PostgreSQL recorded of them. Raises
    TablesChanged if the tables cannot go back.
    """
    recorded, _ = _recorded()
    before = {spec.name: tables.for_writing(spec).version for spec in _there()}
    try:
        yield
    except BaseException as error:
        try:
            now = {spec.name: tables.for_writing(spec).version for spec in _there()}
            # What was recorded, not what an upgrade that was cut off had left.
            wanted = {name: recorded[name] or version for name, version in before.items()}
            if now != wanted:
                _go_back(wanted)
        except (OSError, RuntimeError, ValueError, StoreError) as second:
            raise TablesChanged(
                f"{error} And LanceDB could not go back to the versions {recorded}: {second}"
            ) from second
        raise


def _recorded() -> tuple[dict[str, int], int]:
    """Return the recorded versions of the tables and their schema, from whatever PostgreSQL has."""
    versions = {spec.name: 0 for spec in TABLES}
    with connection.cursor() as cursor:
        if StoreVersions._meta.db_table in connection.introspection.table_names(cursor):
            # Not through the model, which may have columns that the table does not have yet.
            cursor.execute("SELECT flashcards, review_logs, schema FROM flashcards_storeversions")
            if row := cursor.fetchone():
                return dict(zip(versions, row[:2], strict=True)), int(row[2])
    return versions, SCHEMA_VERSION


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
    if not any(versions.values()):
        # Nothing is left that the id could tell from another's.
        _drop_id()
    caches.clear_cache()


def count_files(folder: Path, dumped: RowsOf) -> dict[str, int]:  # noqa: ARG001 - as above
    """Read what `write_files` wrote to its end, and return its rows by the table's name.

    Of a table without a file there are none. Raises ValueError or OSError.
    """
    files = {spec.name: folder / file_name(spec.name) for spec in TABLES}
    return {name: _count(file) if file.exists() else 0 for name, file in files.items()}


def _count(file: Path) -> int:
    with pa.memory_map(str(file)) as source, pa.ipc.open_file(source) as reader:
        return sum(reader.get_batch(number).num_rows for number in range(reader.num_record_batches))


def count_rows() -> int:
    """Return how many rows both tables have, whatever PostgreSQL recorded of them."""
    return sum(tables.for_writing(spec).count_rows() for spec in _there())


def bytes_on_disk() -> int:
    """Return the size of a local store's files, old versions included; 0 if it is not local."""
    return sum(tables.bytes_on_disk(spec) or 0 for spec in TABLES)


def _there() -> list[TableSpec]:
    return [spec for spec in TABLES if tables.is_there(spec)]


def _with_vectors(spec: TableSpec, table: Any) -> pa.Schema:
    """Return today's shape of a table, with the columns of vectors that it has."""
    return pa.schema([*spec.schema, *map(table.schema.field, _vectors(spec, table.schema))])


def _write(table: Any, schema: pa.Schema, file: Path) -> int:
    """Write a table's rows, in this shape, into a file and return how many."""
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


def _drop_id() -> None:
    if tables.read_store_id() is not None:
        tables.database().drop_table(tables.ID_TABLE)
