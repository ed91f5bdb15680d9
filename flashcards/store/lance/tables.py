"""Open tables of the LanceDB database that LANCEDB_URI names.

LanceDB is imported when first used: it takes a while, which no other command should pay.
Readers never create anything: a table that is not there yet is empty. A handle is brought up to
the version that PostgreSQL recorded before it is read.
"""

import contextlib
import datetime
import functools
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.conf import settings

from flashcards.store.errors import StoreError
from flashcards.store.lance import lazy_import
from flashcards.store.lance.schema import Index, TableSpec

# What LanceDB may keep of files' metadata in each process; of indexes, LANCEDB_INDEX_CACHE_MB says.
METADATA_CACHE_BYTES = 48 * 1024**2

_lock = threading.Lock()
_opened: dict[tuple[str, str], "Handle"] = {}


@dataclass
class Handle:
    """One table of this process, shared by its threads, and the version it is known to have."""

    table: Any
    version: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    # Its columns that have an index, and the recorded version at which that was looked up.
    indexed: frozenset[str] = frozenset()
    indexed_at: int = 0

    def catch_up(self, version: int) -> None:
        """Make the table at least this recent. Raises StoreError if storage does not have it."""
        if self.version >= version:
            return
        with self.lock:
            if self.version >= version:
                return
            with translate_errors():
                self.table.checkout_latest()
                self.version = self.table.version
        if self.version < version:
            raise StoreError(
                f"LanceDB has version {self.version} of a table of which PostgreSQL recorded "
                f"{version}: was an older copy of its files put back? Restore both together."
            )


def load() -> None:
    """Import what takes a while to import when a table is first read."""
    lazy_import.lancedb()
    # Arrow's own pool keeps 30 MB of what was freed; the C library can be told to give it back.
    pa.set_memory_pool(pa.system_memory_pool())


def database() -> Any:
    """Connect to LANCEDB_URI. No I/O for a folder."""
    lancedb = lazy_import.lancedb()
    uri = settings.LANCEDB_URI
    if is_cloud():
        cloud: dict[str, Any] = settings.LANCEDB_CLOUD
        return lancedb.connect(uri, **cloud)
    if is_local():
        Path(uri).mkdir(parents=True, exist_ok=True)
        return lancedb.connect(uri, session=_session())
    return lancedb.connect(
        uri, storage_options=settings.LANCEDB_STORAGE_OPTIONS, session=_session()
    )


@functools.cache
def _session() -> Any:
    """Return the caches of this process: LanceDB's own would take up to 7 GB."""
    return lazy_import.lancedb().Session(
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


def match(text: str, columns: list[str]) -> Any:
    """Return LanceDB's query for any of the words of a text in any of the columns."""
    from lancedb.query import FullTextOperator, MultiMatchQuery

    return MultiMatchQuery(text, columns, boosts=None, operator=FullTextOperator.OR)


def index_config(kind: Index) -> Any:
    """Return LanceDB's configuration of an index."""
    from lancedb.index import FTS, BTree, IvfRq, LabelList

    if kind is Index.LABELS:
        return LabelList()
    if kind is Index.WORDS:
        # Positions cost half the index and only phrases would need them.
        return FTS(with_position=False, remove_stop_words=False, ascii_folding=True)
    if kind is Index.VECTOR:
        # A bit for each number, a thirtieth of the memory of the vectors: it names candidates, and
        # `search` compares those by their vectors.
        return IvfRq(distance_type="cosine")
    return BTree()


def fetch(scan: Any) -> Any:
    """Run a scan and return its Arrow table. Raises StoreError for whatever LanceDB raises."""
    with translate_errors():
        return scan.to_arrow()


@contextlib.contextmanager
def translate_errors() -> Iterator[None]:
    """Turn what LanceDB raises into the store's own error."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise StoreError("The card store cannot be read just now.") from error


def is_local() -> bool:
    """Return whether the files are on a disk of ours, so that fsync is ours to do."""
    return "://" not in settings.LANCEDB_URI


def is_cloud() -> bool:
    """Return whether LanceDB Cloud keeps the tables, which tends them by itself."""
    return settings.LANCEDB_URI.startswith("db://")


def create(spec: TableSpec, rows: Any = None) -> Any:
    """Make the table, with rows (an Arrow RecordBatchReader) if given; in place of one there is.

    The versions of one that is there stay until they are pruned.
    """
    options: dict[str, Any] = {}
    if not is_cloud():
        # Stable row ids keep indexes valid across the merges of a checkpoint.
        options["storage_options"] = {"new_table_enable_stable_row_ids": "true"}
    return database().create_table(
        spec.name,
        data=rows,
        schema=spec.schema,
        mode="overwrite" if is_there(spec) else "create",
        # A card without an embedding yet is what LanceDB calls a bad vector.
        on_bad_vectors="null",
        **options,
    )


def existing(spec: TableSpec, version: int) -> Any | None:
    """Return the table at `version` or later; None while it has never been written."""
    if version == 0:
        return None
    handle = _handle(spec)
    if handle is None:
        raise StoreError(
            f"LanceDB at {settings.LANCEDB_URI} has no table {spec.name}, but PostgreSQL recorded "
            "cards in it: does LANCEDB_URI point at the right place?"
        )
    handle.catch_up(version)
    return handle.table


def indexed(spec: TableSpec, version: int) -> frozenset[str]:
    """Return the columns of the table that have an index at `version` or later."""
    table = existing(spec, version)
    handle = _handle(spec)
    if table is None or handle is None:
        return frozenset()
    if handle.indexed_at != version:
        with translate_errors():
            handle.indexed = frozenset(c for index in table.list_indices() for c in index.columns)
        handle.indexed_at = version
    return handle.indexed


def for_writing(spec: TableSpec) -> Any:
    """Return the newest version of the table, made if it is missing. For the checkpoint only."""
    handle = _handle(spec)
    if handle is None:
        create(spec)
        handle = _handle(spec)
    if handle is None:
        raise StoreError(f"LanceDB made the table {spec.name} and then did not list it.")
    handle.table.checkout_latest()
    handle.version = handle.table.version
    return handle.table


def is_there(spec: TableSpec) -> bool:
    """Return whether LanceDB has the table, whatever PostgreSQL says."""
    return _handle(spec) is not None


def clear_cache() -> None:
    """Close every handle, as after LANCEDB_URI changed."""
    with _lock:
        _opened.clear()


def _handle(spec: TableSpec) -> Handle | None:
    key = (settings.LANCEDB_URI, spec.name)
    handle = _opened.get(key)
    if handle is not None:
        return handle
    with _lock:
        if key in _opened:
            return _opened[key]
        with translate_errors():
            connection = database()
            if spec.name not in connection.list_tables().tables:
                return None
            table = connection.open_table(spec.name)
            _opened[key] = Handle(table, table.version)
        return _opened[key]


def sync_to_disk(spec: TableSpec, since: float) -> None:
    """Flush the files and folders of a local table that changed since a time (epoch seconds).

    LanceDB itself never calls fsync: without this an acknowledged review could die with the power
    after its journal row is gone.
    """
    if not is_local():
        return
    root = Path(settings.LANCEDB_URI) / f"{spec.name}.lance"
    for folder, _, names in os.walk(root):
        touched = False
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 - a hot loop over many files
            try:
                if os.stat(path).st_mtime >= since:  # noqa: PTH116 - as above
                    _fsync(path)
                    touched = True
            except FileNotFoundError:
                # Pruned by an optimize in the meantime: nothing refers to it any more.
                continue
        if touched:
            _fsync(folder)


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


def _fsync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def now_minus_a_moment() -> float:
    """Return the time to pass as `since`: a second back, for file systems with coarse times."""
    return datetime.datetime.now(datetime.UTC).timestamp() - 1.0
