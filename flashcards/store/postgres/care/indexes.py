"""The indexes of the tables: what is missing or was left unusable, and making it anew.

Those of vectors are looked after in `vector_upkeep`.
"""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection, models

from flashcards.store.postgres.care import relations
from flashcards.store.postgres.search import vector_index

# Any number will do, as long as nothing else in this database locks it.
_LOCK = 0x4D4C_6978
_LONGEST_NAME = 30
# What REINDEX CONCURRENTLY leaves when it is cut off.
_LEFT_BEHIND = re.compile(r"_cc(new|old)\d*$")
# One that is just being built is none yet.
_THERE = """
SELECT t.relname, i.relname, x.indisvalid AND x.indisready,
    ARRAY(SELECT a.attname::text FROM unnest(x.indkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number ORDER BY k.place)
FROM pg_index x
JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_class i ON i.oid = x.indexrelid
WHERE t.relnamespace = current_schema()::regnamespace AND t.relname = ANY(%s)
    AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.oid)
ORDER BY t.relname, i.relname
"""


@dataclass(frozen=True, slots=True)
class _Index:
    """An index that PostgreSQL has."""

    table: str
    name: str
    # Building it was cut off where not: no query uses it.
    is_valid: bool
    columns: tuple[str, ...]


def find_faults() -> Iterator[tuple[str, str]]:
    """Yield ("index_missing", where) for each that is missing or cannot be used."""
    there = _there()
    for index in there:
        if not index.is_valid:
            yield "index_missing", f"{index.table}.{index.name}, which is not valid"
    for model, wanted in _missing(there):
        yield "index_missing", f"{relations.table_of(model)}.{wanted.name}"


def mend() -> list[str]:
    """Make the indexes that are missing, and those anew that cannot be used. Return their names.

    Others write meanwhile, unless this is within a transaction. While another process does the
    same, nothing is done.
    """
    with _one_at_a_time() as is_alone:
        return _mend() if is_alone else []


def _mend() -> list[str]:
    there = _there()
    concurrently = not connection.in_atomic_block
    how = " CONCURRENTLY" if concurrently else ""
    broken = [index.name for index in there if not index.is_valid]
    with connection.cursor() as cursor:
        for name in broken:
            what = "DROP" if _LEFT_BEHIND.search(name) else "REINDEX"
            cursor.execute(f"{what} INDEX{how} {connection.ops.quote_name(name)}")
    missing = _missing(there)
    for model, wanted in missing:
        with connection.schema_editor(atomic=False) as editor:
            # PostgreSQL's editor can do so, of which the types do not know.
            editor.add_index(model, wanted, concurrently=concurrently)  # type: ignore[call-arg]
    return [*broken, *(wanted.name for _, wanted in missing)]


def names(models_of: Sequence[type[models.Model]]) -> set[str]:
    """Return the names of the indexes that these models' tables have."""
    tables = {relations.table_of(model) for model in models_of}
    return {index.name for index in _there() if index.table in tables}


def _there() -> list[_Index]:
    with connection.cursor() as cursor:
        cursor.execute(_THERE, [[relations.table_of(model) for model in relations.ALL]])
        found = [_Index(table, name, ok, tuple(at)) for table, name, ok, at in cursor.fetchall()]
    of_vectors = vector_index.made()
    return [index for index in found if index.name not in of_vectors]


def _missing(there: list[_Index]) -> list[tuple[type[models.Model], models.Index]]:
    """Return the indexes that the models declare and PostgreSQL does not have."""
    by_name = {index.name for index in there}
    by_columns = {(index.table, index.columns) for index in there}
    found: list[tuple[type[models.Model], models.Index]] = []
    for model in relations.ALL:
        table = relations.table_of(model)
        found += [(model, index) for index in model._meta.indexes if index.name not in by_name]
        for field in model._meta.concrete_fields:
            if getattr(field, "db_index", False) and (table, (field.column,)) not in by_columns:
                name = f"{table}_{field.column}"[:_LONGEST_NAME]
                found.append((model, models.Index(fields=[field.name], name=name)))
    return found


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[bool]:
    """Yield whether this process alone makes indexes now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        is_alone = cursor.fetchone() == (True,)
    try:
        yield is_alone
    finally:
        if is_alone:
            # If the connection is gone, so is the lock.
            with contextlib.suppress(Exception), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
