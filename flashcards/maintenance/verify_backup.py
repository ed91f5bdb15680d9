"""The verification of a backup: what was written is read back, and every row is counted.

The checksums show that each file is what was written; the counts, that what was written is a dump
and are tables that can be read to their end, with as many rows as there were.
"""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from flashcards import store
from flashcards.maintenance import restore
from flashcards.maintenance.backup import COUNTED, DUMP, BackupError, Manifest, in_words
from memoryloop import durable_files
from memoryloop.postgres import dump
from memoryloop.postgres.dump import DumpError

# Beside the manifest, which has to stay as older versions read it.
VERIFIED = "verified.json"


def verify(
    folder: Path, manifest: Manifest, *, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """Raise BackupError unless a backup can be read back with all its rows."""
    try:
        restore.verify(folder, manifest)
        meanwhile()
        rows = dump.count_rows(folder / DUMP)
        meanwhile()
        found = store.named(manifest.engine).count_files(folder, lambda table: rows.get(table, 0))
    except (OSError, ValueError, DumpError) as error:
        raise BackupError(
            f"The backup in {folder} cannot be read back: {in_words(error, str(folder))}"
        ) from error
    for table, count in found.items():
        _compare(table, count, manifest.counts[table])
    for name, table in COUNTED.items():
        _compare(table, rows.get(table, 0), manifest.counts[name])


def mark(folder: Path, now: datetime) -> None:
    """Note in a backup that it was verified."""
    durable_files.write(folder / VERIFIED, content(now))


def content(now: datetime) -> bytes:
    """Return the file that says that a backup was verified."""
    return json.dumps({"at": now.isoformat(timespec="seconds")}).encode()


def _compare(table: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise BackupError(
            f"The backup has {found:,} rows of {table} and there were {wanted:,}: it is damaged."
        )
