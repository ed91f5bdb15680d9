"""Upgrades of the two tables: one for each schema version, applied in order to an older store.

To change a table: change schema.py, raise SCHEMA_VERSION, and add here what brings the version
before to the new one. A new field of a record needs a default, for images in the journal are read
as they were written. Each step looks first whether it was done, so one that was cut off is done
again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from flashcards.domain.records import FIRST_MEMORY_MODEL
from flashcards.domain.search_text import search_text
from flashcards.store.errors import OtherSchema
from flashcards.store.lance import tables
from flashcards.store.rows import codec
from flashcards.store.rows.schema import (
    EVERYTHING,
    FLASHCARDS,
    REVIEW_LOGS,
    SCHEMA_VERSION,
    Index,
    TableSpec,
)
from flashcards.store.rows.search_keys import search_keys
from memoryloop import installation


class Step(Protocol):
    """One change of one table. Doing it again changes nothing."""

    @property
    def spec(self) -> TableSpec: ...

    def change_table(self, table: Any) -> None:
        """Change a LanceDB table, under the checkpoint's lock."""
        ...

    def change_rows(self, rows: pa.Table) -> pa.Table:
        """Return rows that wait in the journal in their new shape."""
        ...


@dataclass(frozen=True)
class AddColumn:
    """A new column: `value` for the rows that were there before, and the same as LanceDB's SQL.

    Without SQL it is null for them. Costs one new file a fragment, whatever the table's width.
    """

    spec: TableSpec
    name: str
    value: Any = None
    sql: str = ""

    def change_table(self, table: Any) -> None:
        if self.name not in table.schema.names:
            field = self.spec.schema.field(self.name)
            table.add_columns({self.name: self.sql} if self.sql else field)

    def change_rows(self, rows: pa.Table) -> pa.Table:
        if self.name in rows.schema.names:
            return rows
        field = self.spec.schema.field(self.name)
        return rows.append_column(field, pa.array([self.value] * rows.num_rows, field.type))


@dataclass(frozen=True)
class AddImages:
    """The column that holds a record whole, made from the others for the rows there were before."""

    spec: TableSpec

    def change_table(self, table: Any) -> None:
        if "image" not in table.schema.names:
            table.add_columns({"image": "''"})
        scan = table.search().where("image = ''").select(self._columns(table.schema.names))
        scan = scan.limit(EVERYTHING)
        rows = scan.to_arrow()
        if rows.num_rows:
            images = pa.table({"id": rows["id"].cast(pa.string()), "image": self._images(rows)})
            # With a column or two, a merge rewrites these columns of each fragment and no other.
            table.merge_insert("id").when_matched_update_all().execute(images)

    def change_rows(self, rows: pa.Table) -> pa.Table:
        if "image" in rows.schema.names:
            return rows
        return rows.append_column(self.spec.schema.field("image"), self._images(rows))

    def _columns(self, names: Collection[str]) -> list[str]:
        """Return the columns of a record, as far as there were any at the time of this upgrade."""
        return [name for name in self.spec.columns if name in names]

    def _images(self, rows: pa.Table) -> pa.Array:
        records = codec.from_table(self.spec, rows.select(self._columns(rows.schema.names)))
        return pa.array([codec.to_image(record) for record in records], pa.string())


@dataclass(frozen=True)
class AddSearchKeys:
    """The column of the keys that a card is searched by, and its index in place of earlier ones."""

    spec: TableSpec

    def change_table(self, table: Any) -> None:
        if "search_keys" not in table.schema.names:
            table.add_columns({"search_keys": "''"})
        scan = table.search().where("search_keys = ''").select(["id", *self.spec.whole])
        rows = scan.limit(EVERYTHING).to_arrow()
        if rows.num_rows:
            keys = pa.table({"id": rows["id"].cast(pa.string()), "search_keys": self._keys(rows)})
            table.merge_insert("id").when_matched_update_all().execute(keys)
        indexes = {index.columns[0]: index.name for index in table.list_indices()}
        # Without it a search would read every row until the worker comes by.
        if "search_keys" not in indexes:
            table.create_index("search_keys", config=tables.index_config(Index.WORDS))
        for column in indexes.keys() & {"question", "answer", "extra"}:
            table.drop_index(indexes[column])

    def change_rows(self, rows: pa.Table) -> pa.Table:
        if "search_keys" in rows.schema.names:
            return rows
        return rows.append_column(self.spec.schema.field("search_keys"), self._keys(rows))

    def _keys(self, rows: pa.Table) -> pa.Array:
        cards = codec.from_table(self.spec, rows.select(self.spec.whole))
        return pa.array([search_keys(search_text(card)) for card in cards], pa.string())


@dataclass(frozen=True)
class Upgrade:
    """The way from the schema before to this one."""

    number: int
    what: str
    steps: tuple[Step, ...]


UPGRADES: tuple[Upgrade, ...] = (
    Upgrade(
        1,
        "reviews name what they take back, cards the journal entry they came from",
        (
            AddColumn(REVIEW_LOGS, "undoes"),
            AddColumn(FLASHCARDS, "revision", 0, "cast(0 as bigint)"),
        ),
    ),
    Upgrade(2, "a card is read whole from one column", (AddImages(FLASHCARDS),)),
    Upgrade(
        3,
        "cards name their memory model and keep what it needs",
        (
            AddColumn(FLASHCARDS, "memory"),
            AddColumn(FLASHCARDS, "memory_model", FIRST_MEMORY_MODEL, f"'{FIRST_MEMORY_MODEL}'"),
        ),
    ),
    # The migration of the same version records which model the vectors are of.
    Upgrade(4, "cards have vectors of several models, of any width", ()),
    Upgrade(5, "cards have the words that they are searched by", (AddSearchKeys(FLASHCARDS),)),
)


def check(schema: int, *versions: int) -> None:
    """Raise OtherSchema unless this code may read and write a store of that schema.

    `versions` are what PostgreSQL recorded of the tables; a store without any has no schema yet.
    """
    if schema == SCHEMA_VERSION or (schema == 0 and not any(versions)):
        return
    if schema > SCHEMA_VERSION:
        raise OtherSchema(
            f"The card store has schema {schema} and this MemoryLoop knows {SCHEMA_VERSION}: "
            "install the newer MemoryLoop that wrote it, or restore an older backup."
        )
    raise OtherSchema(
        f"The card store has schema {schema} and this MemoryLoop wants {SCHEMA_VERSION}: "
        f"run `{installation.command('upgrade_store')}`."
    )


def current_rows(spec: TableSpec, rows: pa.Table, vectors: Sequence[str] = ()) -> pa.Table:
    """Return rows that an older MemoryLoop put into the journal in today's shape.

    Of columns with vectors, those named in `vectors` stay, as far as they are there.
    """
    for upgrade in UPGRADES:
        for step in upgrade.steps:
            if step.spec == spec:
                rows = step.change_rows(rows)
    kept = [name for name in vectors if name in rows.schema.names]
    return rows.select([*spec.schema.names, *kept])
