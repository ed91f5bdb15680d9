"""The restore: replace the data of an installation by a backup, and check it.

The backup is verified before anything is changed. LanceDB comes first, whose old rows stay as an
older version; then PostgreSQL with its record of LanceDB's versions, in one transaction. If that
fails, the tables are put back. The cards come back to the engine that had them, whichever has those
that are here.
"""

import contextlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from flashcards import store
from flashcards.maintenance import backup, check, leftovers
from flashcards.maintenance.backup import (
    DUMP,
    MANIFEST,
    MEDIA,
    SECRETS,
    BackupError,
    Manifest,
    Progress,
)
from flashcards.models import StoreVersions
from memoryloop import durable_files
from memoryloop.postgres import dump

_NEWER = "restore it with the MemoryLoop that made it, or a newer one."


@dataclass(frozen=True)
class Restored:
    """What was restored, and what the check found."""

    manifest: Manifest
    report: check.Report
    # What the engine is called that still has cards from before a switch; "" if none has.
    kept: str


def restore(
    folder: Path, *, now: datetime, replace: bool = False, progress: Progress = lambda _: None
) -> Restored:
    """Restore a backup. Raises BackupError, DumpError or StoreError; then nothing has changed.

    Without `replace` only into an installation that has no accounts and no cards.
    """
    manifest = read_manifest(folder)
    progress("Verifying checksums")
    verify(folder, manifest)
    _refuse_if_occupied(manifest.engine, replace=replace)
    if others := dump.count_others():
        raise BackupError(
            f"{others} other connections use this database: stop MemoryLoop's web servers and "
            "workers, then restore again."
        )
    _put_back(folder, manifest, progress)
    progress("Putting files back")
    if (folder / MEDIA).is_dir():
        shutil.copytree(folder / MEDIA, settings.MEDIA_ROOT, dirs_exist_ok=True)
        durable_files.flush_all(Path(settings.MEDIA_ROOT))
    _put_secrets_back(folder, now)
    progress("Bringing it up to date, making indexes")
    leftovers.drop_unknown()
    call_command("migrate", interactive=False, verbosity=0)
    store.named(manifest.engine).claim()
    store.find_engine()
    if manifest.counts.get("flashcards") or manifest.counts.get("review_logs"):
        store.optimize()
    progress("Checking both stores")
    return Restored(manifest, check.check(), _kept(manifest.engine))


def _kept(serving: str) -> str:
    """Return the label of an engine that does not serve and has rows; "" if there is none."""
    for engine in StoreVersions.Engine:
        # LanceDB may be away, and is not needed where PostgreSQL serves.
        with contextlib.suppress(store.StoreError):
            if engine != serving and store.named(engine).count_rows():
                return str(engine.label)
    return ""


def read_manifest(folder: Path) -> Manifest:
    """Return a backup's manifest. Raises BackupError if this version cannot restore it."""
    manifest = parse_manifest(folder)
    if manifest.schema > store.SCHEMA_VERSION:
        raise BackupError(
            f"{folder} has card schema {manifest.schema} and this is {store.SCHEMA_VERSION}: "
            f"{_NEWER}"
        )
    if unknown := unknown_migration(manifest.migrations):
        raise BackupError(f"{folder} has the migration {unknown}, not known here: {_NEWER}")
    return manifest


def parse_manifest(folder: Path, text: bytes | None = None) -> Manifest:
    """Return a backup's manifest, whether or not this version can restore it.

    `text` is given where the folder is not on the disk. Raises BackupError.
    """
    try:
        data = json.loads((folder / MANIFEST).read_bytes() if text is None else text)
        found = data["format"]
        manifest = Manifest(**data) if found in backup.FORMATS.values() else None
    except FileNotFoundError:
        raise BackupError(
            f"{folder} is no backup: it has no {MANIFEST}. One that was cut off ends in .partial."
        ) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BackupError(f"{folder / MANIFEST} cannot be read: {error}") from error
    if manifest is None:
        newest = max(backup.FORMATS.values())
        raise BackupError(f"{folder} has the format {found} and this is {newest}: {_NEWER}")
    if manifest.format != backup.FORMATS.get(manifest.engine):
        raise BackupError(f"{folder / MANIFEST} names the engine {manifest.engine}: {_NEWER}")
    return manifest


def unknown_migration(migrations: Mapping[str, Iterable[str]]) -> str:
    """Return one of these migrations, by app, that only a newer MemoryLoop has; else nothing."""
    known = MigrationLoader(None).disk_migrations
    ours = {config.label for config in apps.get_app_configs()}
    for app, names in migrations.items():
        for name in names:
            if app in ours and (app, name) not in known:
                return f"{app}.{name}"
    return ""


def verify(folder: Path, manifest: Manifest) -> None:
    """Raise BackupError unless every file exists and is unchanged."""
    for name, described in manifest.files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            raise BackupError(f"{path} is missing: the backup is incomplete.")
        if backup.describe(path) != described:
            raise BackupError(f"{path} has changed since the backup was made: it is damaged.")
    if DUMP not in manifest.files:
        raise BackupError(f"{folder / MANIFEST} names no {DUMP}: the backup is incomplete.")


def _refuse_if_occupied(engine: str, *, replace: bool) -> None:
    """Raise BackupError if there are accounts, or cards in this engine or the one that serves."""
    if replace:
        return
    learners = 0
    with connection.cursor() as cursor:
        if "accounts_user" in connection.introspection.table_names(cursor):
            cursor.execute("SELECT count(*) FROM accounts_user")
            row = cursor.fetchone()
            learners = row[0] if row else 0
    rows = sum(store.named(each).count_rows() for each in {engine, store.find_engine()})
    if learners or rows:
        raise BackupError(
            f"This installation has {learners:,} accounts and {rows:,} cards and reviews: restore "
            "into an empty one (MEMORYLOOP_DATA, DATABASE_URL, LANCEDB_URI), or say --replace to "
            "throw away what is here."
        )


def _put_back(folder: Path, manifest: Manifest, progress: Progress) -> None:
    progress("Restoring the cards")
    served = store.find_engine()
    with contextlib.ExitStack() as stack:
        engine = store.named(manifest.engine)
        record = stack.enter_context(engine.restore_files(folder, manifest.files.keys()))
        if served != manifest.engine:
            # What is thrown away is not to stay where nobody looks any more.
            stack.enter_context(store.named(served).restore_files(folder, ()))
        progress("Restoring PostgreSQL")
        dump.restore(folder / DUMP, first=leftovers.drop_everything(), then=record)


def _put_secrets_back(folder: Path, now: datetime) -> None:
    for name in backup.SECRET_FILES:
        source = folder / SECRETS / name
        if not source.is_file():
            continue
        target = settings.DATA_DIR / SECRETS / name
        durable_files.make_folder(target.parent, 0o700)
        if target.exists() and target.read_bytes() != source.read_bytes():
            target.rename(target.with_name(f"{name}.before-{now:%Y%m%d-%H%M%S}"))
        durable_files.write(target, source.read_bytes())
