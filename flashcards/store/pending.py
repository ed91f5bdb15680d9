"""What is pending: changes that the engine's tables do not have yet, over what they hold.

A reader goes by it: what it says was true at one moment.
"""

import bisect
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import UUID

import numpy as np
import pyarrow as pa
from django.db import connection

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.store.rows import vector_sets
from flashcards.store.rows.filters import Condition, Expression
from flashcards.store.rows.schema import TableSpec
from flashcards.store.values import VectorSets
from memoryloop.search_words import Term

Ids = np.ndarray[Any, np.dtype[np.bytes_]]
# Owners of whom one process keeps what it saw last.
CACHED_OWNERS = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A new image of a card, and the review that made it, with the number of the change."""

    id: int
    card: Flashcard
    log: ReviewLog | None = None
    # Whether the card goes for good.
    erases: bool = False


class Stored(Protocol):
    """What an engine's tables are known to hold of an owner (or of all), and how they are read."""

    @property
    def key(self) -> str:
        """Return which tables these are: another engine's, or another installation's, differ."""
        ...

    @property
    def has_uncommitted(self) -> bool:
        """Tell whether what is read now may be rolled back yet."""
        ...

    @property
    def generation(self) -> int:
        """Return a number that stays the same for as long as nothing of theirs is changed."""
        ...

    @property
    def epoch(self) -> int:
        """Return a number that changes when theirs changed otherwise than by single entries."""
        ...

    @property
    def moved_id(self) -> int:
        """Return the newest entry that the tables have; so do they all before it."""
        ...

    @property
    def vectors(self) -> VectorSets:
        """Return which models' vectors there are, and which of them serve."""
        ...

    def whole(self, spec: TableSpec) -> list[str]:
        """Return the fewest columns that bring a record whole, for `codec.from_table`."""
        ...

    def read(
        self, spec: TableSpec, owner_id: UUID, columns: Sequence[str], *conditions: Expression
    ) -> pa.Table:
        """Return columns of the owner's rows for which the conditions hold, in no order."""
        ...

    def read_by_key(
        self, spec: TableSpec, owner_id: UUID, columns: Sequence[str], key: Condition
    ) -> pa.Table:
        """Return columns of the few rows of a key, as `id__in`, which are known to be theirs."""
        ...

    def ids_with(self, owner_id: UUID, term: Term) -> Ids:
        """Return the ids of the owner's cards that have a form of a word, as text of 36 bytes.

        Some may be in the trash.
        """
        ...


@dataclass(frozen=True)
class Pending:
    """What is not in the engine's tables yet of one owner (or of all), and what they hold.

    PostgreSQL's have everything at once: then there are no changes, and the trail alone says what
    came lately.
    """

    stored: Stored
    # Every entry up to this one is here or in the tables.
    last_id: int = 0
    changes: tuple[Entry, ...] = ()
    # The same, and before them those that the tables got lately: every one after `known_from`, for
    # what has not taken them in yet.
    trail: tuple[Entry, ...] = ()
    known_from: int = 0
    # Of the changes: the newest image of each card; the logs by id.
    cards: dict[UUID, Flashcard] = field(default_factory=dict)
    logs: dict[UUID, ReviewLog] = field(default_factory=dict)
    # Whose rows in the tables count for nothing.
    erased: frozenset[UUID] = frozenset()
    # The newest entry that says so; 0 without one.
    erasure: int = 0
    # Cards that go for good; each has an image in `cards` that is deleted and without words.
    erased_cards: frozenset[UUID] = frozenset()
    entries: int = 0

    @property
    def generation(self) -> int:
        return self.stored.generation

    def since(self, entry_id: int) -> Sequence[Entry]:
        """Return the changes after an entry, oldest first. It is not before `known_from`."""
        return _after(entry_id, self.trail)

    def goes_on_to(self, stored: Stored) -> bool:
        """Tell whether what came since is all in the journal: nothing was moved unseen."""
        return stored.epoch == self.stored.epoch and stored.moved_id <= self.last_id

    def with_stored(self, stored: Stored) -> "Pending":
        """Return it without what a checkpoint has moved meanwhile. `goes_on_to` holds."""
        if stored.moved_id <= self.stored.moved_id:
            return self if stored == self.stored else replace(self, stored=stored)
        kept = Pending(stored, self.last_id, erased=self.erased, erasure=self.erasure)
        left = kept.with_changes(_after(stored.moved_id, self.changes))
        return replace(left, trail=self.changes, known_from=self.stored.moved_id)

    def with_changes(self, changes: Sequence[Entry]) -> "Pending":
        """Return it with entries that were written since."""
        if not changes:
            return self
        cards, logs, erased_cards = dict(self.cards), dict(self.logs), self.erased_cards
        for entry in changes:
            cards[entry.card.id] = entry.card
            if entry.log is not None:
                logs[entry.log.id] = entry.log
        if gone := {entry.card.id for entry in changes if entry.erases}:
            erased_cards |= gone
            logs = {i: log for i, log in logs.items() if log.flashcard_id not in erased_cards}
        return replace(
            self,
            last_id=max(self.last_id, changes[-1].id),
            changes=(*self.changes, *changes),
            trail=(*self.trail, *changes),
            cards=cards,
            logs=logs,
            erased_cards=erased_cards,
            entries=self.entries + len(changes),
        )

    # Rows of the tables, without what is pending

    def read(
        self, spec: TableSpec, owner_id: UUID, columns: Sequence[str], *conditions: Expression
    ) -> pa.Table:
        """Return columns of the owner's rows for which the conditions hold, in no order. One read.

        A column of vectors may be among them.
        """
        if owner_id in self.erased:
            return self._no_rows(spec, columns)
        return self.stored.read(spec, owner_id, columns, *conditions)

    def read_by_key(
        self, spec: TableSpec, owner_id: UUID, columns: Sequence[str], key: Condition
    ) -> pa.Table:
        """Return columns of the few rows of a key, as `id__in`, which are known to be theirs."""
        if owner_id in self.erased or key.is_empty:
            return self._no_rows(spec, columns)
        return self.stored.read_by_key(spec, owner_id, columns, key)

    def ids_with(self, owner_id: UUID, term: Term) -> Ids:
        """Return the ids of stored cards that have a form of a word, as text of 36 bytes.

        Some may be in the trash.
        """
        if owner_id in self.erased:
            return np.empty(0, dtype="S36")
        return self.stored.ids_with(owner_id, term)

    def _no_rows(self, spec: TableSpec, columns: Sequence[str]) -> pa.Table:
        return vector_sets.no_rows(spec, columns, self.stored.vectors)


class PendingMemory(OrderedDict[UUID, Pending]):
    """What a process saw last of some owners, which may be outdated.

    The least recently used leaves first.
    """

    def __init__(self, owners_most: int = CACHED_OWNERS) -> None:
        super().__init__()
        self._owners_most = owners_most
        self._lock = threading.Lock()

    def keep(self, owner_id: UUID, pending: Pending) -> Pending:
        """Keep what was read or written, unless newer is kept, and return it."""
        # Within a transaction the rows may be our own and be rolled back yet.
        if not connection.in_atomic_block:
            with self._lock:
                known = self.get(owner_id)
                if known is None or _age(known) <= _age(pending):
                    self[owner_id] = pending
                    self.move_to_end(owner_id)
                while len(self) > self._owners_most:
                    self.popitem(last=False)
        return pending

    def clear(self) -> None:
        with self._lock:
            super().clear()


def _age(pending: Pending) -> tuple[int, int]:
    return pending.generation, pending.last_id


def _after(entry_id: int, changes: Sequence[Entry]) -> Sequence[Entry]:
    return changes[bisect.bisect_right(changes, entry_id, key=_id) :]


def _id(entry: Entry) -> int:
    return entry.id
