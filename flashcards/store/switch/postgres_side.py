"""PostgreSQL's side of a switch."""

import dataclasses
import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from flashcards.domain.records import ReviewLog
from flashcards.domain.search_text import search_text
from flashcards.models import CardRow, CardVector, ReviewRow, StoreVersions, UnplacedReview
from flashcards.store.lance import upgrades
from flashcards.store.postgres import tables
from flashcards.store.postgres.write import CARD_OF
from flashcards.store.rows import codec
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS, TableSpec
from flashcards.store.rows.search_keys import search_keys
from flashcards.store.switch.errors import SwitchError
from flashcards.store.switch.rows import Rows, Selection
from flashcards.store.values import VectorSets
from memoryloop.postgres import extensions

_FIELDS = {
    spec.name: [field.name for field in dataclasses.fields(spec.record)]
    for spec in (FLASHCARDS, REVIEW_LOGS)
}
_VECTORS = """
SELECT card_id, "column", halfvec_send(vector) FROM flashcards_cardvector
WHERE {which} AND "column" = ANY(%s)
"""
_COPY_VECTORS = """
COPY flashcards_cardvector (card_id, owner_id, "column", vector) FROM STDIN (FORMAT BINARY)
"""
_REMOVE_CARDS = [f"DELETE FROM {table} WHERE {card} = ANY(%s)" for table, card in CARD_OF.items()]  # noqa: S608 - our own names
# Of PostgreSQL's binary copy: https://www.postgresql.org/docs/current/sql-copy.html
_COPY_BEGINS = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
_COPY_ENDS = struct.pack("!h", -1)
# What pgvector writes before the numbers: how many there are, and nothing.
_VECTOR_HEAD = 4
# The log's rows of another engine have no number of a change. Caches are read anew after a switch,
# so none of them is ever looked for.
_LOG_REVISION = 0
_TABLES = ("cardvector", "reviewlog", "flashcard", "cardkeys", "knownword", "unplacedreview")


class PostgresSide:
    """PostgreSQL's tables, as the transaction sees them."""

    engine = StoreVersions.Engine.POSTGRESQL

    def check_source(self) -> None:
        """Raise OtherSchema if a newer MemoryLoop wrote the rows."""
        recorded = StoreVersions.objects.get(id=1)
        if recorded.schema:
            upgrades.check(recorded.schema, 1)

    def check_target(self) -> None:
        """Raise SwitchError where pgvector is missing or too old."""
        extensions.clear_cache()
        if not extensions.may_index_vectors():
            least = ".".join(map(str, extensions.PGVECTOR_FOR_CARDS))
            raise SwitchError(
                f"PostgreSQL needs the extension pgvector {least} or later for the cards: older "
                "ones may damage their indexes. Install it, run `ALTER EXTENSION vector UPDATE` in "
                "the database, and run this again."
            )

    def prepare(self, sets: VectorSets) -> None:
        """Remove vectors of other sets than these, left from an earlier time."""
        columns = [each.column for each in sets.filled]
        CardVector.objects.exclude(column__in=columns).delete()

    def revisions(self, selected: Selection) -> dict[UUID, tuple[UUID, int]]:
        """Return the owner and the number of the last change of each card."""
        found = CardRow.objects.filter(id__gte=selected.first, id__lte=selected.last)
        rows = found.values_list("id", "owner_id", "revision")
        return {card_id: (owner_id, revision) for card_id, owner_id, revision in rows}

    def newer(self, owner_id: UUID, revision: int) -> set[UUID]:
        """Return the owner's cards that were changed after the change of this number."""
        found = CardRow.objects.filter(owner_id=owner_id, revision__gt=revision)
        return set(found.values_list("id", flat=True))

    def read(self, selected: Selection, sets: VectorSets) -> Rows:
        """Return the rows of some cards, and the reviews that are kept without one."""
        rows = Rows()
        columns = [*FLASHCARDS.columns, "revision"]
        found = tables.read(FLASHCARDS, columns, selected.conditions(FLASHCARDS), sets)
        cards = codec.from_table(FLASHCARDS, found.select(FLASHCARDS.columns))
        for revision, card in zip(found["revision"].to_pylist(), cards, strict=True):
            rows.add_card(revision, card)
        for log in tables.records(REVIEW_LOGS, selected.conditions(REVIEW_LOGS)):
            rows.add_log(log)
        for image in _unplaced(selected).values_list("log", flat=True):
            rows.add_log(codec.from_image(ReviewLog, image))
        which, values = _which(selected, "card_id")
        with connection.cursor() as cursor:
            wanted = [each.column for each in sets.filled]
            cursor.execute(_VECTORS.format(which=which), [*values, wanted])
            for card_id, column, data in cursor:
                numbers = np.frombuffer(bytes(data), ">f2", offset=_VECTOR_HEAD)
                rows.vectors[card_id][column] = numbers.astype("<f2").tobytes()
        return rows

    def replace(self, ids: Collection[UUID], rows: Rows, sets: VectorSets) -> None:  # noqa: ARG002 - LanceDB has a column for each
        """Put rows in the place of those of some cards. Reviews without a card are kept apart."""
        listed = list(ids)
        with connection.cursor() as cursor:
            for statement in _REMOVE_CARDS:
                cursor.execute(statement, [listed])
        UnplacedReview.objects.filter(flashcard_id__in=listed).delete()
        _copy(FLASHCARDS, CardRow, ((r, card) for r, card in rows.cards.values()))
        logs = [log for of_card in rows.logs.values() for log in of_card.values()]
        placed = ((_LOG_REVISION, log) for log in logs if log.flashcard_id in rows.cards)
        _copy(REVIEW_LOGS, ReviewRow, placed)
        UnplacedReview.objects.bulk_create(
            UnplacedReview(
                id=log.id,
                owner_id=log.owner_id,
                flashcard_id=log.flashcard_id,
                log=codec.to_image(log),
            )
            for log in logs
            if log.flashcard_id not in rows.cards
        )
        if rows.vectors:
            with connection.cursor() as cursor, cursor.copy(_COPY_VECTORS) as copy:
                copy.write(b"".join(_vector_rows(rows)))

    def counts(self) -> tuple[int, int]:
        """Return how many cards and reviews there are."""
        reviews = ReviewRow.objects.count() + UnplacedReview.objects.count()
        return CardRow.objects.count(), reviews

    def count_vectors(self, sets: VectorSets) -> int:
        """Return how many vectors there are in these sets."""
        return CardVector.objects.filter(column__in=[each.column for each in sets.filled]).count()

    def finish(self, sets: VectorSets) -> None:  # noqa: ARG002 - as above
        """Have PostgreSQL know how many rows there are, before anybody reads them."""
        with connection.cursor() as cursor:
            for name in _TABLES:
                cursor.execute(f"ANALYZE flashcards_{name}")

    def place(self) -> str:
        """Return where the rows are, in words."""
        return "PostgreSQL"

    def is_there(self) -> bool:
        """Tell whether there is any row."""
        with connection.cursor() as cursor:
            found = " OR ".join(f"EXISTS (SELECT FROM flashcards_{name})" for name in _TABLES)
            cursor.execute(f"SELECT {found}")
            return bool(cursor.fetchone() == (True,))

    def drop(self) -> None:
        """Remove all rows."""
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(f'flashcards_{name}' for name in _TABLES)}")


def existing_owners(ids: Iterable[UUID], *, hold: bool = False) -> set[UUID]:
    """Return which accounts exist. With `hold` they stay so until the transaction ends."""
    held = "FOR KEY SHARE" if hold else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM accounts_user WHERE id = ANY(%s) {held}", [list(ids)])  # noqa: S608 - our own words
        return {owner_id for (owner_id,) in cursor.fetchall()}


def _unplaced(selected: Selection) -> Any:
    if selected.ids is not None:
        return UnplacedReview.objects.filter(flashcard_id__in=selected.ids)
    return UnplacedReview.objects.filter(
        flashcard_id__gte=selected.first, flashcard_id__lte=selected.last
    )


def _which(selected: Selection, name: str) -> tuple[str, list[Any]]:
    if selected.ids is not None:
        return f"{name} = ANY(%s)", [list(selected.ids)]
    return f"{name} BETWEEN %s AND %s", [selected.first, selected.last]


def _copy(spec: TableSpec, model: Any, records: Iterable[tuple[int, Any]]) -> None:
    names: Sequence[str] = _FIELDS[spec.name]
    own = ["search_keys", "revision"] if spec is FLASHCARDS else ["revision"]
    listed = ", ".join([*names, *own])
    statement = f"COPY {model._meta.db_table} ({listed}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for revision, record in records:
            values = [getattr(record, name) for name in names]
            row = [list(value) if isinstance(value, tuple) else value for value in values]
            if spec is FLASHCARDS:
                row.append(search_keys(search_text(record)))
            copy.write_row([*row, revision])


def _vector_rows(rows: Rows) -> Iterator[bytes]:
    """Yield the vectors as PostgreSQL's binary copy has them."""
    yield _COPY_BEGINS
    for card_id, of_card in rows.vectors.items():
        if card_id not in rows.cards:
            continue
        owner_id = rows.cards[card_id][1].owner_id
        for column, vector in of_card.items():
            numbers = np.frombuffer(vector, "<f2")
            values = (
                card_id.bytes,
                owner_id.bytes,
                column.encode(),
                struct.pack("!HH", len(numbers), 0) + numbers.astype(">f2").tobytes(),
            )
            yield struct.pack("!h", len(values))
            for value in values:
                yield struct.pack("!i", len(value)) + value
    yield _COPY_ENDS
