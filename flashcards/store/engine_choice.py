"""Which engine has the cards of an installation, and whether CARD_STORE still chooses one.

It does until something is stored. Then PostgreSQL's record counts, and only `switch_store` moves
the cards to the other engine. Here that is read from whatever PostgreSQL has: also before a
migration that an earlier version's data lacks, and of an empty database.
"""

import json
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from flashcards.models import CardRow, JournalEntry, StoreVersions
from flashcards.store import engines
from memoryloop import installation

Engine = StoreVersions.Engine


def find() -> str:
    """Find out which engine has the cards, or is to have them, and go by it in this process."""
    found = _having(_row()) or settings.CARD_STORE
    engines.remember(found)
    return found


def refusal() -> str:
    """Return why CARD_STORE cannot be followed, and what to do; "" if it can."""
    row = _row()
    found = _having(row)
    if not settings.CARD_STORE_IS_SET or found in (None, settings.CARD_STORE):
        return ""
    if not _is_used(found, row):
        return ""
    command = installation.command(f"switch_store --to {settings.CARD_STORE}")
    return (
        f"The cards are in {Engine(found).label}, and CARD_STORE says {settings.CARD_STORE}: move "
        f"them with `{command}`, or set CARD_STORE={found}."
    )


def settle() -> None:
    """Record which engine has the cards, or is to have them. Two SQL queries where it is known."""
    row, wanted = _row(), settings.CARD_STORE
    found = _having(row)
    if found is not None and not settings.CARD_STORE_IS_SET:
        wanted = found
    if row.get("engine") == wanted:
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Whoever writes a card holds a lock on its owner's row.
            cursor.execute("LOCK TABLE accounts_user IN EXCLUSIVE MODE")
        row = _row()
        found = _having(row)
        if found is not None and _is_used(found, row):
            wanted = found
        StoreVersions.objects.update_or_create(id=1, defaults={"engine": wanted})
    engines.forget()


def _having(row: dict[str, Any]) -> str | None:
    """Return which engine was recorded or has something; None where nothing is stored yet."""
    if row:
        # Before there was a choice it was LanceDB.
        return str(row.get("engine", Engine.LANCEDB.value))
    return next((engine.value for engine in Engine if _is_used(engine.value, row)), None)


def _is_used(engine: str | None, row: dict[str, Any]) -> bool:
    """Tell whether an engine was ever given something to store."""
    if engine == Engine.POSTGRESQL:
        return _has_rows(CardRow._meta.db_table)
    written = row.get("flashcards") or row.get("review_logs")
    return bool(written) or _has_rows(JournalEntry._meta.db_table)


def _row() -> dict[str, Any]:
    """Return what was recorded of the store, with the columns that there are; {} for nothing."""
    table = StoreVersions._meta.db_table
    if not _is_there(table):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(v)::text FROM {table} v")  # noqa: S608 - our own name
        found = cursor.fetchone()
    return dict(json.loads(found[0])) if found else {}


def _has_rows(table: str) -> bool:
    if not _is_there(table):
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")  # noqa: S608 - as above
        return bool(cursor.fetchone() == (True,))


def _is_there(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
        return bool(cursor.fetchone() == (True,))
