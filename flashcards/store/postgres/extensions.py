"""The extensions of PostgreSQL that the engine uses, and what to do where one is missing or old."""

import functools

from django.db import connection

# Older ones may damage an index of vectors while it is written to.
PGVECTOR_LEAST = (0, 8, 3)

_FOUND = """
SELECT to_regprocedure('similarity(text, text)') IS NOT NULL,
    (SELECT extversion FROM pg_extension WHERE extname = 'vector')
"""
# By all letters, whatever the database's own locale is: it may know those of English alone. The
# first follows Unicode as Python does; it is of PostgreSQL 18, and the second needs ICU.
_LOWERS = ("pg_unicode_fast", "und-x-icu", "pg_c_utf8")
_COLLATIONS = """
SELECT collname FROM pg_collation
WHERE collname = ANY(%s) AND collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding()))
"""


def has_trigrams() -> bool:
    """Tell whether pg_trgm is there. One SQL query the first time in a process."""
    return _found()[0]


def may_index_vectors() -> bool:
    """Tell whether pgvector keeps an index of vectors whole. One SQL query the first time."""
    return _found()[1] >= PGVECTOR_LEAST


def lacking() -> list[str]:
    """Say what is missing or too old, and what to do: a sentence or two for each."""
    said = []
    if not may_index_vectors():
        least, there = (".".join(map(str, each)) for each in (PGVECTOR_LEAST, _found()[1]))
        said.append(
            f"pgvector {there} may damage its indexes, so every vector is compared: install "
            f"pgvector {least} or later and run `ALTER EXTENSION vector UPDATE` in the database."
        )
    if not has_trigrams():
        said.append(
            "The extension pg_trgm is missing, so misspelt words take longer to look for: run "
            "`CREATE EXTENSION pg_trgm` in the database as a role that may."
        )
    return said


@functools.cache
def lowering() -> str:
    """Return the collation, as SQL, by which letters are made small; "" for the database's own.

    One SQL query the first time in a process.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COLLATIONS, [list(_LOWERS)])
        there = {name for (name,) in cursor.fetchall()}
    best = next((name for name in _LOWERS if name in there), None)
    return f' COLLATE "{best}"' if best else ""


def clear_cache() -> None:
    """Have it looked up again, as after an update of an extension."""
    _found.cache_clear()
    lowering.cache_clear()


@functools.cache
def _found() -> tuple[bool, tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_FOUND)
        trigrams, vector = cursor.fetchone()
    return bool(trigrams), tuple(int(part) for part in (vector or "0").split(".") if part.isdigit())
