"""What a running MemoryLoop has in its card store, read past the application."""

import uuid
from typing import Any

import lancedb
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from flashcards.models import CardRow, ReviewRow
from memoryloop.postgres.server import EmbeddedPostgres
from tests.engines import by_engine
from tests.live import LiveMemoryLoop

Row = dict[str, Any]

_TABLES = {"flashcards": CardRow._meta.db_table, "review_logs": ReviewRow._meta.db_table}


def rows(site: LiveMemoryLoop, table: str, owner_id: str) -> list[Row]:
    """Return a learner's rows of a table. Where there is a journal, a checkpoint must have run."""
    read = by_engine(lancedb=_rows_in_lancedb, postgresql=_rows_in_postgresql)
    return read(site, table, uuid.UUID(owner_id))


def _rows_in_lancedb(site: LiveMemoryLoop, table: str, owner_id: uuid.UUID) -> list[Row]:
    stored = lancedb.connect(str(site.data / "lancedb")).open_table(table)
    found: list[Row] = stored.search().where(f"owner_id = '{owner_id}'").limit(10_000).to_list()
    return found


def _rows_in_postgresql(site: LiveMemoryLoop, table: str, owner_id: uuid.UUID) -> list[Row]:
    server = EmbeddedPostgres(site.data / "postgres").django_settings()
    owned = sql.SQL("SELECT * FROM {} WHERE owner_id = %s").format(sql.Identifier(_TABLES[table]))
    with psycopg.connect(
        host=server["HOST"], dbname=server["NAME"], user=server["USER"], row_factory=dict_row
    ) as database:
        return database.execute(owned, [owner_id]).fetchall()
