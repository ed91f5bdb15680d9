"""The extensions that MemoryLoop wants of PostgreSQL: whether they are there, and new enough."""

import functools
import logging

from django.db import connection

logger = logging.getLogger(__name__)

# Halves of vectors, and scans that go on until enough was found.
_PGVECTOR = (0, 8)
# pgvector 0.8.3 mended that vacuuming could damage an HNSW index, 0.8.2 that building one could
# read other tables' memory.
PGVECTOR_FOR_CARDS = (0, 8, 3)

# As the migration does: what can do without it does without it.
MAKE_TRIGRAMS = """
DO $$ BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_file THEN
  NULL;
END $$;
"""

_READ = """
SELECT name, default_version, installed_version
FROM pg_available_extensions WHERE name IN ('vector', 'unaccent')
"""
# Only who made one may drop it.
_OF_OTHERS = "SELECT extname FROM pg_extension WHERE NOT pg_has_role(extowner, 'USAGE')"
# It may be in any schema of the search path.
_HAS_TRIGRAMS = "SELECT to_regprocedure('similarity(text, text)') IS NOT NULL"
_NO_TRIGRAMS = (
    "The database lacks the extension pg_trgm, so a search takes three times as long for a "
    "misspelt word: run `CREATE EXTENSION pg_trgm` in it, as a role that may. It comes with "
    "PostgreSQL (Debian and Ubuntu: the package postgresql-contrib)."
)


def fault() -> str:
    """Return what MemoryLoop cannot do without, and what to do; "" if all is there.

    One SQL query.
    """
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        found = {name: (available, given) for name, available, given in cursor.fetchall()}
    if "vector" not in found:
        return (
            "The PostgreSQL server lacks pgvector: install it on that machine (Debian and Ubuntu: "
            "the package postgresql-NN-pgvector)."
        )
    available, given = found["vector"]
    if _parsed(available) < _PGVECTOR:
        return f"pgvector {available} is too old: MemoryLoop needs 0.8 or later."
    if given is not None and _parsed(given) < _PGVECTOR:
        return (
            f"The database has pgvector {given} yet, and the server {available}: run `ALTER "
            "EXTENSION vector UPDATE` in the database, as a role that may."
        )
    if "unaccent" not in found:
        return (
            "The PostgreSQL server lacks unaccent, which comes with PostgreSQL: install it on that "
            "machine (Debian and Ubuntu: the package postgresql-contrib)."
        )
    return ""


def lacking_for_cards() -> list[str]:
    """Return what makes searches slow where the cards are in PostgreSQL, a sentence each.

    Of a database that was migrated, which is when it gets pg_trgm. Two SQL queries.
    """
    said = []
    available = pgvector_version()
    if _parsed(available) < PGVECTOR_FOR_CARDS:
        said.append(
            f"pgvector {available} can damage an index of vectors, so a search by meaning compares "
            "all cards of a learner: install 0.8.3 or later on the server's machine."
        )
    if not _are_trigrams_there():
        said.append(_NO_TRIGRAMS)
    return said


@functools.cache
def has_trigrams() -> bool:
    """Tell whether the database has pg_trgm. One SQL query the first time in a process."""
    found = _are_trigrams_there()
    if not found:
        logger.warning(_NO_TRIGRAMS)
    return found


@functools.cache
def may_index_vectors() -> bool:
    """Tell whether pgvector keeps an index of vectors whole. One SQL query the first time."""
    return _parsed(pgvector_version()) >= PGVECTOR_FOR_CARDS


def of_others() -> set[str]:
    """Return the extensions of the database that its role may not drop. One SQL query."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_OTHERS)
        return {name for (name,) in cursor.fetchall()}


def pgvector_version() -> str:
    """Return the version of pgvector that the server has; "" if it has none. One SQL query."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        return next((available for name, available, _ in cursor.fetchall() if name == "vector"), "")


def clear_cache() -> None:
    """Have it looked up again, as after an update of an extension."""
    has_trigrams.cache_clear()
    may_index_vectors.cache_clear()


def _are_trigrams_there() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_HAS_TRIGRAMS)
        return bool(cursor.fetchone() == (True,))


def _parsed(version: str) -> tuple[int, ...]:
    """Return `0.8.3` as numbers, up to the first part that is none."""
    numbers = []
    for part in version.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)
