"""The owner cache: a value for each owner in memory, read once, to which new entries are applied.

A checkpoint moves entries from the journal to LanceDB, which changes nothing that they add up to.
So a value that knows every entry stays good for as long as single entries come and are moved. When
anything else happened, or an entry is not to be had any more, the value is read anew.
"""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, Self, TypeVar
from uuid import UUID

from django.db import connection

from flashcards.store.pending import Entry, Pending
from memoryloop.server import free_memory


class Cached(Protocol):
    """A value to which journal entries can be applied."""

    def apply(self, entry: Entry) -> None: ...

    def size(self) -> int:
        """Return how many kilobytes it takes, about."""

    def copy(self) -> Self:
        """Return a copy, to which entries can be applied without changing this."""


V = TypeVar("V", bound=Cached)

# A school's learners review at the same time: whoever is dropped is read anew, which
# takes a hundred times as long as a rating.
OWNERS_MOST = 1_000
KILOBYTES_MOST = 200_000
# Reading so much leaves more behind.
MUCH_KILOBYTES = 1_000


@dataclass
class _Kept(Generic[V]):
    key: tuple[str, int, int]
    # The newest entry that was applied.
    position: int
    value: V
    # Two requests of a learner may be at it at once.
    lock: threading.RLock = field(default_factory=threading.RLock)


class OwnerCache(Generic[V]):
    """A value for each of the owners that were here last, within bounds for all of them."""

    def __init__(
        self, owners_most: int = OWNERS_MOST, kilobytes_most: int = KILOBYTES_MOST
    ) -> None:
        self._owners_most = owners_most
        self._kilobytes_most = kilobytes_most
        self._lock = threading.Lock()
        self._items: OrderedDict[UUID, _Kept[V]] = OrderedDict()

    @contextlib.contextmanager
    def at(
        self,
        owner_id: UUID,
        pending: Pending,
        read: Callable[[], V],
        is_good: Callable[[V], bool] = lambda _: True,
    ) -> Iterator[V]:
        """Hold an owner's value, to which all of `pending` is applied.

        `read` makes one of what the tables hold, where there is none or `is_good` says no.
        """
        kept = self._kept(owner_id, pending)
        if kept is None or not is_good(kept.value):
            if pending.stored.has_uncommitted:
                yield read()
                return
            kept = self._keep(owner_id, pending, read())
        with kept.lock:
            since = pending.since(kept.position)
            if since and connection.in_atomic_block:
                # These may be our own and be rolled back yet.
                copy = kept.value.copy()
                for entry in since:
                    copy.apply(entry)
                yield copy
                return
            for entry in since:
                kept.value.apply(entry)
                kept.position = entry.id
            yield kept.value

    @contextlib.contextmanager
    def peek(self, owner_id: UUID, pending: Pending) -> Iterator[tuple[V, Sequence[Entry]] | None]:
        """Hold an owner's value as it is, if there is one, and the entries not applied yet."""
        kept = self._kept(owner_id, pending)
        if kept is None:
            yield None
            return
        with kept.lock:
            yield kept.value, pending.since(kept.position)

    def clear(self) -> None:
        """Drop all of them, as between tests."""
        with self._lock:
            self._items.clear()

    def _kept(self, owner_id: UUID, pending: Pending) -> _Kept[V] | None:
        with self._lock:
            kept = self._items.get(owner_id)
            is_whole = kept is not None and kept.position >= pending.known_from
            if kept is None or not is_whole or kept.key != _key(pending):
                return None
            self._items.move_to_end(owner_id)
            return kept

    def _keep(self, owner_id: UUID, pending: Pending, value: V) -> _Kept[V]:
        kept = _Kept(_key(pending), pending.stored.moved_id, value)
        with self._lock:
            self._items[owner_id] = kept
            self._items.move_to_end(owner_id)
            taken = sum(each.value.size() for each in self._items.values())
            while len(self._items) > 1 and (
                len(self._items) > self._owners_most or taken > self._kilobytes_most
            ):
                _, dropped = self._items.popitem(last=False)
                taken -= dropped.value.size()
        if value.size() > MUCH_KILOBYTES:
            free_memory.soon()
        return kept


def _key(pending: Pending) -> tuple[str, int, int]:
    return pending.stored.key, pending.stored.epoch, pending.erasure
