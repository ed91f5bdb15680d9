"""The extensions of PostgreSQL that the engine uses, and what to do where one is missing or old."""

import functools

from django.db import connection

# Older ones may damage an index of vectors while it is written to.
PGVECTOR_LEAST = (0, 8, 3)

_FOUND = """
SELECT to_regprocedure('similarity(text, text)') IS NOT NULL,
    (SELECT extversion FROM pg_extension WHERE extname = 'vector')
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


def clear_cache() -> None:
    """Have it looked up again, as after an update of an extension."""
    _found.cache_clear()


@functools.cache
def _found() -> tuple[bool, tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_FOUND)
        trigrams, vector = cursor.fetchone()
    return bool(trigrams), tuple(int(part) for part in (vector or "0").split(".") if part.isdigit())
