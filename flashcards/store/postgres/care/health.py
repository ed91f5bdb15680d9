"""The health of the tables: whether they can be read, and whether all is in them that should be."""

from collections.abc import Iterator, Sequence
from typing import Any, cast
from uuid import UUID

from django.db import DatabaseError, models, transaction

from flashcards.domain.records import Flashcard
from flashcards.domain.search_text import search_text
from flashcards.models import CardRow, StoreVersions
from flashcards.store import owner_lock, quarter_totals
from flashcards.store.cache import answer_totals
from flashcards.store.errors import StoreError
from flashcards.store.postgres.care import indexes, relations, vector_upkeep
from flashcards.store.postgres.changes import read_pending
from flashcards.store.protocol.queries import Manager
from flashcards.store.rows.schema import SCHEMA_VERSION
from flashcards.store.rows.search_keys import search_keys
from flashcards.store.values import StoreStatus, TableStatus

_UNREADABLE = "The cards in PostgreSQL cannot be read right now."
_READ_ROWS = 2_000


def check_readable() -> None:
    """Read one row of each table. Raises StoreError."""
    try:
        for model in relations.ALL:
            relations.rows(model).values_list("pk").first()
    except DatabaseError as error:
        raise StoreError(_UNREADABLE) from error


def status() -> StoreStatus:
    """Return the state of the store: nothing is ever pending. A table says why it is unreadable."""
    sizes = relations.sizes()
    return StoreStatus(
        engine=StoreVersions.Engine.POSTGRESQL.value,
        tables=[_table_status(name, model, sizes) for name, model in relations.BY_NAME.items()],
        schema=SCHEMA_VERSION,
        pending=0,
        oldest=None,
        checkpoints=0,
        checkpoint_at=None,
    )


def _table_status(
    name: str, model: type[models.Model], sizes: dict[str, relations.Size]
) -> TableStatus:
    size = relations.size_of(name, sizes).bytes
    try:
        with transaction.atomic():
            return TableStatus(name, 0, relations.rows(model).count(), bytes=size)
    except DatabaseError:
        return TableStatus(name, 0, None, _UNREADABLE, bytes=size)


def find_missing_rows() -> list[str]:
    """Return nothing: nobody keeps a count beside the rows that could be another."""
    return []


def find_residue() -> list[str]:
    """Return nothing: no change waits anywhere."""
    return []


def find_differing_images(start: UUID, end: UUID) -> list[UUID]:
    """Return the cards from id `start` to `end` that are not found by the words that they have."""
    found = CardRow.objects.filter(id__gte=start, id__lte=end)
    read = found.only("id", "question", "answer", "extra", "search_keys")
    # A row has the fields of a card by the same names.
    return [
        row.id
        for row in read.iterator(_READ_ROWS)
        if row.search_keys != search_keys(search_text(cast("Flashcard", row)))
    ]


def find_index_faults() -> Iterator[tuple[str, str]]:
    """Yield ("index_missing", where) for each index that is missing or cannot be used."""
    yield from indexes.find_faults()
    yield from vector_upkeep.find_faults()


def drop_duplicates(manager: Manager[Any], ids: Sequence[UUID]) -> None:
    """Do nothing: an id is a primary key."""


def mend_totals(owner_id: UUID) -> None:
    """Raise an owner's review totals to what the log has, while nothing of theirs is written."""
    with transaction.atomic():
        owner_lock.take(owner_id)
        quarter_totals.mend(owner_id, read_pending(owner_id))
    answer_totals.clear_cache()
