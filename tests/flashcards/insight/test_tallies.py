"""Days and hours of a tally are those of the learner's clock, in every zone and on every day."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.test import SimpleTestCase
from hypothesis import given, settings
from hypothesis import strategies as st

from flashcards.domain.answer_codes import (
    CODES,
    IS_LAPSE,
    IS_MATURE,
    IS_RECALLED,
    IS_REVIEW,
    IS_SPACED,
    IS_TEST,
    KIND_OF,
    KINDS,
    QUARTER_MICROS,
    RATING_OF,
    STATE_OF,
    code_of,
    codes_of,
)
from flashcards.domain.quarters import day_numbers
from flashcards.domain.records import LogKind, Rating, ReviewLog, State
from flashcards.domain.study_day import Day, from_micros, micros
from flashcards.insight.spans import Period, Step, periods, step_for, summed
from flashcards.insight.tallies import group_of, tally
from tests.flashcards.insight.histories import ZONES, answers

DAY = timedelta(days=1)


class TallyTests(SimpleTestCase):
    @settings(max_examples=60, deadline=None)
    @given(
        zone=st.sampled_from(ZONES),
        hour=st.integers(0, 23),
        # Around a change of the clocks somewhere, and elsewhere.
        last=st.one_of(
            st.dates(date(2009, 1, 1), date(2030, 1, 1)),
            st.sampled_from([date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1)]),
        ),
        length=st.integers(1, 9),
    )
    def test_each_quarter_of_an_hour_is_on_its_day_and_in_its_hour(
        self, zone: str, hour: int, last: date, length: int
    ) -> None:
        day = Day(ZoneInfo(zone), time(hour))
        first = last - (length - 1) * DAY
        noon = datetime.combine(last, time(12), UTC)
        start, end = (micros(noon + n * DAY) // QUARTER_MICROS for n in (-length - 2, 3))
        quarters = np.arange(start, end, dtype=np.int32)
        codes = np.zeros(len(quarters), dtype=np.uint8)
        found = tally(quarters, codes, None, codes, day=day, first=first, last=last)
        moments = [from_micros(int(quarter) * QUARTER_MICROS) for quarter in quarters]
        inside = [each for each in moments if first <= day.of(each) <= last]
        self.assertEqual(found.days.tolist(), [(day.of(each) - first).days for each in inside])
        hours = [each.astimezone(day.zone).hour for each in inside]
        self.assertEqual(found.hours.tolist(), hours)
        numbers = day_numbers(quarters, day, last)
        self.assertEqual(numbers.tolist(), [(day.of(each) - last).days for each in moments])

    def test_what_is_far_away_is_far_away(self) -> None:
        day, today = Day(), date(2026, 3, 1)
        numbers = day_numbers(np.array([0, 20_000_000], dtype=np.int32), day, today)
        self.assertLess(numbers[0], -29 * 366)
        self.assertGreater(numbers[1], 29 * 366)
        self.assertEqual(len(day_numbers(np.array([], dtype=np.int32), day, today)), 0)

    @settings(max_examples=100, deadline=None)
    @given(log=answers())
    def test_a_code_says_what_the_row_says(self, log: ReviewLog) -> None:
        code = code_of(log)
        assert log.rating is not None
        is_review, is_known = log.kind is not LogKind.CRAM, log.state_before is State.REVIEW
        is_spaced = (log.elapsed_days or 0) >= 1
        again = log.rating is Rating.AGAIN
        self.assertEqual(KINDS[KIND_OF[code]], log.kind)
        self.assertEqual((RATING_OF[code], STATE_OF[code]), (log.rating, log.state_before))
        self.assertEqual(IS_SPACED[code], is_spaced)
        self.assertEqual(IS_MATURE[code], (log.stability_before or 0) >= 21)
        self.assertEqual((IS_REVIEW[code], IS_RECALLED[code]), (is_review, not again))
        self.assertEqual(IS_TEST[code], is_review and is_known and is_spaced)
        self.assertEqual(IS_LAPSE[code], is_review and is_known and again)
        nan = float("nan")
        of_many = codes_of(
            np.array([KINDS.index(log.kind)]),
            np.array([log.rating]),
            np.array([log.state_before]),
            np.array([nan if log.elapsed_days is None else log.elapsed_days]),
            np.array([nan if log.stability_before is None else log.stability_before]),
        )
        self.assertEqual(of_many.tolist(), [code])

    def test_groups_take_the_first_mask_that_has_a_code(self) -> None:
        groups, number = group_of(np.arange(CODES) < 2, np.arange(CODES) < 5)
        self.assertEqual((groups[:6].tolist(), number), ([0, 0, 1, 1, 1, 2], 2))


class PeriodTests(SimpleTestCase):
    @settings(max_examples=60, deadline=None)
    @given(
        first=st.dates(date(2007, 1, 1), date(2030, 1, 1)),
        length=st.integers(1, 800),
        step=st.sampled_from(Step),
    )
    def test_bars_are_all_the_days_each_once(self, first: date, length: int, step: Step) -> None:
        last = first + (length - 1) * DAY
        bars = periods(first, last, step)
        self.assertEqual((bars[0].first, bars[-1].last), (first, last))
        for one, other in itertools.pairwise(bars):
            self.assertEqual(other.first, one.last + DAY)
            if step is Step.WEEK:
                self.assertEqual(other.first.weekday(), 0)
            if step is Step.MONTH:
                self.assertEqual(other.first.day, 1)
        sums = summed(np.ones((length, 2), dtype=np.int64), bars)
        self.assertEqual(sums[:, 1].tolist(), [bar.days for bar in bars])

    def test_a_long_span_has_longer_bars(self) -> None:
        self.assertEqual([step_for(n) for n in (1, 91, 365, 1_200)], [*Step][:1] * 2 + [*Step][1:])
        week = Period(date(2026, 3, 2), date(2026, 3, 8))
        self.assertEqual(week.days, 7)
