"""The collection: each owner's cards as columns, kept in memory, with new entries applied.

The table is scanned once for each owner. What was written since lies over it: what the tables have
got meanwhile as one block, what is pending as another, so that a page after a checkpoint costs no
more than one before it.
"""

import functools
from collections.abc import Iterable
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flashcards.domain.records import Flashcard
from flashcards.store.cache.card_columns import OwnerColumns
from flashcards.store.cache.column_blocks import COLUMNS, TEXTS, Block
from flashcards.store.cache.owner_cache import OwnerCache
from flashcards.store.pending import Entry, Pending
from flashcards.store.rows import codec
from flashcards.store.rows.filters import condition
from flashcards.store.rows.schema import FLASHCARDS
from memoryloop.server import free_memory

# What one process keeps of all owners together; a card takes about 150 bytes, its words besides.
KILOBYTES_MOST = 384 * 1024
OWNERS_MOST = 1_000
# When newer images of so many cards have come, the table is scanned again.
MOVED_MOST = 5_000

_READ = [*COLUMNS, *TEXTS]


class Collection:
    """The cards of one owner: the table's rows as they once were, and every entry since."""

    def __init__(self, owner_id: UUID, base: Block) -> None:
        self._owner_id = owner_id
        self._base = base
        # The newest images that the table has got since the base was read, as rows; and the
        # ids of all such cards, also of those that were deleted.
        self._moved_rows = FLASHCARDS.schema.empty_table().select(_READ)
        self._moved_ids: set[UUID] = set()
        self._moved = _block(self._moved_rows)
        # Entries that were in the journal when it was last looked at.
        self._entries: list[Entry] = []
        self._columns: OwnerColumns | None = None

    @property
    def is_good(self) -> bool:
        """Tell whether laying so much over it still is quicker than reading anew."""
        return len(self._moved_ids) <= MOVED_MOST

    def apply(self, entry: Entry) -> None:
        """Put a newer image of a card in its place."""
        self._entries.append(entry)
        self._columns = None

    def size(self) -> int:
        return (self._base.size_bytes + self._moved.size_bytes) // 1024 + len(self._entries)

    def copy(self) -> "Collection":
        copy = Collection(self._owner_id, self._base)
        copy._moved_rows, copy._moved_ids = self._moved_rows, set(self._moved_ids)
        copy._moved, copy._entries = self._moved, list(self._entries)
        return copy

    def columns(self, pending: Pending) -> OwnerColumns:
        """Return all cards as they are now. It has taken in what is pending."""
        self._settle(pending.stored.moved_id)
        if self._columns is None or self._columns.pending.stored != pending.stored:
            self._columns = self._laid_over(pending)
        return self._columns

    def _settle(self, moved_id: int) -> None:
        """Have what the table has got lie in its block."""
        moved = {each.card.id: each.card for each in self._entries if each.id <= moved_id}
        if not moved:
            return
        self._entries = [each for each in self._entries if each.id > moved_id]
        newer = pa.array(map(str, moved), pa.string())
        kept = self._moved_rows.filter(pc.invert(pc.is_in(self._moved_rows["id"], newer)))
        self._moved_rows = pa.concat_tables([kept, _rows(moved.values())]).combine_chunks()
        self._moved_ids |= moved.keys()
        self._moved = _block(self._moved_rows)
        self._columns = None

    def _laid_over(self, pending: Pending) -> OwnerColumns:
        images = {each.card.id: each.card for each in self._entries}
        fresh = _block(_rows(images.values()))
        blocks = self._base, self._moved, fresh
        alive = [np.ones(len(block), dtype=bool) for block in blocks]
        alive[0][self._base.positions([*self._moved_ids, *images])] = False
        alive[1][self._moved.positions(list(images))] = False
        words = functools.partial(_words, self._owner_id, pending)
        return OwnerColumns(self._owner_id, blocks, np.concatenate(alive), pending, images, words)


_collections: OwnerCache[Collection] = OwnerCache(OWNERS_MOST, KILOBYTES_MOST)


def read(owner_id: UUID, pending: Pending) -> OwnerColumns:
    """Return an owner's cards as columns, their own newest writes among them.

    The table is read the first time (100,000 cards: about 0.2 s of LanceDB), and now and then.
    """

    def stored() -> Collection:
        return Collection(owner_id, _stored(owner_id, pending))

    with _collections.at(owner_id, pending, stored, lambda kept: kept.is_good) as collection:
        return collection.columns(pending)


def clear_cache() -> None:
    """Drop everything kept, as between tests."""
    _collections.clear()


def _rows(cards: Iterable[Flashcard]) -> pa.Table:
    """Return those that are not deleted as rows."""
    living = [card for card in cards if card.deleted_at is None]
    return codec.to_table(FLASHCARDS, living, names=_READ)


def _block(rows: pa.Table) -> Block:
    """Return such rows as a block that has its words already."""
    block = Block.of(rows.select(COLUMNS))
    block.take_words(rows)
    return block


def _stored(owner_id: UUID, pending: Pending) -> Block:
    alive = condition(FLASHCARDS, "deleted_at__isnull", True)
    return Block.of(pending.read(FLASHCARDS, owner_id, COLUMNS, alive))


def _words(owner_id: UUID, pending: Pending) -> pa.Table:
    """Return the words of all stored cards, which may be newer than a block's."""
    alive = condition(FLASHCARDS, "deleted_at__isnull", True)
    free_memory.soon()
    return pending.read(FLASHCARDS, owner_id, ["id", *TEXTS], alive)
