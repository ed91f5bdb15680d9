"""A sentence says only what chance does not explain."""

import random

from django.test import SimpleTestCase

from flashcards.insight.aims import Aim
from flashcards.insight.facts import Standing, best_hour, differ, standing_of, worst_hour
from flashcards.insight.review_statistics import Hour, Hours, Recall

AIM = Aim(0.9, 0.9, 0.9)


def hours(recalls: dict[int, Recall]) -> Hours:
    return Hours(
        tuple(
            Hour(n, recalls.get(n, Recall()).tested, recalls.get(n, Recall()), f"rated:1@{n}")
            for n in range(24)
        )
    )


class FactTests(SimpleTestCase):
    def test_retention_is_compared_with_the_aim_once_there_is_enough(self) -> None:
        for recall, standing in (
            (Recall(), Standing.TOO_FEW),
            (Recall(3, 0), Standing.TOO_FEW),
            (Recall(20, 18), Standing.AS_DESIRED),
            (Recall(100, 85), Standing.AS_DESIRED),
            (Recall(1_000, 850), Standing.BELOW),
            (Recall(1_000, 950), Standing.ABOVE),
            (Recall(30, 30), Standing.AS_DESIRED),
        ):
            with self.subTest(recall=recall):
                self.assertIs(standing_of(recall, AIM), standing)

    def test_an_hour_stands_out_only_against_chance(self) -> None:
        self.assertIsNone(best_hour(hours({})))
        self.assertIsNone(best_hour(hours({9: Recall(3, 3), 20: Recall(300, 240)})))
        alike = hours({9: Recall(200, 180), 20: Recall(200, 176)})
        self.assertEqual((best_hour(alike), worst_hour(alike)), (None, None))
        found = hours({9: Recall(300, 285), 13: Recall(300, 255), 20: Recall(300, 252)})
        fact = best_hour(found)
        assert fact is not None
        self.assertEqual((fact.hour, fact.others), (9, Recall(600, 507)))
        two = hours({9: Recall(300, 285), 13: Recall(300, 268), 20: Recall(300, 265)})
        self.assertIsNone(worst_hour(two))

    def test_hours_that_are_all_alike_seldom_give_a_best_one(self) -> None:
        draw, said = random.Random(5), 0
        for _ in range(200):
            day = {n: Recall(60, sum(draw.random() < 0.9 for _ in range(60))) for n in range(24)}
            said += best_hour(hours(day)) is not None
        self.assertLessEqual(said, 14)

    def test_without_tests_nothing_differs(self) -> None:
        self.assertFalse(differ(Recall(), Recall(10, 9)))
        self.assertFalse(differ(Recall(10, 10), Recall(10, 10)))
        self.assertTrue(differ(Recall(1_000, 900), Recall(1_000, 800)))
