"""What is kept of each owner is kept within bounds: the one here last stays, whatever it takes."""

import uuid
from typing import Self

from django.test import TestCase

from flashcards.store.cache.owner_cache import OwnerCache
from flashcards.store.lance.stored import LanceStored
from flashcards.store.pending import Entry, Pending


class _Value:
    def __init__(self, size: int) -> None:
        self._size = size

    def apply(self, entry: Entry) -> None:
        raise AssertionError("Nothing is pending here.")

    def size(self) -> int:
        return self._size

    def copy(self) -> Self:
        return self


class OwnerCacheTests(TestCase):
    def setUp(self) -> None:
        self.read: list[uuid.UUID] = []
        self.alice, self.bob, self.charlie = (uuid.uuid4() for _ in range(3))

    def _visit(self, cache: OwnerCache[_Value], owner: uuid.UUID, size: int = 1) -> None:
        def read() -> _Value:
            self.read.append(owner)
            return _Value(size)

        with cache.at(owner, Pending(LanceStored()), read):
            pass

    def test_who_is_here_again_is_not_read_again(self) -> None:
        cache = OwnerCache[_Value]()
        for owner in (self.alice, self.bob, self.alice, self.bob):
            self._visit(cache, owner)
        self.assertEqual(self.read, [self.alice, self.bob])

    def test_with_too_many_owners_the_one_who_was_away_longest_goes(self) -> None:
        cache = OwnerCache[_Value](owners_most=2)
        for owner in (self.alice, self.bob, self.alice, self.charlie, self.alice, self.bob):
            self._visit(cache, owner)
        self.assertEqual(self.read, [self.alice, self.bob, self.charlie, self.bob])

    def test_with_too_much_in_memory_that_of_others_go_first(self) -> None:
        cache = OwnerCache[_Value](kilobytes_most=10)
        self._visit(cache, self.alice, 6)
        self._visit(cache, self.bob, 20)
        self._visit(cache, self.bob, 20)
        self._visit(cache, self.alice, 6)
        self.assertEqual(self.read, [self.alice, self.bob, self.alice])
