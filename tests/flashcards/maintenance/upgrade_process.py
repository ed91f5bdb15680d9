"""A process that upgrades its installation, told where to fail: `python -m … WHERE [WHAT]`.

Prints a line of JSON: what was said, the error, and what both stores are before and after.
"""

import dataclasses
import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

import django


def main(where: str, what: str = "") -> None:
    from django.db import DataError
    from django.db.migrations import Migration
    from django.utils import timezone

    from flashcards.maintenance import backup, check, upgrade
    from flashcards.store.lance import failpoints

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
            upgrade.upgrade(now=timezone.now(), tell=said.append)
        except upgrade.UpgradeError as raised:
            error = str(raised)
    report = None if error else dataclasses.asdict(check.check())
    told = {"checked": report, "said": said, "error": error, "before": before, "after": state()}
    sys.stdout.write(json.dumps(told) + "\n")


def state() -> dict[str, Any]:
    """Return what both stores are made of, down to their columns, and how many rows they have."""
    from django.db import connection

    from flashcards.store.lance import tables
    from flashcards.store.lance.schema import FLASHCARDS, REVIEW_LOGS

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


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    django.setup()
    main(*sys.argv[1:])
