"""Backups: the rows are in the dump of PostgreSQL, and no file is beside it."""

import contextlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from django.db import connection

from flashcards.models import StoreVersions
from flashcards.store.postgres.care import process, relations
from flashcards.store.protocol.handles import RowsOf
from flashcards.store.rows.schema import SCHEMA_VERSION

_NEXT = "SELECT nextval('flashcards_journalentry_id_seq')"
# After the rows of the dump: it recorded LanceDB's tables where the cards were there before. Those
# that are here are known by the id that was recorded here. A switch to LanceDB that was under way
# when the backup was made had copied into other tables than these.
_RECORD = """
INSERT INTO public.flashcards_storeversions
    (id, engine, checkpoints, flashcards, review_logs, schema, rebuilt, store_id)
VALUES (1, 'postgresql', 0, 0, 0, 0, nextval('public.flashcards_journalentry_id_seq'), {store_id})
ON CONFLICT (id) DO UPDATE SET engine = excluded.engine, rebuilt = excluded.rebuilt,
    flashcards = 0, review_logs = 0, flashcards_rows = NULL, review_logs_rows = NULL,
    store_id = excluded.store_id;
DO $$ BEGIN
    IF to_regclass('public.flashcards_storeswitch') IS NOT NULL THEN
        DELETE FROM public.flashcards_storeswitch WHERE switched_at IS NULL;
    END IF;
END $$;
"""


@dataclass(frozen=True)
class PostgresSnapshot:
    """Both tables, in the state of PostgreSQL that is dumped."""

    versions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(relations.BY_NAME, 0))
    schema: int = SCHEMA_VERSION
    engine: str = StoreVersions.Engine.POSTGRESQL.value

    def write_files(self, folder: Path, dumped: RowsOf) -> dict[str, int]:
        """Write nothing; return the rows that the dump has, by the table's name."""
        return count_files(folder, dumped)


@contextlib.contextmanager
def snapshot() -> Iterator[PostgresSnapshot]:
    """Yield the tables; the dump itself is what holds them still."""
    yield PostgresSnapshot()


def older_snapshot() -> contextlib.AbstractContextManager[PostgresSnapshot]:
    """Do as `snapshot` does: the dump has the tables as an older MemoryLoop wrote them."""
    return snapshot()


@contextlib.contextmanager
def unchanged_on_error() -> Iterator[None]:
    """Do nothing: the tables are taken back by the transaction that the block is in."""
    yield


@contextlib.contextmanager
def restore_files(folder: Path, names: Collection[str]) -> Iterator[str]:  # noqa: ARG001 - the rows come with the dump
    """Yield the SQL that records that the dump's rows are the store, at the end of its restore.

    What LanceDB here has from before a switch stays, and stays this installation's.
    """
    store_id = _store_id()
    yield _RECORD.format(store_id=f"'{store_id}'" if store_id else "NULL")
    process.clear_cache()


def _store_id() -> UUID | None:
    """Return the id of LanceDB's tables that is recorded here, where PostgreSQL has any table."""
    table = StoreVersions._meta.db_table
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return None
        # Not through the model, which may have columns that the table does not have yet.
        cursor.execute(f"SELECT to_jsonb(v) ->> 'store_id' FROM {table} v")  # noqa: S608 - our own name
        row = cursor.fetchone()
    return UUID(row[0]) if row and row[0] else None


def count_files(folder: Path, dumped: RowsOf) -> dict[str, int]:  # noqa: ARG001 - as above
    """Return the rows that a backup's dump has, by the table's name."""
    return {name: dumped(relations.table_of(model)) for name, model in relations.BY_NAME.items()}


def count_rows() -> int:
    """Return how many rows both tables have; none where a new database has no tables yet."""
    there = relations.sizes()
    return sum(
        relations.rows(model).count()
        for model in relations.BY_NAME.values()
        if relations.table_of(model) in there
    )


def claim() -> None:
    """Record that PostgreSQL has the cards, and have every process read them anew."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT)
        (revision,) = cursor.fetchone()
    StoreVersions.objects.update_or_create(
        id=1, defaults={"engine": StoreVersions.Engine.POSTGRESQL, "rebuilt": revision}
    )


def recover(progress: Callable[[float], None] = lambda _: None) -> int:  # noqa: ARG001 - nothing to do
    """Return 0: no copy of files could be older than PostgreSQL itself."""
    return 0


def bytes_on_disk() -> int:
    """Return 0: what the tables take, PostgreSQL takes."""
    return 0
