"""Installations of their own for tests that back up and restore: database, folders, commands."""

import json
import os
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from tests import forks
from tests.commands import CommandProcess
from tests.flashcards.store.processes import database_url


class Installation:
    """A data folder, a LanceDB folder and a database, and `manage.py` on them."""

    def __init__(self, data: Path, database: str, lancedb: str) -> None:
        self.data = data
        self.environment = {
            **os.environ,
            "MEMORYLOOP_DATA": str(data),
            "DATABASE_URL": database,
            "DATABASE_POOL": "4",
            "LANCEDB_URI": lancedb,
        }
        self._commands = CommandProcess(self.environment)

    def run(self, *command: str, expect: int | None = 0, **environment: str) -> str:
        """Run `python COMMAND` in a process of its own, and return what it printed."""
        process = forks.start(command, {**self.environment, **environment})
        printed, complained = process.communicate(timeout=240)
        if expect is not None and process.returncode != expect:
            raise AssertionError(f"{command} ended with {process.returncode}:\n{complained}")
        return printed

    def manage(self, *command: str, expect: int = 0) -> str:
        """Run `manage.py` and return what it printed, on both streams if it failed.

        All commands of an installation run in one process, which the first of them begins.
        """
        status, printed, complained = self._commands.run(*command)
        if status != expect:
            raise AssertionError(f"{command} ended with {status}:\n{printed}{complained}")
        return printed + (complained if expect else "")

    def close(self) -> None:
        """End the process that ran the commands."""
        self._commands.close()

    def reviews(self, owner_id: uuid.UUID) -> set[str]:
        printed = self.run(
            "-m", "tests.flashcards.store.store_process", "reviews", str(owner_id), "0", "1"
        )
        return {json.loads(line)["review"] for line in printed.splitlines()}

    def check(self) -> dict[str, Any]:
        return json.loads(self.manage("check_store", "--json"))  # type: ignore[no-any-return]


def here(data: Path) -> Installation:
    """Return the test's own database and store."""
    return Installation(data, database_url(), settings.LANCEDB_URI)


class Elsewhere(Installation):
    """An empty installation, whose database goes with it."""

    def __init__(self, folder: Path) -> None:
        self.name = f"elsewhere_{uuid.uuid4().hex[:12]}"
        with _administrator() as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.name)))
        folder.mkdir()
        url = urlsplit(database_url())._replace(path=f"/{self.name}").geturl()
        super().__init__(folder, url, str(folder / "lancedb"))

    def remove(self) -> None:
        self.close()
        with _administrator() as server:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            server.execute(drop.format(sql.Identifier(self.name)))


def execute_as_administrator(statement: sql.Composed) -> None:
    """Execute a statement of the test's server that is about no database's rows."""
    with _administrator() as server:
        server.execute(statement)


def _administrator() -> "psycopg.Connection[Any]":
    at = connection.settings_dict
    return psycopg.connect(
        host=at["HOST"] or None,
        port=at["PORT"] or None,
        user=at["USER"] or None,
        password=at["PASSWORD"] or None,
        dbname="postgres",
        autocommit=True,
    )
