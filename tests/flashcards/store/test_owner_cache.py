"""What is kept of each owner is kept within bounds: the one here last stays, whatever it takes."""

import uuid
from typing import Self

from django.test import TestCase

from flashcards.store.cache.owner_cache import OwnerCache
from flashcards.store.journal.pending import Entry, Pending


class _Follower:
    def __init__(self, size: int) -> None:
        self._size = size

    def take(self, entry: Entry) -> None:
        raise AssertionError("Nothing is pending here.")

    def size(self) -> int:
        return self._size

    def copied(self) -> Self:
        return self


class FollowersTests(TestCase):
    def setUp(self) -> None:
        self.read: list[uuid.UUID] = []
        self.alice, self.bob, self.charlie = (uuid.uuid4() for _ in range(3))

    def _visit(self, followers: OwnerCache[_Follower], owner: uuid.UUID, size: int = 1) -> None:
        def read() -> _Follower:
            self.read.append(owner)
            return _Follower(size)

        with followers.at(owner, Pending(), read):
            pass

    def test_who_is_here_again_is_not_read_again(self) -> None:
        followers = OwnerCache[_Follower]()
        for owner in (self.alice, self.bob, self.alice, self.bob):
            self._visit(followers, owner)
        self.assertEqual(self.read, [self.alice, self.bob])

    def test_with_too_many_owners_the_one_who_was_away_longest_goes(self) -> None:
        followers = OwnerCache[_Follower](owners_most=2)
        for owner in (self.alice, self.bob, self.alice, self.charlie, self.alice, self.bob):
            self._visit(followers, owner)
        self.assertEqual(self.read, [self.alice, self.bob, self.charlie, self.bob])

    def test_with_too_much_in_memory_that_of_others_go_first(self) -> None:
        followers = OwnerCache[_Follower](kilobytes_most=10)
        self._visit(followers, self.alice, 6)
        self._visit(followers, self.bob, 20)
        self._visit(followers, self.bob, 20)
        self._visit(followers, self.alice, 6)
        self.assertEqual(self.read, [self.alice, self.bob, self.alice])
