"""The places of backups that MemoryLoop makes by itself: a folder, or a bucket of S3's protocol.

    nightly/2026-11-30T030000Z/          made each night, kept by a rule
    before-upgrade/2026-11-30T101500Z/   made before data of an older version is upgraded

Each is what `backup` writes, with `verified.json` beside its manifest. In a folder one gets its
name when it is complete. In a bucket the manifest comes last: what has none is no backup.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from django.conf import settings

from flashcards.maintenance import restore, verify_backup
from flashcards.maintenance.backup import BackupError
from flashcards.maintenance.stored_backups import Make, Meanwhile, Stored, read_stored
from flashcards.maintenance.verify_backup import VERIFIED
from memoryloop import durable_files

NIGHTLY, BEFORE_UPGRADE = "nightly", "before-upgrade"
_PARTIAL = ".partial"


class Place(Protocol):
    """Where backups are kept. Whoever writes or deletes is alone in doing so."""

    @property
    def address(self) -> str: ...

    @property
    def disk(self) -> Path:
        """Return the folder on whose disk a backup is written first. It need not be there."""
        ...

    def stored(self, kind: str) -> list[Stored]:
        """Return the complete backups of a kind, newest first. Raises BackupError."""
        ...

    def add(self, kind: str, name: str, make: Make, *, now: datetime, meanwhile: Meanwhile) -> str:
        """Make a backup here, verify it, and return its address. If that fails nothing is left."""
        ...

    def remove(self, kind: str, name: str) -> None:
        """Delete a backup, of which at no moment is left what looks whole."""
        ...

    def clear_leftovers(self, kind: str) -> None:
        """Delete what backups that were cut off have left."""
        ...


def place() -> Place:
    """Return the place that the settings name."""
    if settings.BACKUP_PLACE.startswith("s3://"):
        # pyarrow's files take a while to import.
        from flashcards.maintenance.backup_bucket import Bucket

        return Bucket(settings.BACKUP_PLACE)
    return Folder(Path(settings.BACKUP_PLACE))


def name_of(now: datetime) -> str:
    """Return the name of a backup that is made now."""
    return f"{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"


@contextlib.contextmanager
def local_copy(address: str, progress: Callable[[str], None]) -> Iterator[Path]:
    """Yield the folder of a backup, which is fetched if it is in a bucket. Raises BackupError."""
    if not address.startswith("s3://"):
        yield Path(address)
        return
    from flashcards.maintenance.backup_bucket import fetch

    with fetch(address, progress) as folder:
        yield folder


@dataclass(frozen=True)
class Folder:
    """Backups in a folder."""

    root: Path

    @property
    def address(self) -> str:
        return str(self.root)

    @property
    def disk(self) -> Path:
        return self.root

    def stored(self, kind: str) -> list[Stored]:
        found = []
        for folder in self._folders(kind):
            if folder.suffix == _PARTIAL:
                continue
            # What is no backup, or one of a newer MemoryLoop, is somebody else's business.
            with contextlib.suppress(BackupError):
                manifest = restore.parse_manifest(folder)
                found.append(
                    read_stored(str(folder), folder.name, manifest, (folder / VERIFIED).exists())
                )
        return sorted(found, key=lambda each: each.made_at, reverse=True)

    def add(self, kind: str, name: str, make: Make, *, now: datetime, meanwhile: Meanwhile) -> str:
        folder = self.root / kind / name
        manifest = make(folder)
        try:
            verify_backup.verify(folder, manifest, meanwhile=meanwhile)
            verify_backup.mark(folder, now)
        except BaseException:
            self.remove(kind, name)
            raise
        return str(folder)

    def remove(self, kind: str, name: str) -> None:
        folder = self.root / kind / name
        aside = folder.with_name(f"{name}{_PARTIAL}")
        folder.rename(aside)
        durable_files.flush(folder.parent)
        shutil.rmtree(aside)

    def clear_leftovers(self, kind: str) -> None:
        for folder in self._folders(kind):
            if folder.suffix == _PARTIAL and not _is_written(folder):
                shutil.rmtree(folder)

    def _folders(self, kind: str) -> list[Path]:
        try:
            return [path for path in (self.root / kind).iterdir() if path.is_dir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BackupError(f"{self.root} cannot be read ({error.strerror}).") from error


def _is_written(folder: Path) -> bool:
    """Tell whether a process is writing this folder: `backup` holds a lock on it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


__all__ = [
    "BEFORE_UPGRADE",
    "NIGHTLY",
    "Folder",
    "Place",
    "Stored",
    "local_copy",
    "name_of",
    "place",
]
