"""The room on the disks that MemoryLoop writes to, as far as they are on this machine."""

import shutil
from pathlib import Path

from django.conf import settings

# A disk with less is full: PostgreSQL stops when it cannot add a segment of 16 MB to its log.
FULL_BYTES = 16 * 1024**2
# With less, somebody should make room: what a backup leaves free, and some days of learning.
LOW_BYTES = 512 * 1024**2


def free_bytes() -> int:
    """Return what is free on the disk with least room.

    Those of the data, of the embedded PostgreSQL and of LanceDB's folder. Of a server of PostgreSQL
    or a bucket elsewhere nothing is known.
    """
    return min(free_at(each) for each in _folders())


def _folders() -> list[Path]:
    folders = [Path(settings.DATA_DIR)]
    if settings.EMBEDDED_POSTGRES is not None:
        folders.append(Path(settings.EMBEDDED_POSTGRES.folder))
    if "://" not in settings.LANCEDB_URI:
        folders.append(Path(settings.LANCEDB_URI))
    return folders


def free_at(folder: Path) -> int:
    """Return what is free on the disk of a folder, which need not be there yet."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(there).free
