"""The tables as PostgreSQL sees them: their rows, their size, and whether they are there."""

from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from flashcards.models import CardKeys, CardRow, CardVector, KnownWord, ReviewRow

# By the store's names, which reports and backups have.
BY_NAME: dict[str, type[models.Model]] = {"flashcards": CardRow, "review_logs": ReviewRow}
# What cards are found by.
_WITH_CARDS = (CardVector, CardKeys, KnownWord)
ALL: tuple[type[models.Model], ...] = (CardRow, ReviewRow, *_WITH_CARDS)

_SIZES = """
SELECT c.relname, pg_total_relation_size(c.oid), coalesce(s.n_dead_tup, 0)
FROM pg_class c LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Size:
    """What a table takes on the disk with its indexes, and how many of its rows are dead."""

    bytes: int = 0
    dead_rows: int = 0


def table_of(model: type[models.Model]) -> str:
    """Return the name of a model's table."""
    return model._meta.db_table


def rows(model: type[models.Model]) -> Any:
    """Return all rows of a model, as a QuerySet."""
    return model._default_manager.all()


def sizes() -> dict[str, Size]:
    """Return the size of each table that is there, by its name in PostgreSQL. One SQL query."""
    with connection.cursor() as cursor:
        cursor.execute(_SIZES, [[table_of(model) for model in ALL]])
        return {name: Size(int(size), int(dead)) for name, size, dead in cursor.fetchall()}


def of(name: str) -> tuple[type[models.Model], ...]:
    """Return the models of a table of the store, by the store's name."""
    return (CardRow, *_WITH_CARDS) if name == "flashcards" else (BY_NAME[name],)


def size_of(name: str, found: dict[str, Size]) -> Size:
    """Return what a table of the store takes, by the store's name."""
    each = [found.get(table_of(model), Size()) for model in of(name)]
    return Size(sum(size.bytes for size in each), sum(size.dead_rows for size in each))
