"""The index of the serving set's vectors: made when it pays, and told when it is missing."""

from collections.abc import Iterator

from django.db import connection

from flashcards.models import CardVector
from flashcards.store import recorded_vectors
from flashcards.store.postgres.search import vector_index
from flashcards.store.values import VectorSet

# Whether an index would pay takes a look at all vectors, so it is judged anew when there are so
# many times as many as before.
_GROWN = 1.1
_ROWS = "SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = %s::regclass"
# By the name of an index that does not pay: about how many vectors there were then.
_judged: dict[str, float] = {}


def find_faults() -> Iterator[tuple[str, str]]:
    """Yield ("index_missing", where) if the serving set has no index that can be used and pays."""
    serving = recorded_vectors.read().serving
    name = vector_index.name(serving)
    if not vector_index.made().get(name) and vector_index.wanted(serving):
        yield "index_missing", f"{CardVector._meta.db_table}.{name}"


def make() -> list[str]:
    """Make the index of the serving set if it is missing and pays, and return its name then."""
    return _make(recorded_vectors.read().serving)


def make_if_due() -> list[str]:
    """Do as `make` does, but look at all vectors only once there are many more than before.

    Three SQL queries at most otherwise.
    """
    serving = recorded_vectors.read().serving
    name = vector_index.name(serving)
    if vector_index.made().get(name):
        return []
    rows = _rows()
    if name in _judged and rows <= _judged[name] * _GROWN + vector_index.VECTORS_LEAST / 10:
        return []
    _judged[name] = rows
    return _make(serving)


def clear_cache() -> None:
    """Judge anew, as between tests."""
    _judged.clear()


def _make(serving: VectorSet) -> list[str]:
    return [vector_index.name(serving)] if vector_index.make(serving) else []


def _rows() -> float:
    """Return about how many vectors there are of all sets, as PostgreSQL's statistics have it."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [CardVector._meta.db_table])
        (rows,) = cursor.fetchone()
    return float(rows)
