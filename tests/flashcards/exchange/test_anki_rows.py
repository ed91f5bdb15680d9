"""Ids that are times: each once, the first that is free, and as quickly for many of one moment."""

import time
import unittest
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from flashcards.exchange.anki.rows import Ids

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(milliseconds: int) -> datetime:
    return START + timedelta(milliseconds=milliseconds)


class IdsTests(unittest.TestCase):
    @given(st.lists(st.integers(0, 20), max_size=60))
    def test_each_id_is_the_first_free_one_from_its_time_on(self, moments: list[int]) -> None:
        ids, taken = Ids(), set[int]()
        for each in moments:
            wanted = round(at(each).timestamp() * 1000)
            while wanted in taken:
                wanted += 1
            taken.add(wanted)
            self.assertEqual(ids.of(at(each)), wanted)

    def test_many_cards_of_one_moment_take_no_longer_each(self) -> None:
        def seconds(count: int) -> float:
            ids = Ids()
            begun = time.process_time()
            for number in range(count):
                # A text file's lines are a tenth of a millisecond apart.
                ids.of(START + timedelta(microseconds=100 * number))
            return time.process_time() - begun

        self.assertLess(seconds(40_000), 8 * max(seconds(10_000), 0.01))
