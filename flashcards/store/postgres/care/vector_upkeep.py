"""The index of the serving set's vectors: made when it pays, and told when it is missing."""

from collections.abc import Iterator

from flashcards.models import CardVector
from flashcards.store import recorded_vectors
from flashcards.store.postgres.search import vector_index


def find_faults() -> Iterator[tuple[str, str]]:
    """Yield ("index_missing", where) if the serving set has no index that can be used and pays."""
    serving = recorded_vectors.read().serving
    name = vector_index.name(serving)
    if not vector_index.made().get(name) and vector_index.wanted(serving):
        yield "index_missing", f"{CardVector._meta.db_table}.{name}"


def make(*, if_due: bool = False) -> list[str]:
    """Make the index of the serving set if it is missing and pays, and return its name then.

    With `if_due` that is looked at once an hour, as it takes a look at all vectors.
    """
    serving = recorded_vectors.read().serving
    made = vector_index.make_if_due(serving) if if_due else vector_index.make(serving)
    return [vector_index.name(serving)] if made else []
