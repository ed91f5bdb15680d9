"""LanceDB's tables written as a request would write them without a journal. For the benchmark.

Each write is at once a commit of LanceDB, and an update is a read, a delete and an add. Nothing
else uses the tables afterwards: PostgreSQL does not know what was written here.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.store import recorded_vectors
from flashcards.store.lance import sql, tables
from flashcards.store.rows import codec
from flashcards.store.rows.filters import Expression, condition
from flashcards.store.rows.schema import EVERYTHING, FLASHCARDS, REVIEW_LOGS, TableSpec


class DirectTables:
    """The tables of LANCEDB_URI, which have rows already, opened for writing."""

    def __init__(self) -> None:
        self._cards = tables.for_writing(FLASHCARDS)
        self._logs = tables.for_writing(REVIEW_LOGS)
        self._vectors = recorded_vectors.read().serving.column

    def add(self, cards: Sequence[Flashcard], logs: Sequence[ReviewLog] = ()) -> None:
        """Add new cards, and then their reviews: each a commit of its own."""
        if cards:
            self._cards.add(self._rows(cards), on_bad_vectors="null")
        if logs:
            self._logs.add(codec.to_table(REVIEW_LOGS, logs))

    def replace(self, card: Flashcard, log: ReviewLog | None = None) -> None:
        """Read a card, delete its row and add the new one; then add the review. Three commits."""
        where = sql.where(condition(FLASHCARDS, "id", card.id))
        before = self._cards.search().where(where).limit(EVERYTHING).to_arrow()
        rows = self._rows([card])
        kept = before.column_names.index(self._vectors)
        rows = rows.set_column(
            rows.column_names.index(self._vectors),
            before.schema.field(kept),
            before.column(kept),
        )
        self._cards.delete(where)
        self._cards.add(rows, on_bad_vectors="null")
        if log is not None:
            self._logs.add(codec.to_table(REVIEW_LOGS, [log]))

    def nearest(self, owner_id: UUID, vector: Any, limit: int) -> list[Flashcard]:
        """Return an owner's cards nearest to a vector, nearest first."""
        owned = sql.where(condition(FLASHCARDS, "owner_id", owner_id))
        asked = self._cards.search(np.asarray(vector), vector_column_name=self._vectors)
        found = asked.distance_type("cosine").where(owned).limit(limit).to_arrow()
        return codec.from_table(FLASHCARDS, found.select(FLASHCARDS.whole))

    def cards_with(self, owner_id: UUID, **wanted: Any) -> list[Flashcard]:
        """Return an owner's cards for which the conditions hold, as `deck_ids__contains=id`."""
        return self._read(self._cards, FLASHCARDS, owner_id, wanted)

    def logs_of(self, owner_id: UUID, cards: Iterable[Flashcard]) -> list[ReviewLog]:
        """Return all reviews of an owner's cards."""
        ids = {"flashcard_id__in": [card.id for card in cards]}
        return self._read(self._logs, REVIEW_LOGS, owner_id, ids)

    def optimize(self) -> None:
        """Compact both tables and bring their indexes up to date."""
        for table in (self._cards, self._logs):
            table.optimize()

    def _rows(self, cards: Sequence[Flashcard]) -> pa.Table:
        rows = codec.to_table(FLASHCARDS, cards)
        for name in self._cards.schema.names[rows.num_columns :]:
            kind = self._cards.schema.field(name)
            rows = rows.append_column(kind, pa.nulls(len(cards), kind.type))
        return rows

    def _read(
        self, table: Any, spec: TableSpec, owner_id: UUID, wanted: dict[str, Any]
    ) -> list[Any]:
        conditions: list[Expression] = [condition(spec, "owner_id", owner_id)]
        conditions += [condition(spec, name, value) for name, value in wanted.items()]
        scan = table.search().where(sql.where(*conditions)).select(spec.whole).limit(EVERYTHING)
        return codec.from_table(spec, scan.to_arrow())
