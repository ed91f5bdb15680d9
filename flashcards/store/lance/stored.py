"""What LanceDB is known to hold of an owner: the recorded versions, and how their rows are read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
from django.conf import settings

from flashcards.store.lance import key_queries, sql, tables
from flashcards.store.pending import Ids, Pending
from flashcards.store.rows import codec, vector_sets
from flashcards.store.rows.filters import Condition, Expression, condition
from flashcards.store.rows.schema import EVERYTHING, FLASHCARDS, TableSpec
from flashcards.store.rows.search_keys import has_word
from flashcards.store.values import VectorSets
from memoryloop.search_words import Term


@dataclass(frozen=True)
class LanceStored:
    """What LanceDB is known to hold of an owner (or of all); see `Stored`."""

    # The last checkpoint that changed anything of theirs: until the next, it stays the same.
    generation: int = 0
    # The last one that did so otherwise than by moving single entries.
    epoch: int = 0
    # The newest entry that was moved; so were all before it.
    moved_id: int = 0
    flashcards_version: int = 0
    review_logs_version: int = 0
    # The id of the store; None while it has none.
    store_id: UUID | None = None
    # Which models' vectors there are, and which of them serve.
    vectors: VectorSets = field(default_factory=vector_sets.first)

    @property
    def key(self) -> str:
        return str(settings.LANCEDB_URI)

    @property
    def has_uncommitted(self) -> bool:
        return False

    def version_of(self, spec: TableSpec) -> int:
        """Return the version of a table that PostgreSQL recorded."""
        return self.flashcards_version if spec is FLASHCARDS else self.review_logs_version

    def table(self, spec: TableSpec) -> Any | None:
        """Return LanceDB's table at the recorded version; None where it was never written."""
        return tables.existing(spec, self.version_of(spec), self.store_id)

    def whole(self, spec: TableSpec) -> list[str]:
        """Return the fewest columns that bring a record whole."""
        return spec.whole

    def read(
        self, spec: TableSpec, owner_id: UUID, columns: Sequence[str], *conditions: Expression
    ) -> pa.Table:
        """Return columns of the owner's rows for which the conditions hold, in no order."""
        return self._read(spec, columns, condition(spec, "owner_id", owner_id), *conditions)

    def read_by_key(
        self,
        spec: TableSpec,
        owner_id: UUID,  # noqa: ARG002 - the rows of the key are known to be theirs
        columns: Sequence[str],
        key: Condition,
    ) -> pa.Table:
        """Return columns of the few rows of a key.

        The index of owners is not asked: it would bring all of their rows, which takes longer.
        """
        return self._read(spec, columns, key)

    def ids_with(self, owner_id: UUID, term: Term) -> Ids:
        """Return the ids of cards that have a form of a word, as text of 36 bytes. One read."""
        table = self.table(FLASHCARDS)
        if table is None:
            return np.empty(0, dtype="S36")
        if not self.is_indexed("search_keys"):
            rows = self.read(FLASHCARDS, owner_id, self.whole(FLASHCARDS))
            cards = codec.from_table(FLASHCARDS, rows)
            return np.array([str(card.id) for card in cards if has_word(card, term)], dtype="S36")
        scan = table.query().nearest_to_text(key_queries.all_groups(term.groups))
        scan = scan.where(sql.where(condition(FLASHCARDS, "owner_id", owner_id)))
        found = tables.fetch(scan.select(["id", "_score"]).limit(EVERYTHING))
        return codec.id_texts(found["id"])

    def is_indexed(self, column: str) -> bool:
        """Tell whether a column of the cards has an index."""
        return column in tables.indexed(FLASHCARDS, self.flashcards_version)

    def _read(self, spec: TableSpec, columns: Sequence[str], *conditions: Expression) -> pa.Table:
        table = self.table(spec)
        if table is None:
            return vector_sets.no_rows(spec, columns, self.vectors)
        scan = table.query().where(sql.where(*conditions)).select(list(columns))
        return tables.fetch(scan.limit(EVERYTHING))


def stored_of(pending: Pending) -> LanceStored:
    """Return what lies beneath what is pending, which is LanceDB."""
    stored = pending.stored
    if not isinstance(stored, LanceStored):
        raise TypeError(f"{type(stored).__name__} is not LanceDB's.")
    return stored


def table_of(spec: TableSpec, owner_id: UUID | None, pending: Pending) -> Any | None:
    """Return LanceDB's table at the recorded version; None where nothing of the owner counts."""
    return None if owner_id in pending.erased else stored_of(pending).table(spec)
