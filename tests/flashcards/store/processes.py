"""Start processes that work on the test's own stores, and judge what they left behind."""

import json
import os
from collections import Counter
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django.conf import settings
from django.db import connection

from flashcards.maintenance import check
from flashcards.store import cards, checkpoint_all, clear_cache, review_logs
from tests import forks


def database_url() -> str:
    """Return the address of the test's database, as DATABASE_URL says it."""
    at = connection.settings_dict
    query = urlencode({"host": at["HOST"], **({"port": at["PORT"]} if at["PORT"] else {})})
    user = quote(at["USER"]) + (f":{quote(at['PASSWORD'])}" if at["PASSWORD"] else "")
    return f"postgresql://{user}@/{quote(at['NAME'])}?{query}"


def start(
    action: str,
    owner_id: UUID,
    *,
    seed: int = 0,
    count: int = 1,
    pause_seconds: float = 0.0,
    failpoint: str = "",
) -> forks.Fork:
    """Start tests.flashcards.store.store_process; it may die at `failpoint`."""
    return start_python(
        *("-m", "tests.flashcards.store.store_process"),
        *(action, str(owner_id), str(seed), str(count), str(pause_seconds)),
        failpoint=failpoint,
    )


def start_python(*arguments: str, failpoint: str = "") -> forks.Fork:
    """Start a program on the test's own stores; it may die at `failpoint`."""
    shared = {**os.environ, "DATABASE_URL": database_url()}
    if "CARD_STORE" in os.environ:
        # The class of tests may have another engine.
        shared["CARD_STORE"] = settings.CARD_STORE
    own = {"LANCEDB_URI": settings.LANCEDB_URI, "MEMORYLOOP_FAILPOINT": failpoint}
    return forks.start(arguments, {**shared, **own}, prepared=shared)


def acknowledged(output: str) -> list[dict[str, Any]]:
    """Return what a process said was done; a line cut off in the middle was not said."""
    return [json.loads(line) for line in output.splitlines() if line.endswith("}")]


def forget() -> None:
    """Drop what this process remembers of the stores: others have written to them."""
    clear_cache()


def judge(owner_id: UUID, said: list[dict[str, Any]]) -> list[str]:
    """Return what is wrong: nothing acknowledged may be missing, nothing there twice."""
    forget()
    wrong = [f"before a checkpoint: {text}" for text in _missing(owner_id, said)]
    checkpoint_all()
    forget()
    wrong += [f"after a checkpoint: {text}" for text in _missing(owner_id, said)]
    for finding in check.check().findings:
        wrong.append(f"{finding.kind} {finding.count}: {finding.examples}")
    return wrong


def _missing(owner_id: UUID, said: list[dict[str, Any]]) -> list[str]:
    logs = Counter(str(log.id) for log in review_logs.for_owner(owner_id))
    found = {str(c.id): c for c in cards.for_owner(owner_id).with_deleted()}
    wrong = []
    for item in said:
        for log_id in (item.get("review"), item.get("undone")):
            if log_id and logs[log_id] != 1:
                wrong.append(f"log {log_id} is there {logs[log_id]} times")
        wrong += [f"card {c} is not there" for c in item.get("created", []) if c not in found]
        if (gone := item.get("deleted")) and found[gone].deleted_at is None:
            wrong.append(f"card {gone} is not deleted")
    return wrong
