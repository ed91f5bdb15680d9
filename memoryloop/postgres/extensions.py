"""The extensions that MemoryLoop wants of PostgreSQL: whether they are there, and new enough."""

from dataclasses import dataclass

from django.db import connection

# Halves of vectors, and scans that go on until enough was found.
_PGVECTOR = (0, 8)
# pgvector 0.8.3 mended that vacuuming could damage an HNSW index, 0.8.2 that building one could
# read other tables' memory.
PGVECTOR_FOR_CARDS = (0, 8, 3)

_READ = """
SELECT name, default_version, installed_version
FROM pg_available_extensions WHERE name IN ('vector', 'pg_trgm', 'unaccent')
"""
_INSTALL_CONTRIB = (
    "install PostgreSQL's own extensions on that machine (Debian and Ubuntu: the package "
    "postgresql-contrib)"
)


@dataclass(frozen=True, slots=True)
class _Extension:
    """An extension that the server has."""

    # What the server has now, and what the database was given; None if it was given none yet.
    available: str
    installed: str | None

    @property
    def version(self) -> str:
        return self.installed or self.available


def fault() -> str:
    """Return what MemoryLoop cannot do without, and what to do; "" if all is there.

    One SQL query.
    """
    found = _found()
    vector = found.get("vector")
    if vector is None:
        return (
            "The PostgreSQL server lacks pgvector: install it on that machine (Debian and Ubuntu: "
            "the package postgresql-NN-pgvector)."
        )
    if _parsed(vector.available) < _PGVECTOR:
        return f"pgvector {vector.available} is too old: MemoryLoop needs 0.8 or later."
    if _parsed(vector.version) < _PGVECTOR:
        return f"{_outdated(vector)}."
    if "unaccent" not in found:
        return f"The PostgreSQL server lacks unaccent: {_INSTALL_CONTRIB}."
    return ""


def lacking_for_cards() -> list[str]:
    """Return what makes searches slow where the cards are in PostgreSQL, a sentence each.

    One SQL query.
    """
    found, said = _found(), []
    vector, trigrams = found.get("vector"), found.get("pg_trgm")
    if vector is not None and _parsed(vector.version) < PGVECTOR_FOR_CARDS:
        if _parsed(vector.available) >= PGVECTOR_FOR_CARDS:
            way_out = _outdated(vector)
        else:
            way_out = (
                f"pgvector {vector.available} can damage its indexes: install 0.8.3 or later on "
                "the server's machine and run `ALTER EXTENSION vector UPDATE` in the database"
            )
        said.append(f"{way_out}. Until then a search by meaning compares all cards of a learner.")
    if trigrams is None:
        said.append(
            "The PostgreSQL server lacks pg_trgm, so misspelt words take longer to look for: "
            f"{_INSTALL_CONTRIB}, and run `CREATE EXTENSION pg_trgm` in the database."
        )
    elif trigrams.installed is None and vector is not None and vector.installed is not None:
        said.append(
            "The database lacks the extension pg_trgm, so misspelt words take longer to look for: "
            "run `CREATE EXTENSION pg_trgm` in it, as a role that may."
        )
    return said


def pgvector_version() -> str:
    """Return the version of pgvector that the server has; "" if it has none. One SQL query."""
    vector = _found().get("vector")
    return vector.available if vector else ""


def _found() -> dict[str, _Extension]:
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        return {name: _Extension(*versions) for name, *versions in cursor.fetchall()}


def _outdated(vector: _Extension) -> str:
    return (
        f"The database has pgvector {vector.version} yet, and the server {vector.available}: run "
        "`ALTER EXTENSION vector UPDATE` in the database, as a role that may"
    )


def _parsed(version: str) -> tuple[int, ...]:
    """Return `0.8.3` as numbers, up to the first part that is none."""
    numbers = []
    for part in version.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)
