"""The rows of one owner that may be due within two days, as arrays. Nothing here knows a plan."""

import bisect
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flashcards.store.journal.pending import Pending
from flashcards.store.lance import codec, tables
from flashcards.store.lance.filters import Expression, Or, all_of, condition
from flashcards.store.lance.schema import EVERYTHING, FLASHCARDS

# How far ahead of now the rows are read; they are read anew when less than half of it is left.
HORIZON = timedelta(days=2)
_TIMES = ("due", "created_at", "buried_until", "last_review")

Numbers = np.ndarray[Any, np.dtype[Any]]


@dataclass
class Rows:
    """Cards as LanceDB has them, in the order of their ids, which are text of 36 bytes.

    Times are int64 microseconds since 1970, 0 for none.
    """

    ids: Numbers
    notes: Numbers
    states: Numbers
    due: Numbers
    created_at: Numbers
    buried_until: Numbers
    last_review: Numbers
    stability: Numbers
    # Which of `deck_sets` a card is in.
    decks: Numbers
    deck_sets: list[tuple[UUID, ...]]
    # False once the journal has a newer image of the card.
    current: Numbers
    _by_note: Numbers = field(init=False)

    def __post_init__(self) -> None:
        self._by_note = np.argsort(self.notes, kind="stable").astype(np.int32)

    def copied(self) -> "Rows":
        return replace(self, current=self.current.copy())

    def __len__(self) -> int:
        return len(self.ids)

    def place(self, card_id: bytes) -> int | None:
        """Return where a card is."""
        place = bisect.bisect_left(self.ids, card_id)
        return place if place < len(self) and self.ids[place] == card_id else None

    def of_note(self, note: bytes) -> list[int]:
        """Return where the cards of a note are."""
        found = []
        for at in range(bisect.bisect_left(self._by_note, note, key=self._note), len(self)):
            place = int(self._by_note[at])
            if self.notes[place] != note:
                break
            found.append(place)
        return found

    def _note(self, place: int) -> bytes:
        note: bytes = self.notes[place]
        return note


def key_of(any_id: UUID) -> bytes:
    """Return an id as it stands in Rows."""
    return str(any_id).encode()


def studied(owner_id: UUID) -> Expression:
    return all_of(
        condition(FLASHCARDS, key, value)
        for key, value in (
            ("owner_id", owner_id),
            ("suspended", False),
            ("deleted_at__isnull", True),
        )
    )


def table_of(owner_id: UUID, pending: Pending) -> Any | None:
    if owner_id in pending.erased:
        return None
    return tables.existing(FLASHCARDS, pending.flashcards_version)


def read(owner_id: UUID, pending: Pending, until: datetime) -> Rows:
    """Return the owner's rows in LanceDB that are due before `until`. One read."""
    columns = ["id", "note_id", "state", "stability", "deck_ids", *_TIMES]
    table = table_of(owner_id, pending)
    if table is None:
        return _rows(FLASHCARDS.schema.empty_table().select(columns))
    soon = Or(
        (
            condition(FLASHCARDS, "buried_until__isnull", True),
            condition(FLASHCARDS, "buried_until__lte", until),
        )
    )
    where = all_of([studied(owner_id), condition(FLASHCARDS, "due__lte", until), soon])
    scan = table.search().where(where.to_sql()).select(columns).limit(EVERYTHING)
    return _rows(tables.fetch(scan))


def _rows(found: pa.Table) -> Rows:
    found = found.take(pc.sort_indices(found["id"]))
    joined = pc.dictionary_encode(pc.binary_join(found["deck_ids"], ",")).combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        joined = pa.array([], pa.string()).dictionary_encode()
    return Rows(
        ids=codec.id_texts(found["id"]),
        notes=codec.id_texts(found["note_id"]),
        states=found["state"].to_numpy().astype(np.int8),
        **{name: codec.column_micros(found[name]) for name in _TIMES},
        stability=found["stability"].fill_null(0).to_numpy(),
        decks=joined.indices.to_numpy().astype(np.int32),
        current=np.ones(len(found), dtype=bool),
        deck_sets=[
            tuple(UUID(deck) for deck in text.split(",") if deck)
            for text in joined.dictionary.to_pylist()
        ],
    )
