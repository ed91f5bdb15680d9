"""The extensions that MemoryLoop needs: whether the server has them, and new enough."""

import functools
import logging

from django.db import connection

logger = logging.getLogger(__name__)

# Halves of vectors, and scans that go on until enough was found.
PGVECTOR = (0, 8)
# Where the cards are in PostgreSQL, their vectors have an HNSW index. pgvector 0.8.3 mended that
# vacuuming could damage such an index, 0.8.2 that building one could read other tables' memory.
PGVECTOR_FOR_CARDS = (0, 8, 3)

_READ = """
SELECT name, default_version, installed_version
FROM pg_available_extensions WHERE name IN ('vector', 'unaccent')
"""
# It may be in any schema of the search path.
_TRIGRAMS = "SELECT to_regprocedure('similarity(text, text)') IS NOT NULL"
NO_TRIGRAMS = (
    "The database lacks the extension pg_trgm, so search takes three times as long for a word that "
    "is misspelt: run CREATE EXTENSION pg_trgm in it, as a role that may. It comes with PostgreSQL "
    "(Debian and Ubuntu: the package postgresql-contrib)."
)


def fault(*, with_cards: bool) -> str:
    """Return what is wrong with the server's extensions, and what to do; "" if nothing is.

    `with_cards` tells whether the cards are in PostgreSQL, or are to be. One SQL query.
    """
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        found = {name: (default, installed) for name, default, installed in cursor.fetchall()}
    if "vector" not in found:
        return (
            "The PostgreSQL server lacks pgvector: install it on that machine (Debian and Ubuntu: "
            "the package postgresql-NN-pgvector)."
        )
    available, installed = found["vector"]
    if _parsed(available) < PGVECTOR:
        return f"pgvector {available} is too old: MemoryLoop needs 0.8 or later."
    if with_cards and _parsed(available) < PGVECTOR_FOR_CARDS:
        return (
            f"pgvector {available} is too old for cards in PostgreSQL, as it can damage the index "
            "of their vectors: install 0.8.3 or later on the server's machine, or keep the cards "
            "in LanceDB."
        )
    if installed is not None and _parsed(installed) < PGVECTOR:
        return (
            f"The database still has pgvector {installed}, while the server has {available}: run "
            "ALTER EXTENSION vector UPDATE in it, as a role that may."
        )
    if "unaccent" not in found:
        return (
            "The PostgreSQL server lacks unaccent, which comes with PostgreSQL: install it on that "
            "machine (Debian and Ubuntu: the package postgresql-contrib)."
        )
    return ""


def advice(*, with_cards: bool) -> str:
    """Return what would do the database good that it can do without; "" for nothing.

    One SQL query, or none.
    """
    if not with_cards:
        return ""
    with connection.cursor() as cursor:
        cursor.execute(_TRIGRAMS)
        return "" if cursor.fetchone() == (True,) else NO_TRIGRAMS


@functools.cache
def has_trigrams() -> bool:
    """Tell whether the database has pg_trgm. One SQL query the first time in a process."""
    lacking = advice(with_cards=True)
    if lacking:
        logger.warning(lacking)
    return not lacking


@functools.cache
def may_index_vectors() -> bool:
    """Tell whether pgvector keeps an index of vectors whole. One SQL query the first time."""
    return _parsed(pgvector_version()) >= PGVECTOR_FOR_CARDS


def pgvector_version() -> str:
    """Return the version of pgvector that the server has; "" if it has none."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        found = {name: default for name, default, _ in cursor.fetchall()}
    return str(found.get("vector", ""))


def _parsed(version: str) -> tuple[int, ...]:
    """Return `0.8.3` as numbers, up to the first part that is none."""
    numbers = []
    for part in version.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)
