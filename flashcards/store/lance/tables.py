"""The tables of the LanceDB database that LANCEDB_URI names, opened once in each process.

LanceDB is imported when first used: it takes a while, which no other command should pay.

Readers use LanceDB's asynchronous interface and wait for its answer: the synchronous one goes to
an event loop and back six times for each read, which takes as long as to read a card by its id.
They never create anything, and a table is brought up to the version that PostgreSQL recorded before
it is read. The checkpoint writes through the synchronous interface.
"""

import asyncio
import contextlib
import datetime
import functools
import os
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pyarrow as pa
from django.conf import settings

from flashcards.store.errors import OtherStore, StoreError
from flashcards.store.rows.schema import Index, TableSpec
from memoryloop import durable_files, installation

# What LanceDB may keep of files' metadata in each process; of indexes, LANCEDB_INDEX_CACHE_MB says.
METADATA_CACHE_BYTES = 48 * 1024**2

# LanceDB warns of each part of a vector index to which no vector is nearest ("partition 3 is empty,
# skipping"). That is no fault: cards that mean the same, or were deleted, leave parts empty. What
# it logs is set by module and level, once, at its import; the environment comes first.
_LOG = "warn,lance::index::vector::builder=error"
os.environ.setdefault("LANCEDB_LOG", _LOG)

# A table of one row, with the id of the store; PostgreSQL keeps the same.
ID_TABLE = "store"

T = TypeVar("T")

_lock = threading.Lock()
# By address and name.
_readers: dict[tuple[str, str], "Reader"] = {}
_writers: dict[tuple[str, str], Any] = {}


@dataclass
class Reader:
    """One table for reading, shared by the threads of this process, and its known version."""

    # LanceDB's AsyncTable.
    table: Any
    version: int
    # The id that LanceDB had of the store when the table was opened.
    store_id: UUID | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    # Its columns that have an index, and the recorded version at which that was looked up.
    indexed: frozenset[str] = frozenset()
    indexed_at: int = 0

    def catch_up(self, version: int) -> None:
        """Make the table at least this recent. Raises OtherStore if storage does not have it."""
        if self.version >= version:
            return
        with self.lock:
            if self.version >= version:
                return
            self.version = wait_for(self._newest())
        if self.version < version:
            raise older(self.version, version)

    async def _newest(self) -> int:
        await self.table.checkout_latest()
        return int(await self.table.version())


def load() -> None:
    """Import what takes a while to import when a table is first read."""
    import lancedb  # noqa: F401

    # Arrow's own pool keeps 30 MB of what was freed; the C library can be told to give it back.
    pa.set_memory_pool(pa.system_memory_pool())


def database() -> Any:
    """Connect to LANCEDB_URI, for writing. No I/O for a folder."""
    import lancedb

    return lancedb.connect(settings.LANCEDB_URI, **_connection())


def _connection() -> dict[str, Any]:
    """Return what to connect with, besides the address."""
    if is_cloud():
        cloud: dict[str, Any] = settings.LANCEDB_CLOUD
        return cloud
    if is_local():
        durable_files.make_folder(Path(settings.LANCEDB_URI))
        return {"session": _session()}
    return {"storage_options": settings.LANCEDB_STORAGE_OPTIONS, "session": _session()}


@functools.cache
def _session() -> Any:
    """Return the caches of this process: LanceDB's own would take up to 7 GB."""
    import lancedb

    return lancedb.Session(
        index_cache_size_bytes=settings.LANCEDB_INDEX_CACHE_MB * 1024**2,
        metadata_cache_size_bytes=METADATA_CACHE_BYTES,
    )


def ordering(name: str) -> Any:
    """Return LanceDB's form of `due` or `-due`. Missing values are the smallest."""
    from lancedb.query import ColumnOrdering

    descending = name.startswith("-")
    return ColumnOrdering(
        column_name=name.lstrip("-"), ascending=not descending, nulls_first=not descending
    )


def index_config(kind: Index) -> Any:
    """Return LanceDB's configuration of an index."""
    from lancedb.index import FTS, BTree, IvfRq, LabelList

    if kind is Index.LABELS:
        return LabelList()
    if kind is Index.WORDS:
        # The keys are ready-made (search_keys.py), and each stays as it is.
        return FTS(
            base_tokenizer="whitespace",
            lower_case=False,
            stem=False,
            remove_stop_words=False,
            ascii_folding=False,
            max_token_length=None,
        )
    if kind is Index.VECTOR:
        # A bit for each number, a thirtieth of the memory of the vectors: it names candidates, and
        # `search` compares those by their vectors.
        return IvfRq(distance_type="cosine")
    return BTree()


def fetch(scan: Any) -> Any:
    """Run a scan of a reader's table and return its Arrow table. Raises StoreError."""
    return wait_for(scan.to_arrow())


def stream(scan: Any, rows: int) -> Iterator[Any]:
    """Run a scan and yield batches of at most so many rows. Raises StoreError."""
    batches = wait_for(scan.to_batches(max_batch_length=rows))
    while (batch := wait_for(_next(batches))) is not None:
        yield batch


async def _next(batches: Any) -> Any | None:
    return await anext(batches, None)


def wait_for(answer: Coroutine[Any, Any, T]) -> T:
    """Wait for an answer of a reader's table. Raises StoreError for whatever LanceDB raises."""
    return result(start(answer))


def start(answer: Coroutine[Any, Any, T]) -> "Future[T]":
    """Have LanceDB begin with an answer, which `result` waits for."""
    return asyncio.run_coroutine_threadsafe(answer, _loop())


def result(answer: "Future[T]") -> T:
    """Wait for what `start` began. Raises StoreError for whatever LanceDB raises."""
    with translate_errors():
        return answer.result()


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    """Return the event loop in which LanceDB answers, in a thread of its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="lancedb", daemon=True).start()
    return loop


@contextlib.contextmanager
def translate_errors() -> Iterator[None]:
    """Turn what LanceDB raises into the store's own error."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise StoreError("The card store cannot be read right now.") from error


def is_local() -> bool:
    """Return whether the files are on a disk of ours, so that fsync is ours to do."""
    return "://" not in settings.LANCEDB_URI


def is_cloud() -> bool:
    """Return whether LanceDB Cloud keeps the tables, which tends them by itself."""
    return settings.LANCEDB_URI.startswith("db://")


def create(spec: TableSpec, rows: Any = None) -> Any:
    """Make the table, with rows (an Arrow RecordBatchReader) if given; in place of one there is.

    Rows may bring further columns, of vectors.

    The versions of one that is there stay until they are pruned.
    """
    options: dict[str, Any] = {}
    if not is_cloud():
        # Stable row ids keep indexes valid across the merges of a checkpoint.
        options["storage_options"] = {"new_table_enable_stable_row_ids": "true"}
    return database().create_table(
        spec.name,
        data=rows,
        schema=spec.schema if rows is None else rows.schema,
        mode="overwrite" if is_there(spec) else "create",
        # A card without an embedding yet is what LanceDB calls a bad vector.
        on_bad_vectors="null",
        **options,
    )


def existing(spec: TableSpec, version: int, store_id: UUID | None = None) -> Any | None:
    """Return the table for reading, at `version` or later; None while it was never written.

    Raises OtherStore if it is missing, older, or of a store with another id than is given.
    """
    if version == 0:
        return None
    reader = _reader(spec)
    if None not in (store_id, reader.store_id) and store_id != reader.store_id:
        raise another()
    reader.catch_up(version)
    return reader.table


def indexed(spec: TableSpec, version: int) -> frozenset[str]:
    """Return the columns of the table that have an index at `version` or later."""
    table = existing(spec, version)
    if table is None:
        return frozenset()
    reader = _reader(spec)
    if reader.indexed_at != version:
        indexes = wait_for(table.list_indices())
        reader.indexed = frozenset(column for index in indexes for column in index.columns)
        reader.indexed_at = version
    return reader.indexed


def for_writing(spec: TableSpec) -> Any:
    """Return the newest version of the table, made if it is missing. For the checkpoint only."""
    table = _writer(spec)
    if table is None:
        create(spec)
        table = _writer(spec)
    if table is None:
        raise StoreError(f"LanceDB made the table {spec.name} and then did not list it.")
    table.checkout_latest()
    return table


def is_there(spec: TableSpec) -> bool:
    """Return whether LanceDB has the table, whatever PostgreSQL says."""
    return _writer(spec) is not None


def clear_cache() -> None:
    """Close every table, as after LANCEDB_URI changed."""
    with _lock:
        _readers.clear()
        _writers.clear()


def _reader(spec: TableSpec) -> Reader:
    key = (settings.LANCEDB_URI, spec.name)
    with _lock:
        if key not in _readers:
            store_id = read_store_id()
            _readers[key] = wait_for(_opened(spec.name, store_id))
        return _readers[key]


async def _opened(name: str, store_id: UUID | None) -> Reader:
    import lancedb

    connection = await lancedb.connect_async(settings.LANCEDB_URI, **_connection())
    if name not in (await connection.list_tables()).tables:
        raise missing(name)
    table = await connection.open_table(name)
    return Reader(table, int(await table.version()), store_id)


def _writer(spec: TableSpec) -> Any | None:
    key = (settings.LANCEDB_URI, spec.name)
    with _lock:
        if key not in _writers:
            with translate_errors():
                connection = database()
                if spec.name not in connection.list_tables().tables:
                    return None
                _writers[key] = connection.open_table(spec.name)
        return _writers[key]


def read_store_id() -> UUID | None:
    """Return the id of the store as LanceDB has it; None if it has none."""
    with translate_errors():
        connection = database()
        if ID_TABLE not in connection.list_tables().tables:
            return None
        rows = connection.open_table(ID_TABLE).search().limit(1).to_arrow()
        return UUID(rows["id"][0].as_py())


def write_store_id(store_id: UUID) -> None:
    """Have LanceDB keep this id of the store, in place of one that it has."""
    with translate_errors():
        connection = database()
        mode = "overwrite" if ID_TABLE in connection.list_tables().tables else "create"
        connection.create_table(ID_TABLE, data=pa.table({"id": [str(store_id)]}), mode=mode)
        if is_local():
            durable_files.flush_all(Path(settings.LANCEDB_URI) / f"{ID_TABLE}.lance")
            durable_files.flush(Path(settings.LANCEDB_URI))


def missing(name: str) -> OtherStore:
    return OtherStore(
        f"LanceDB at {settings.LANCEDB_URI} has no table {name}, but PostgreSQL recorded "
        "cards in it: does LANCEDB_URI point at the right place? Is its disk mounted?"
    )


def older(version: int, recorded: int) -> OtherStore:
    return OtherStore(
        f"LanceDB has version {version} of a table of which PostgreSQL recorded {recorded}: was an "
        "older copy of its files put back? Put back the newer files, or bring these up to date "
        f"with `{installation.command('recover_store')}`."
    )


def another() -> OtherStore:
    return OtherStore(
        f"The cards in LanceDB at {settings.LANCEDB_URI} belong to another PostgreSQL database: "
        "does LANCEDB_URI, or DATABASE_URL, point at the right place?"
    )


def sync_to_disk(spec: TableSpec, since: float) -> None:
    """Flush the files and folders of a local table that changed since a time (epoch seconds).

    LanceDB itself never calls fsync: without this an acknowledged review could die with the power
    after its journal row is gone.
    """
    if not is_local():
        return
    root = Path(settings.LANCEDB_URI) / f"{spec.name}.lance"
    # A new folder is there after a power cut only if the one that it is in was flushed as well.
    durable_files.flush(Path(settings.LANCEDB_URI))
    for folder, _, names in os.walk(root):
        touched = os.stat(folder).st_mtime >= since  # noqa: PTH116 - a hot loop over many files
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 - as above
            try:
                if os.stat(path).st_mtime >= since:  # noqa: PTH116 - as above
                    durable_files.flush(Path(path))
                    touched = True
            except FileNotFoundError:
                # Pruned by an optimize in the meantime: nothing refers to it any more.
                continue
        if touched:
            durable_files.flush(Path(folder))


def bytes_on_disk(spec: TableSpec) -> int | None:
    """Return the size of a local table's files, old versions included; None if it is not local."""
    if not is_local():
        return None
    total = 0
    for folder, _, names in os.walk(Path(settings.LANCEDB_URI) / f"{spec.name}.lance"):
        for name in names:
            # What a checkpoint prunes meanwhile has no size any more.
            with contextlib.suppress(FileNotFoundError):
                total += (Path(folder) / name).stat().st_size
    return total


def now_minus_a_moment() -> float:
    """Return the time to pass as `since`: a second back, for file systems with coarse times."""
    return datetime.datetime.now(datetime.UTC).timestamp() - 1.0
