"""Cards of one sort in their order, of which most are never looked at."""

import bisect
import heapq
from array import array
from collections.abc import Iterator

import numpy as np

from flashcards.store.due.due_rows import Numbers
from flashcards.store.due.ranking import Key, Ranked, Row


class SortedCards:
    """Stored rows by their places, 4 bytes each, and between them images of the journal."""

    def __init__(self, base: Ranked, places: Numbers | None = None) -> None:
        """Begin with stored rows that are in their order, if any."""
        self._base = base
        self._stored = array("i")
        if places is not None:
            self._stored.frombytes(places.astype(np.intc).tobytes())
        self._fresh: list[Key] = []

    def __len__(self) -> int:
        return len(self._stored) + len(self._fresh)

    def keys(self) -> Iterator[Key]:
        """Yield the keys in order, worked out as they are asked for."""
        return heapq.merge(map(self._base.key, self._stored), self._fresh)

    def show(self, row: Row) -> None:
        """Put a card in its place, if it is not there."""
        at, is_there = self._find(row)
        if is_there:
            return
        if row.place is None:
            self._fresh.insert(at, row.key)
        else:
            self._stored.insert(at, row.place)

    def hide(self, row: Row) -> None:
        """Take a card out, if it is there."""
        at, is_there = self._find(row)
        if is_there and row.place is None:
            del self._fresh[at]
        elif is_there:
            del self._stored[at]

    def _find(self, row: Row) -> tuple[int, bool]:
        """Return where a card is or belongs, and whether it is there."""
        if row.place is None:
            at = bisect.bisect_left(self._fresh, row.key)
            return at, at < len(self._fresh) and self._fresh[at] == row.key
        at = bisect.bisect_left(self._stored, row.key, key=self._base.key)
        return at, at < len(self._stored) and self._stored[at] == row.place
