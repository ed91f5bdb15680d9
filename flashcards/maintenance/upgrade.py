"""The upgrade of data that an earlier version wrote: a backup, then both stores, or neither.

The migrations and the card store's upgrade are one transaction of PostgreSQL, so a failure, a kill
or a power cut leaves PostgreSQL as it was. LanceDB's tables go back to the versions before. The
backup is for what is only noticed later. The queue's own tables, which hold nothing of a learner's,
are migrated before: PostgreSQL does not let a value be added to a type and used in one transaction.
"""

import shlex
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import Error, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from flashcards import store
from flashcards.maintenance import (
    backup,
    backup_places,
    leftovers,
    restore,
    scheduled_backup,
)
from flashcards.maintenance.backup import BackupError
from flashcards.maintenance.backup_places import BEFORE_UPGRADE, Place, Stored
from flashcards.models import StoreVersions
from flashcards.store import StoreError, TablesChanged, Upgrade
from memoryloop import installation
from memoryloop.errors import is_disk_full
from memoryloop.postgres import extensions
from memoryloop.postgres.dump import DumpError

Tell = Callable[[str], None]

# So many states of the data are kept a backup of, the newest of each: an upgrade that fails again
# and again takes no other's place.
KEPT_STATES = 3
# The label of procrastinate's app.
QUEUE = "procrastinate"


class UpgradeError(Exception):
    """The data was not upgraded. The message says what to do."""


def upgrade(*, now: datetime, tell: Tell, back_up: bool | None = None) -> bool:
    """Bring both stores up to date; return whether anything had to be done. Raises UpgradeError.

    `back_up` says whether there is a backup before, instead of the setting; an installation without
    accounts needs none. Takes some 50 ms when there is nothing to do.
    """
    executor = MigrationExecutor(connection)
    _refuse_newer(executor)
    _refuse_what_cannot_serve(tell)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        try:
            if not store.needed_upgrades():
                store.settle_engine()
                return False
        except StoreError as error:
            raise UpgradeError(str(error)) from error
    if not _has_data():
        # A new database, or one that was left before anybody signed up.
        call_command("migrate", interactive=False, verbosity=0)
        store.upgrade()
        store.settle_engine()
        return True
    tell("This MemoryLoop is newer than its data, which is brought up to date now.")
    wanted = settings.BACKUP_BEFORE_UPGRADE if back_up is None else back_up
    backed_up = _back_up(now, tell) if wanted else ""
    _run([migration.app_label for migration, _ in plan], backed_up, tell)
    store.settle_engine()
    return True


def _refuse_newer(executor: MigrationExecutor) -> None:
    applied: dict[str, list[str]] = {}
    for app, name in executor.loader.applied_migrations:
        applied.setdefault(app, []).append(name)
    if unknown := restore.unknown_migration(applied):
        raise UpgradeError(
            f"A newer MemoryLoop has used this data (it has the migration {unknown}, which is not "
            "known here): install that MemoryLoop or a newer one, or restore an older backup into "
            "an empty folder. Nothing was changed."
        )


def _refuse_what_cannot_serve(tell: Tell) -> None:
    """Raise UpgradeError where the cards are not where CARD_STORE says, or pgvector is missing."""
    if refusal := store.refuse_engine() or extensions.fault():
        raise UpgradeError(f"{refusal} Nothing was changed.")
    if store.find_engine() == StoreVersions.Engine.POSTGRESQL:
        for sentence in extensions.lacking_for_cards():
            tell(sentence)


def _has_data() -> bool:
    with connection.cursor() as cursor:
        if "accounts_user" not in connection.introspection.table_names(cursor):
            return False
        cursor.execute("SELECT EXISTS (SELECT FROM accounts_user)")
        return bool(cursor.fetchone() == (True,))


def _back_up(now: datetime, tell: Tell) -> str:
    """Make a backup of the data as it is, and return its address. Raises UpgradeError."""
    place = backup_places.place()
    tell(f"Backing it up first, into {place.address} …")
    try:
        with scheduled_backup.one_at_a_time():
            address = scheduled_backup.make(
                place,
                BEFORE_UPGRADE,
                now=now,
                older=True,
                progress=lambda text: tell(f"  {text} …"),
            )
            _prune(place)
    except scheduled_backup.Busy:
        raise UpgradeError(
            "Another process makes a backup of this data just now: stop what uses it, and start "
            "MemoryLoop again. Nothing was changed."
        ) from None
    except (BackupError, DumpError, StoreError, OSError) as error:
        raise UpgradeError(
            "The data was not upgraded, because it could not be backed up before. "
            f"{backup.in_words(error, place.address)} Nothing was changed. Whoever backs up by "
            "other means sets MEMORYLOOP_BACKUP_BEFORE_UPGRADE=false."
        ) from error
    tell(f"  Backed up and verified: {address}")
    return address


def _prune(place: Place) -> None:
    seen: list[tuple[Any, ...]] = []
    for each in place.stored(BEFORE_UPGRADE):
        state = _state(each)
        if state in seen or len(seen) == KEPT_STATES:
            place.remove(BEFORE_UPGRADE, each.name)
        elif each.is_verified:
            seen.append(state)


def _state(stored: Stored) -> tuple[Any, ...]:
    """Return what an upgrade would change of this backup's data: equal for equal versions."""
    names = {(app, name) for app, names in stored.manifest.migrations.items() for name in names}
    return stored.manifest.schema, names


def _run(apps: Sequence[str], backed_up: str, tell: Tell) -> None:
    """Migrate these apps, one for each migration, and upgrade the card store."""
    doing = "the migration"

    def step(what: str) -> None:
        nonlocal doing
        doing = what
        tell(f"  {what} …")

    def upgrading(each: Upgrade) -> None:
        step(f"card store, schema {each.number}: {each.what}")

    django = _Migrate(step, len(apps))
    queue_changed = False
    try:
        if QUEUE in apps:
            queue_changed = True
            call_command(django, QUEUE, interactive=False, verbosity=0)
        with transaction.atomic(), store.unchanged_on_error():
            leftovers.drop_unknown()
            call_command(django, interactive=False, verbosity=0)
            store.upgrade(upgrading)
    except Exception as error:
        raise UpgradeError(_failed(error, doing, backed_up, queue_changed)) from error
    finally:
        # What was remembered within the transaction may not be so.
        ContentType.objects.clear_cache()
        store.clear_cache()


def _failed(error: Exception, doing: str, backed_up: str, queue_changed: bool) -> str:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    if is_disk_full(error):
        reason = "the disk is full"
    elif not isinstance(error, StoreError | Error | OSError):
        reason = f"{type(error).__name__}: {reason}"
    command = installation.command(shlex.join(["restore", "--replace", backed_up or "DIR"]))
    lines = [f"The upgrade failed ({doing}): {reason}."]
    if isinstance(error, TablesChanged):
        lines.append(
            "PostgreSQL is as it was, and the cards may not be: put both back with the MemoryLoop "
            f"that you had before, by `{command}`."
        )
    else:
        lines.append(
            "Nothing was changed: the data is as it was. Mend the cause and start MemoryLoop "
            "again, or go on with the version that you had before."
        )
        if queue_changed:
            lines.append(
                "Only the queue of the worker’s jobs may be of the new version: if the one before "
                f"cannot use it, run `{command}` there."
            )
    if backed_up:
        lines.append(f"The backup from before the upgrade is {backed_up}.")
    return " ".join(lines)


class _Migrate(migrate.Command):
    """Django's `migrate`, which tells what it does, within one transaction."""

    def __init__(self, step: Callable[[str], None], count: int) -> None:
        super().__init__()
        self.step, self.count, self.done = step, count, 0

    def migration_progress_callback(
        self,
        action: str,
        migration: Any = None,
        fake: bool = False,  # noqa: ARG002 - Django passes it
    ) -> None:
        if action == "apply_start":
            self.done += 1
            self.step(f"PostgreSQL, {self.done} of {self.count}: {migration}")
        elif action == "apply_success":
            _settle()


def _settle() -> None:
    """Have constraints checked now that wait for the end of the transaction.

    A migration that changes rows leaves such checks, and the next could not alter their tables.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
