"""LanceDB's side of a switch. It is read and written under the checkpoint's lock alone."""

import dataclasses
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
from django.conf import settings

from flashcards.domain.records import Flashcard
from flashcards.models import StoreVersions
from flashcards.store.lance import sql, tables
from flashcards.store.maintenance import apply_entries, checkpoint
from flashcards.store.maintenance import recorded as records
from flashcards.store.rows import codec
from flashcards.store.rows.filters import Condition, Expression, condition
from flashcards.store.rows.schema import EVERYTHING, FLASHCARDS, REVIEW_LOGS, TableSpec
from flashcards.store.switch.rows import Rows, Selection
from flashcards.store.values import VectorSets
from memoryloop.storable import storable

# Ids in one condition of a deletion.
_IDS_AT_ONCE = 1_000
_NUL = "\\u0000"


class LanceSide:
    """LanceDB's tables as they are now."""

    engine = StoreVersions.Engine.LANCEDB

    def check_source(self) -> None:
        """Raise OtherSchema or OtherStore unless the tables are those that were recorded."""
        records.check_tables(records.read())

    def check_target(self) -> None:
        """Raise OtherStore if the tables there are belong to another installation."""
        records.give_id()
        records.check_id(StoreVersions.objects.get(id=1))

    def prepare(self, sets: VectorSets) -> None:
        """Make the tables as they are to be: of today's shape, with columns for these vectors."""
        for spec in (FLASHCARDS, REVIEW_LOGS):
            if not set(spec.schema.names) <= set(tables.for_writing(spec).schema.names):
                # Left from an earlier version. Its rows are all copied anew.
                tables.create(spec)
        table = tables.for_writing(FLASHCARDS)
        wanted = {*FLASHCARDS.schema.names, *(each.column for each in sets.filled)}
        if old := [name for name in table.schema.names if name not in wanted]:
            table.drop_columns(old)
        apply_entries.add_columns(table, sets)

    def revisions(self, selected: Selection) -> dict[UUID, tuple[UUID, int]]:
        """Return the owner and the number of the last change of each card."""
        columns = ["id", "owner_id", "revision"]
        found: dict[UUID, tuple[UUID, int]] = {}
        for row in self._read(FLASHCARDS, selected, columns).to_pylist():
            card_id, newest = UUID(row["id"]), (UUID(row["owner_id"]), row["revision"])
            if card_id not in found or found[card_id][1] < newest[1]:
                found[card_id] = newest
        return found

    def newer(self, owner_id: UUID, revision: int) -> set[UUID]:
        """Return the owner's cards that were changed after the change of this number."""
        conditions = (
            condition(FLASHCARDS, "owner_id", owner_id),
            Condition("revision", "gt", revision),
        )
        found = self._scan(FLASHCARDS, conditions, ["id"])
        return set(map(UUID, found["id"].to_pylist()))

    def read(self, selected: Selection, sets: VectorSets) -> Rows:
        """Return the rows of some cards. A card is what its image says."""
        rows = Rows()
        there = tables.for_writing(FLASHCARDS).schema.names if self._is_there(FLASHCARDS) else []
        columns = [each.column for each in sets.filled if each.column in there]
        cards = self._read(FLASHCARDS, selected, ["id", "image", "revision", *columns])
        for image, revision in zip(
            cards["image"].to_pylist(), cards["revision"].to_pylist(), strict=True
        ):
            rows.add_card(revision, _without_nul(codec.from_image(Flashcard, image), image))
        ids = [UUID(each) for each in cards["id"].to_pylist()]
        for column in columns:
            for card_id, vector in codec.vectors(ids, cards[column]).items():
                rows.vectors[card_id][column] = vector.astype("<f2").tobytes()
        logs = self._read(REVIEW_LOGS, selected, REVIEW_LOGS.columns)
        for log in codec.from_table(REVIEW_LOGS, logs):
            rows.add_log(log)
        return rows

    def replace(self, ids: Collection[UUID], rows: Rows, sets: VectorSets) -> None:
        """Put rows in the place of those of some cards.

        The cards go first and come last: cut off, their revisions are not those of the source.
        """
        since = tables.now_minus_a_moment()
        flashcards, review_logs = (tables.for_writing(spec) for spec in (FLASHCARDS, REVIEW_LOGS))
        listed = sorted(ids)
        for spec, table, name in (
            (FLASHCARDS, flashcards, "id__in"),
            (REVIEW_LOGS, review_logs, "flashcard_id__in"),
        ):
            if not table.count_rows():
                continue
            for start in range(0, len(listed), _IDS_AT_ONCE):
                some = listed[start : start + _IDS_AT_ONCE]
                table.delete(sql.where(condition(spec, name, some)))
        logs = [log for of_card in rows.logs.values() for log in of_card.values()]
        if logs:
            review_logs.add(codec.to_table(REVIEW_LOGS, logs))
        if rows.cards:
            flashcards.add(_to_table(rows, sets), on_bad_vectors="null")
        for spec in (FLASHCARDS, REVIEW_LOGS):
            tables.sync_to_disk(spec, since)

    def counts(self) -> tuple[int, int]:
        """Return how many cards and reviews there are."""
        cards, reviews = (
            tables.for_writing(spec).count_rows() if self._is_there(spec) else 0
            for spec in (FLASHCARDS, REVIEW_LOGS)
        )
        return cards, reviews

    def count_vectors(self, sets: VectorSets) -> int:
        """Return how many vectors there are in these sets."""
        if not self._is_there(FLASHCARDS):
            return 0
        table = tables.for_writing(FLASHCARDS)
        columns = [each.column for each in sets.filled if each.column in table.schema.names]
        return sum(table.count_rows(f"{column} IS NOT NULL") for column in columns)

    def finish(self, sets: VectorSets) -> None:
        """Make the indexes and compact the tables, before anybody reads them."""
        for spec in (FLASHCARDS, REVIEW_LOGS):
            since = tables.now_minus_a_moment()
            checkpoint.optimize_table(spec, tables.for_writing(spec), sets=sets)
            tables.sync_to_disk(spec, since)

    def place(self) -> str:
        """Return where the tables are, in words."""
        return f"LanceDB at {settings.LANCEDB_URI}"

    def is_there(self) -> bool:
        """Tell whether there is a table."""
        return any(map(tables.is_there, (FLASHCARDS, REVIEW_LOGS)))

    def drop(self) -> None:
        """Remove the tables, and what is recorded of them.

        Raises OtherStore if they belong to another database.
        """
        records.check_id(records.read(any_schema=True))
        for spec in (FLASHCARDS, REVIEW_LOGS):
            if tables.is_there(spec):
                tables.database().drop_table(spec.name)
        tables.clear_cache()
        StoreVersions.objects.filter(id=1).update(
            flashcards=0, review_logs=0, flashcards_rows=None, review_logs_rows=None
        )

    def _is_there(self, spec: TableSpec) -> bool:
        return tables.is_there(spec)

    def _read(self, spec: TableSpec, selected: Selection, columns: list[str]) -> pa.Table:
        return self._scan(spec, selected.conditions(spec), columns)

    def _scan(
        self, spec: TableSpec, conditions: Sequence[Expression], columns: list[str]
    ) -> pa.Table:
        if not self._is_there(spec):
            return pa.schema(map(spec.schema.field, columns)).empty_table()
        scan: Any = tables.for_writing(spec).search().where(sql.where(*conditions))
        return scan.select(columns).limit(EVERYTHING).to_arrow()


def _to_table(rows: Rows, sets: VectorSets) -> pa.Table:
    cards = [card for _, card in rows.cards.values()]
    table = codec.to_table(
        FLASHCARDS, cards, revision=[revision for revision, _ in rows.cards.values()]
    )
    for each in sets.filled:
        found = (rows.vectors.get(card.id, {}).get(each.column) for card in cards)
        values = [None if data is None else np.frombuffer(data, "<f2") for data in found]
        table = codec.with_vectors(table, each, values)
    return table


def _without_nul(card: Flashcard, image: str) -> Flashcard:
    """Return the card as PostgreSQL can keep it, which has no NUL in its text."""
    if _NUL not in image:
        return card
    texts = {name: getattr(card, name) for name in ("question", "answer", "extra")}
    cleaned: dict[str, Any] = {name: storable(text) for name, text in texts.items()}
    return dataclasses.replace(card, **cleaned, tags=tuple(map(storable, card.tags)))
