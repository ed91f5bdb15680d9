"""The two tables: explicit Arrow schemas, and the fields that a query may name.

The vectors of cards are in further columns, one for each model: see vector_sets.py.
"""

import dataclasses
import enum
import functools
import typing
import uuid
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from flashcards.domain.records import Flashcard, ReviewLog

# Raised when a table's shape changes; upgrades.py knows the way from each to the next.
SCHEMA_VERSION = 5
# LanceDB returns ten rows unless told otherwise.
EVERYTHING = 2**31 - 1

_ID = pa.string()
_TEXT = pa.string()
_TIME = pa.timestamp("us", tz="UTC")


def _field(name: str, type_: pa.DataType, *, null: bool = False) -> pa.Field:
    return pa.field(name, type_, nullable=null)


FLASHCARDS_SCHEMA = pa.schema(
    [
        _field("id", _ID),
        _field("owner_id", _ID),
        _field("note_id", _ID),
        _field("kind", _TEXT),
        _field("ordinal", pa.int16()),
        _field("question", _TEXT),
        _field("answer", _TEXT),
        _field("extra", _TEXT),
        _field("deck_ids", pa.list_(_ID)),
        _field("tags", pa.list_(_TEXT)),
        _field("flag", pa.int8()),
        _field("suspended", pa.bool_()),
        _field("buried_until", _TIME, null=True),
        _field("message_id", _ID, null=True),
        _field("document_id", _ID, null=True),
        _field("source_start", pa.int32(), null=True),
        _field("source_end", pa.int32(), null=True),
        _field("source_hash", _TEXT),
        _field("embedding_model", _TEXT),
        _field("state", pa.int8()),
        _field("step", pa.int8(), null=True),
        # float64: the fold of the log must give the stored state to the last bit.
        _field("stability", pa.float64(), null=True),
        _field("difficulty", pa.float64(), null=True),
        # What the memory model keeps of a card besides these two; null where that is nothing.
        _field("memory", pa.list_(pa.float64()), null=True),
        _field("memory_model", _TEXT),
        _field("due", _TIME),
        _field("last_review", _TIME, null=True),
        _field("reps", pa.int32()),
        _field("lapses", pa.int32()),
        _field("sequence", pa.int32()),
        _field("created_at", _TIME),
        _field("edited_at", _TIME),
        _field("deleted_at", _TIME, null=True),
        # The journal entry this image came from. A merge never replaces a row by an older one,
        # even when a checkpoint that lost its lock wakes up late.
        _field("revision", pa.int64()),
        # The whole record as JSON. LanceDB spends most of a read of a few rows on each column that
        # is asked for: a card by its id takes 9 ms in 31 columns and 4 ms in this one, 40 cards
        # 20 ms and 6 ms (100,000 cards).
        _field("image", _TEXT),
        # The keys of its words, by which it is searched; see search_keys.py.
        _field("search_keys", _TEXT),
    ]
)

REVIEW_LOGS_SCHEMA = pa.schema(
    [
        _field("id", _ID),
        _field("owner_id", _ID),
        _field("flashcard_id", _ID),
        _field("sequence", pa.int32()),
        _field("kind", _TEXT),
        _field("rating", pa.int8(), null=True),
        _field("reviewed_at", _TIME),
        _field("duration_ms", pa.int32()),
        _field("elapsed_days", pa.float64(), null=True),
        _field("scheduled_days", pa.float64()),
        _field("undoes", _ID, null=True),
        _field("state_before", pa.int8()),
        _field("stability_before", pa.float64(), null=True),
        _field("difficulty_before", pa.float64(), null=True),
        _field("state_after", pa.int8()),
        _field("stability_after", pa.float64(), null=True),
        _field("difficulty_after", pa.float64(), null=True),
    ]
)

# Columns that are the store's own and no record has.
STORE_COLUMNS = frozenset({"image", "revision", "search_keys"})


class Index(enum.Enum):
    # Equality and ranges.
    ORDERED = "ordered"
    # Whether a list has an item.
    LABELS = "labels"
    # Words with spaces between, as they are, ranked by BM25.
    WORDS = "words"
    # The nearest by cosine distance.
    VECTOR = "vector"


@dataclass(frozen=True)
class TableSpec:
    """A table: its schema, the record a row becomes, its declared order, its indexed columns."""

    name: str
    schema: pa.Schema
    record: type[Any]
    ordering: tuple[str, ...]
    # (column, what is asked of it); those of vectors besides.
    indexes: tuple[tuple[str, "Index"], ...]
    # Indexed columns of which one value is that of a handful of rows.
    keys: frozenset[str]

    @property
    def columns(self) -> list[str]:
        """Return the columns a record is made of."""
        return [name for name in self.schema.names if name not in STORE_COLUMNS]

    @functools.cached_property
    def ids(self) -> frozenset[str]:
        """Return the fields of a record that are ids, or lists of them."""
        return frozenset(
            field.name
            for field in dataclasses.fields(self.record)
            if uuid.UUID in (field.type, *typing.get_args(field.type))
        )

    @property
    def whole(self) -> list[str]:
        """Return the fewest columns that bring a record whole, for `codec.from_table`."""
        return ["image"] if "image" in self.schema.names else self.columns

    @functools.cached_property
    def has_bin(self) -> bool:
        """Return whether a deleted row stays for a while with `deleted_at` set."""
        return "deleted_at" in self.schema.names


FLASHCARDS = TableSpec(
    name="flashcards",
    schema=FLASHCARDS_SCHEMA,
    record=Flashcard,
    ordering=("created_at", "id"),
    indexes=(
        ("id", Index.ORDERED),
        ("owner_id", Index.ORDERED),
        ("due", Index.ORDERED),
        ("note_id", Index.ORDERED),
        ("message_id", Index.ORDERED),
        ("tags", Index.LABELS),
        ("deck_ids", Index.LABELS),
        ("search_keys", Index.WORDS),
    ),
    keys=frozenset({"id", "note_id", "message_id"}),
)
REVIEW_LOGS = TableSpec(
    name="review_logs",
    schema=REVIEW_LOGS_SCHEMA,
    record=ReviewLog,
    ordering=("reviewed_at", "id"),
    indexes=(
        ("id", Index.ORDERED),
        ("owner_id", Index.ORDERED),
        ("flashcard_id", Index.ORDERED),
        ("reviewed_at", Index.ORDERED),
    ),
    keys=frozenset({"id", "flashcard_id"}),
)
