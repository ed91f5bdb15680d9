"""Near cards: the nearest vectors of some texts."""

from unittest import mock

import numpy as np
from django.test import SimpleTestCase

from flashcards.insight import near_cards

MOST = 10


class NearestTests(SimpleTestCase):
    def test_the_nearest_are_found_a_part_at_a_time(self) -> None:
        chance = np.random.default_rng(1)
        vectors = chance.normal(size=(100, 8)).astype(np.float16)
        asked = chance.normal(size=(3, 8)).astype(np.float32)
        every = asked @ vectors.astype(np.float32).T
        for at_once in (1, 7, 100, 1_000):
            with mock.patch.object(near_cards, "_CARDS_AT_ONCE", at_once):
                places, cosines = near_cards._nearest(asked, vectors, MOST)
            best = np.sort(every, axis=1)[:, -MOST:]
            np.testing.assert_allclose(np.sort(cosines, axis=1), best, rtol=1e-5)
            np.testing.assert_allclose(
                np.take_along_axis(every, places, axis=1), cosines, rtol=1e-5
            )
