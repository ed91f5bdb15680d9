"""The backup of every night, which the worker makes.

One is due from the hour of the settings on until there is one, so a night in which the machine was
off is made up. One that failed is tried again each hour. A backup is verified before older ones go.
"""

import contextlib
import logging
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from flashcards import store
from flashcards.maintenance import backup, backup_places, retention
from flashcards.maintenance.backup import BackupError
from flashcards.maintenance.backup_places import NIGHTLY, Place
from flashcards.models import BackupStatus
from flashcards.store import StoreError
from memoryloop.postgres.dump import DumpError

logger = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(hours=1)
# Clocks of several machines differ; what is farther ahead was made by a clock that was wrong.
_CLOCKS_DIFFER = timedelta(minutes=10)
# Left free on a disk, which PostgreSQL may write to as well.
RESERVE_BYTES = 256 * 1024**2
# Any number will do, as long as nothing else in this database locks it.
_LOCK = 0x4D4C_626B


class Busy(Exception):
    """Another process makes a backup."""


class Stopped(Exception):
    """The worker stops: the backup is made another time."""


def run_if_due(clock: Callable[[], datetime], meanwhile: Callable[[], None]) -> bool:
    """Make the backup of this night, unless there is one; return whether one was made.

    A failure is noted in BackupStatus. `meanwhile` is called now and then, and may raise Stopped.
    """
    if not settings.BACKUPS_SCHEDULED:
        return False
    status, _ = BackupStatus.objects.get_or_create(id=1, defaults={"began_at": clock()})
    if not is_due(status, clock(), settings.BACKUP_HOUR):
        return False
    return run(clock, meanwhile)


def is_due(status: BackupStatus, now: datetime, hour: int) -> bool:
    """Tell whether a backup is to be made now, whose night begins at an hour, UTC."""
    if status.failing_since is not None:
        tried = status.tried_at
        # A clock that was set back must not keep it from being tried.
        return tried is None or not tried <= now < tried + AGAIN_AFTER
    done = status.made_at or status.began_at
    # Nor may one that was ahead keep backups from being made.
    return done < last_night(now, hour) or done > now + _CLOCKS_DIFFER


def last_night(now: datetime, hour: int) -> datetime:
    """Return when the last night began whose backup should be there."""
    today = now.astimezone(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)


def run(clock: Callable[[], datetime], meanwhile: Callable[[], None] = lambda: None) -> bool:
    """Make a backup now and delete those that may go; return whether it was made.

    False if it failed, which is noted, if another process makes one, or if it was stopped.
    """
    now = clock()
    try:
        with one_at_a_time():
            place = backup_places.place()
            address = make(place, NIGHTLY, now=now, meanwhile=meanwhile)
            prune(place, now=now)
    except (Busy, Stopped):
        return False
    except (BackupError, DumpError, StoreError, OSError) as error:
        _note_failure(now, backup.in_words(error, settings.BACKUP_PLACE))
        logger.error("The scheduled backup failed: %s", error)
        return False
    except Exception as error:
        _note_failure(
            now, f"The backup failed ({type(error).__name__}): the worker's log says why."
        )
        logger.exception("The scheduled backup failed")
        return False
    BackupStatus.objects.update_or_create(
        id=1, defaults={"tried_at": now, "made_at": now, "failing_since": None, "error": ""}
    )
    logger.info("Backed up into %s", address)
    return True


def make(
    place: Place,
    kind: str,
    *,
    now: datetime,
    older: bool = False,
    progress: backup.Progress = lambda _: None,
    meanwhile: Callable[[], None] = lambda: None,
) -> str:
    """Make and verify a backup in a place, and return its address.

    Raises BackupError, DumpError or StoreError; then nothing is left of it.
    """
    try:
        place.clear_leftovers(kind)
        require_room(place)
    except OSError as error:
        raise BackupError(backup.in_words(error, place.address)) from error

    def write(folder: Path) -> backup.Manifest:
        return backup.make(folder, now=now, older=older, progress=progress, meanwhile=meanwhile)

    return place.add(kind, backup_places.name_of(now), write, now=now, meanwhile=meanwhile)


def prune(place: Place, *, now: datetime) -> None:
    """Delete the nightly backups that need not be kept. Raises BackupError."""
    rule = retention.Rule(settings.BACKUP_DAILY, settings.BACKUP_WEEKLY, settings.BACKUP_MONTHLY)
    dated = [
        retention.Dated(each.name, each.made_at, each.is_verified) for each in place.stored(NIGHTLY)
    ]
    for name in retention.expired(dated, rule, now=now):
        try:
            place.remove(NIGHTLY, name)
        except OSError as error:
            raise BackupError(
                f"The older backup {name} cannot be deleted ({error.strerror})."
            ) from error


def require_room(place: Place) -> None:
    """Raise BackupError unless the disk has room for a backup and something to spare.

    How much that is, the last backup says, of whichever kind; without one, what the data takes.
    """
    wanted = expected_bytes(place) + RESERVE_BYTES
    disk = next(path for path in (place.disk, *place.disk.parents) if path.exists())
    free = shutil.disk_usage(disk).free
    if free < wanted:
        raise BackupError(
            f"The disk of {place.disk} has {free / 1e6:,.0f} MB left, and a backup needs "
            f"{wanted / 1e6:,.0f} MB: make room there, or choose another place."
        )


def expected_bytes(place: Place) -> int:
    """Return about how large a backup will be."""
    media = sum(path.stat().st_size for path in backup.walk(Path(settings.MEDIA_ROOT)))
    for kind in (NIGHTLY, backup_places.BEFORE_UPGRADE):
        if stored := place.stored(kind):
            files = stored[0].manifest.files.items()
            told = sum(f["bytes"] for name, f in files if not name.startswith(backup.MEDIA))
            return int(media + told * 5 // 4)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (database,) = cursor.fetchone() or (0,)
    # Both have indexes and old rows, which a backup does not.
    return media + (int(database) + store.bytes_on_disk()) // 2


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process of this database make a backup at a time. Raises Busy."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if cursor.fetchone() != (True,):
            raise Busy
    try:
        yield
    finally:
        with contextlib.suppress(Exception), connection.cursor() as cursor:
            # If the connection is gone, so is the lock.
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _note_failure(now: datetime, sentence: str) -> None:
    status, _ = BackupStatus.objects.get_or_create(id=1, defaults={"began_at": now})
    status.tried_at, status.error = now, sentence
    status.failing_since = status.failing_since or now
    status.save(update_fields=["tried_at", "error", "failing_since"])
