"""A process that upgrades its installation, told where to fail: `python -m … WHERE[=WHAT] …`.

To start a process takes longer than an upgrade, so one does several, one after the other. For each
it prints a line of JSON: what was said, the error, what both stores are before and after, and the
backups that are there then.
"""

import dataclasses
import errno
import io
import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import django


def upgrade(where: str, what: str) -> dict[str, Any]:
    from django.db import DataError
    from django.db.migrations import Migration

    from flashcards.maintenance import backup, check, upgrade
    from flashcards.store import failpoints

    apply = Migration.apply

    def apply_and_fail(self: Any, *args: Any, **options: Any) -> Any:
        state = apply(self, *args, **options)
        if str(self) == what:
            raise DataError("value too long for type character varying(3)")
        return state

    def reach(step: str) -> None:
        if step == what:
            if where == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.ENOSPC, "No space left on device")

    broken: dict[str, Callable[[], Any]] = {
        "nowhere": lambda: mock.patch.object(failpoints, "reach", autospec=True),
        "migration": lambda: mock.patch.object(Migration, "apply", apply_and_fail),
        "store": lambda: mock.patch.object(failpoints, "reach", reach),
        "kill": lambda: mock.patch.object(failpoints, "reach", reach),
        "backup": lambda: mock.patch.object(
            backup, "describe", side_effect=OSError(errno.ENOSPC, "No space left on device")
        ),
    }
    before, error = state(), ""
    said: list[str] = []
    with broken[where]():
        try:
            upgrade.upgrade(now=moment(), tell=said.append)
        except upgrade.UpgradeError as raised:
            error = str(raised)
    report = None if error else dataclasses.asdict(check.check())
    return {"checked": report, "said": said, "error": error, "before": before, "after": state()}


def moment() -> datetime:
    """Return the time, or a second after the newest backup if that is later.

    Two backups of one second would have one name, whichever processes make them.
    """
    from django.utils import timezone

    from flashcards.maintenance import backup_places

    stored = backup_places.place().stored(backup_places.BEFORE_UPGRADE)
    return max([timezone.now(), *(each.made_at + timedelta(seconds=1) for each in stored)])


def refused() -> dict[str, Any]:
    """Have the data be of a newer version, and run the command."""
    from django.core.management import CommandError, call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('flashcards', '0999_later', now())"
        )
    try:
        call_command("upgrade")
    except CommandError as error:
        return {"error": str(error)}
    return {"error": ""}


def restored() -> dict[str, Any]:
    """Restore the newest backup in the place of what is there."""
    from django.core.management import call_command

    printed = io.StringIO()
    call_command("restore", "--replace", "--json", backups()[0], stdout=printed)
    return {"checked": json.loads(printed.getvalue())}


def backups() -> list[str]:
    from flashcards.maintenance import backup_places

    stored = backup_places.place().stored(backup_places.BEFORE_UPGRADE)
    return [each.address for each in stored]


def state() -> dict[str, Any]:
    """Return what both stores are made of, down to their columns, and how many rows they have."""
    from django.db import connection

    from flashcards.store.lance import tables
    from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS

    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, array_agg(column_name || ' ' || data_type ORDER BY column_name)"
            " FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1 ORDER BY 1"
        )
        for table, columns in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            found[table] = [columns, *cursor.fetchone()]
        cursor.execute("SELECT schema, flashcards, review_logs FROM flashcards_storeversions")
        found["recorded"] = cursor.fetchone()
    for spec in (FLASHCARDS, REVIEW_LOGS):
        table = tables.for_writing(spec)
        fields = [f"{field.name} {field.type}" for field in table.schema]
        found[spec.name] = [fields, table.count_rows()]
    return found


def main(scenarios: list[str]) -> None:
    others = {"newer": refused, "restore": restored}
    for scenario in scenarios:
        where, _, what = scenario.partition("=")
        told = others[where]() if where in others else upgrade(where, what)
        sys.stdout.write(json.dumps({**told, "backups": backups()}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    django.setup()
    main(sys.argv[1:])
