"""The backup: both stores at one moment, in a folder, taken while MemoryLoop serves.

    manifest.json        the contents, with a checksum for each file
    postgresql.dump      pg_dump's custom format
    flashcards.arrow     the LanceDB tables' rows, Arrow IPC
    review_logs.arrow
    media/               uploaded files
    secrets/             only on request: the keys of the learners' API keys and of sessions

Where LanceDB has the cards, checkpoints wait while the tables are read and PostgreSQL takes its
snapshot: the journal in the dump begins where the tables end. Where PostgreSQL has them, they are
in the dump, and the files beside it are absent.
"""

import contextlib
import dataclasses
import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder

from flashcards import store
from memoryloop import durable_files
from memoryloop.errors import is_disk_full
from memoryloop.postgres import dump
from memoryloop.postgres.dump import DumpError, Snapshot

# By the engine that has the cards. The first does not name it: versions that know no other restore
# such a backup.
FORMATS = {"lancedb": 1, "postgresql": 2}
MANIFEST, DUMP, MEDIA, SECRETS = "manifest.json", "postgresql.dump", "media", "secrets"
SECRET_FILES = ("encryption-key", "secret-key")
# What is counted in PostgreSQL, and in which table.
COUNTED = {
    "learners": "accounts_user",
    "messages": "chat_message",
    "pending": "flashcards_journalentry",
}
_CHUNK_BYTES = 1 << 20

Progress = Callable[[str], None]


class BackupError(Exception):
    """A backup cannot be made or restored. The message is a sentence for the administrator."""


@dataclass(frozen=True)
class Manifest:
    """The manifest of a backup: its format, versions, counts and files."""

    format: int
    made_at: str
    # Of the card store, and of each app's migrations.
    schema: int
    migrations: dict[str, list[str]]
    # Of the server, as 180006 for 18.6.
    postgresql: int
    # The LanceDB versions that were read; 0 where PostgreSQL has the cards.
    versions: dict[str, int]
    counts: dict[str, int]
    with_secrets: bool
    # By path: {"bytes": …, "sha256": …}.
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    # The engine of the card store, to which the cards are restored.
    engine: str = "lancedb"

    @property
    def bytes(self) -> int:
        return sum(file["bytes"] for file in self.files.values())

    def to_json(self) -> str:
        values = dataclasses.asdict(self)
        if self.format == FORMATS["lancedb"]:
            del values["engine"]
        return json.dumps(values, indent=1) + "\n"


def make(
    folder: Path,
    *,
    now: datetime,
    with_secrets: bool = False,
    older: bool = False,
    progress: Progress = lambda _: None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Manifest:
    """Write a backup into a new folder. Raises BackupError, DumpError or StoreError.

    It grows under the name with ".partial" at its end and gets its own once it is on the disk.
    `older` is for data that an older MemoryLoop wrote and nobody uses: the backup is as that one
    would have made it. `meanwhile` is called now and then; if it raises, nothing is left.
    """
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} exists already: name a new folder.")
    try:
        return _make(folder, now, with_secrets, older, progress, meanwhile)
    except (OSError, DumpError) as error:
        raise BackupError(in_words(error, str(folder.parent))) from error
    except (psycopg.Error, DatabaseError) as error:
        if not is_disk_full(error):
            raise
        raise BackupError(
            "PostgreSQL’s disk is full, so it can give no backup: make room there."
        ) from error


def in_words(error: Exception, place: str) -> str:
    """Return a sentence for what went wrong with a backup in this place."""
    number, said = getattr(error, "errno", None), str(error)
    if isinstance(error, BackupError):
        # It says which disk is full: PostgreSQL's may be another one.
        return said
    if is_disk_full(error):
        return f"The disk of {place} is full: make room there, or choose another place."
    if number in (errno.EACCES, errno.EPERM, errno.EROFS) or "Permission denied" in said:
        return (
            f"{place} cannot be written: give the account that runs MemoryLoop the right to, or "
            "choose another place."
        )
    if isinstance(error, OSError):
        return f"The backup in {place} failed: {error.strerror or said}."
    return said


def _make(
    folder: Path,
    now: datetime,
    with_secrets: bool,
    older: bool,
    progress: Progress,
    meanwhile: Callable[[], None],
) -> Manifest:
    with _growing(folder) as partial:
        manifest = _copy_stores(partial, now, with_secrets, older, progress, meanwhile)
        progress("Copying files")
        if Path(settings.MEDIA_ROOT).is_dir():
            shutil.copytree(settings.MEDIA_ROOT, partial / MEDIA)
        if with_secrets:
            _copy_secrets(partial / SECRETS)
        progress("Taking checksums")
        files = {}
        for path in walk(partial):
            meanwhile()
            files[str(path.relative_to(partial))] = describe(path)
        manifest = dataclasses.replace(manifest, files=files)
        (partial / MANIFEST).write_text(manifest.to_json())
    return manifest


def describe(path: Path) -> dict[str, Any]:
    """Return a file's size and SHA-256 for the manifest."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return {"bytes": path.stat().st_size, "sha256": digest.hexdigest()}


def walk(folder: Path) -> list[Path]:
    """Return every file under a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _copy_stores(
    folder: Path,
    now: datetime,
    with_secrets: bool,
    older: bool,
    progress: Progress,
    meanwhile: Callable[[], None],
) -> Manifest:
    with contextlib.ExitStack() as stack:
        with store.older_snapshot() if older else store.snapshot() as tables:
            moment = stack.enter_context(dump.snapshot())
            if not older:
                _require_engine(tables.engine, moment)
            counts = {name: moment.count_rows(table) for name, table in COUNTED.items()}
            progress("Dumping PostgreSQL and reading the cards")
            stack.enter_context(dump.dumping(folder / DUMP, moment, meanwhile=meanwhile))
            counts |= tables.write_files(folder, moment.count_rows)
        # Checkpoints may go on from here: the dump has its snapshot.
        progress("Waiting for the dump of PostgreSQL")
        return Manifest(
            format=FORMATS[tables.engine],
            made_at=now.isoformat(timespec="seconds"),
            schema=tables.schema,
            migrations=applied_migrations(),
            postgresql=dump.server_version(),
            versions=tables.versions,
            counts=counts,
            with_secrets=with_secrets,
            engine=tables.engine,
        )


def _require_engine(engine: str, moment: Snapshot) -> None:
    """Raise BackupError if the cards have moved to another engine since the backup began."""
    # Before a migration that is still to come there was no other than LanceDB.
    row = moment.connection.execute(
        "SELECT coalesce(to_jsonb(v) ->> 'engine', 'lancedb') FROM flashcards_storeversions v"
    ).fetchone()
    if row is not None and row[0] != engine:
        raise BackupError(
            f"The cards have moved to {row[0]} just now: begin the backup again. Nothing is left "
            "of this one."
        )


def applied_migrations() -> dict[str, list[str]]:
    """Return the names of the applied migrations, by app."""
    applied: dict[str, list[str]] = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        applied.setdefault(app, []).append(name)
    return applied


def _copy_secrets(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    for name in SECRET_FILES:
        source = settings.DATA_DIR / SECRETS / name
        if source.exists():
            durable_files.write(folder / name, source.read_bytes())


@contextlib.contextmanager
def _growing(folder: Path) -> Iterator[Path]:
    """Yield an empty folder, which gets its final name once everything is on the disk."""
    partial = folder.with_name(f"{folder.name}.partial")
    try:
        partial.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(partial, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise BackupError(f"{partial} cannot be written ({error.strerror}).") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"Another backup is being written to {partial}.") from None
        # Left behind by a backup that was interrupted.
        _clear(partial)
        try:
            yield partial
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        for path in (*partial.rglob("*"), partial):
            # Only the owner may read it, also where the folder is copied to.
            path.chmod(0o700 if path.is_dir() else 0o600)
            durable_files.flush(path)
        partial.rename(folder)
        durable_files.flush(folder.parent)
    finally:
        os.close(descriptor)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
