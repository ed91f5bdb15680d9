"""A sentence says only what chance does not explain."""

import random
from datetime import date, timedelta

from django.test import SimpleTestCase

from flashcards.insight.aims import Aim
from flashcards.insight.card_statistics import CardCounts, FutureDue
from flashcards.insight.facts import (
    Standing,
    Trend,
    best_hour,
    days_of_backlog,
    differ,
    maturity,
    pace,
    retention_fact,
    worst_hour,
)
from flashcards.insight.review_statistics import (
    Hour,
    Hours,
    Kinds,
    Recall,
    Retention,
    RetentionBar,
    Reviews,
)
from flashcards.insight.spans import Period, Step

AIM = Aim(0.9, 0.9, 0.9)
DAY = date(2026, 3, 1)


def retention(*bars: Recall) -> Retention:
    found = tuple(
        RetentionBar(Period(DAY + timedelta(n), DAY + timedelta(n)), each, Recall(), "", "")
        for n, each in enumerate(bars)
    )
    return Retention(Step.DAY, found, sum(bars, Recall()), Recall(), AIM)


def hours(recalls: dict[int, Recall]) -> Hours:
    return Hours(
        tuple(Hour(n, recalls.get(n, Recall()).tested, recalls.get(n, Recall())) for n in range(24))
    )


def reviews(days: int, answers: int, seconds: float) -> Reviews:
    return Reviews(Step.DAY, (), Kinds(review=answers), Kinds(review=seconds), 30, days)


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
                self.assertIs(retention_fact(retention(recall)).standing, standing)

    def test_a_trend_is_a_difference_of_the_halves(self) -> None:
        for earlier, later, trend in (
            (Recall(49, 20), Recall(500, 490), Trend.TOO_FEW),
            (Recall(100, 90), Recall(100, 88), Trend.STEADY),
            (Recall(400, 360), Recall(400, 320), Trend.FALLING),
            (Recall(400, 320), Recall(400, 360), Trend.RISING),
        ):
            with self.subTest(trend=trend):
                fact = retention_fact(retention(earlier, later))
                self.assertEqual((fact.trend, fact.earlier, fact.later), (trend, earlier, later))

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

    def test_maturity_and_pace_need_some_cards_and_days(self) -> None:
        def counts(young: int, mature: int) -> CardCounts:
            return CardCounts(5, 0, 0, young, mature, 0, 0, {})

        self.assertIsNone(maturity(counts(15, 4)))
        fact = maturity(counts(15, 5))
        assert fact is not None
        self.assertEqual(fact.share, 0.25)
        self.assertIsNone(pace(reviews(4, 100, 800.0)))
        self.assertIsNone(pace(reviews(9, 0, 0.0)))
        day = pace(reviews(10, 600, 4_800.0))
        assert day is not None
        self.assertEqual(
            (day.answers_a_day, day.minutes_a_day, day.seconds_an_answer), (60.0, 8.0, 8.0)
        )

    def test_a_backlog_is_told_in_days_of_study(self) -> None:
        due = FutureDue(Step.DAY, (), 150, "", 0, 30)
        self.assertEqual(days_of_backlog(due, reviews(10, 600, 4_800.0)), 2.5)
        self.assertIsNone(days_of_backlog(due, reviews(1, 60, 480.0)))
        self.assertIsNone(
            days_of_backlog(FutureDue(Step.DAY, (), 0, "", 0, 30), reviews(10, 600, 1.0))
        )
