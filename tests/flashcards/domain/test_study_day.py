"""The learner's day, and times in words."""

import zoneinfo
from datetime import UTC, datetime, timedelta

from django.test import SimpleTestCase

from accounts.models import User
from flashcards.domain import durations
from flashcards.domain.study_day import day_of, day_start, zone_of

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


class DayTests(SimpleTestCase):
    def test_it_begins_at_four_by_the_learners_clock(self) -> None:
        self.assertEqual(day_start(NOON, BERLIN), datetime(2026, 3, 10, 3, tzinfo=UTC))

    def test_the_small_hours_belong_to_the_day_before(self) -> None:
        night = datetime(2026, 3, 11, 2, 59, tzinfo=UTC)
        self.assertEqual(day_of(night, BERLIN).day, 10)
        self.assertEqual(day_of(night + timedelta(minutes=1), BERLIN).day, 11)

    def test_the_day_that_loses_an_hour_has_23(self) -> None:
        # In Berlin the clocks go forward on 29 March 2026 at 02:00.
        eve = datetime(2026, 3, 28, 12, tzinfo=UTC)
        length = day_start(eve, BERLIN, days=1) - day_start(eve, BERLIN)
        self.assertEqual(length, timedelta(hours=23))

    def test_an_unknown_time_zone_counts_as_utc(self) -> None:
        self.assertIs(zone_of(User(time_zone="Mars/Olympus")), UTC)


class WordsTests(SimpleTestCase):
    def test_intervals_are_in_the_unit_that_fits(self) -> None:
        for span, expected in (
            (timedelta(seconds=20), "1 minute"),
            (timedelta(minutes=10), "10 minutes"),
            (timedelta(minutes=59, seconds=50), "59 minutes"),
            (timedelta(hours=5), "5 hours"),
            (timedelta(days=1), "1 day"),
            (timedelta(days=12), "12 days"),
            (timedelta(days=46), "1.5 months"),
            (timedelta(days=91), "3 months"),
            (timedelta(days=400), "1 year"),
            (timedelta(days=36_500), "100 years"),
        ):
            with self.subTest(expected):
                self.assertEqual(durations.interval(span), expected)

    def test_due_times_read_as_people_say_them(self) -> None:
        for after, expected in (
            (timedelta(0), "now"),
            (timedelta(minutes=4), "in 4 minutes"),
            (timedelta(hours=6), "in 6 hours"),
            (timedelta(days=1), "tomorrow"),
            (timedelta(days=12), "in 12 days"),
        ):
            with self.subTest(expected):
                self.assertEqual(durations.due(NOON + after, now=NOON, zone=UTC), expected)

    def test_past_times_read_as_people_say_them(self) -> None:
        for before, expected in (
            (timedelta(seconds=5), "just now"),
            (timedelta(minutes=5), "5 minutes ago"),
            (timedelta(days=1), "yesterday"),
            (timedelta(days=5), "5 days ago"),
        ):
            with self.subTest(expected):
                self.assertEqual(durations.ago(NOON - before, now=NOON, zone=UTC), expected)

    def test_time_spent_has_its_unit(self) -> None:
        self.assertEqual(durations.clock(timedelta(seconds=40)), "40 seconds")
        self.assertEqual(durations.clock(timedelta(minutes=12)), "12 minutes")
        self.assertEqual(durations.clock(timedelta(hours=1, minutes=5)), "1 hour 5 minutes")
