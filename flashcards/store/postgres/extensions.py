"""The extensions that search does better with, as far as this database has them.

What to do where one is missing or old is said by `memoryloop.postgres.extensions`.
"""

import functools

from django.db import connection

from memoryloop.postgres.extensions import PGVECTOR_FOR_CARDS

_FOUND = """
SELECT to_regprocedure('similarity(text, text)') IS NOT NULL,
    (SELECT extversion FROM pg_extension WHERE extname = 'vector')
"""


def has_trigrams() -> bool:
    """Tell whether pg_trgm is there. One SQL query the first time in a process."""
    return _found()[0]


def may_index_vectors() -> bool:
    """Tell whether pgvector keeps an index of vectors whole. One SQL query the first time."""
    return _found()[1] >= PGVECTOR_FOR_CARDS


def clear_cache() -> None:
    """Have it looked up again, as after an update of an extension."""
    _found.cache_clear()


@functools.cache
def _found() -> tuple[bool, tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_FOUND)
        trigrams, vector = cursor.fetchone()
    return bool(trigrams), tuple(int(part) for part in (vector or "0").split(".") if part.isdigit())
