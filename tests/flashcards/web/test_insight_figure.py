"""How the figures of Insight name the periods that they show."""

from datetime import date

from django.test import SimpleTestCase

from flashcards.insight.statistics import Period, Step
from flashcards.web.pages.insight_figure import period_labels, period_words
from tests.flashcards.web.figure_case import TODAY, periods_until_today


class PeriodTests(SimpleTestCase):
    def test_a_period_is_said_as_people_say_it(self) -> None:
        for step, first, last, said in (
            (Step.DAY, TODAY, TODAY, "Monday, 30 November 2026"),
            (Step.WEEK, date(2026, 11, 2), date(2026, 11, 8), "2 – 8 November 2026"),
            (Step.WEEK, date(2026, 11, 30), date(2026, 12, 6), "30 November – 6 December 2026"),
            (Step.WEEK, date(2026, 12, 28), date(2027, 1, 3), "28 December 2026 – 3 January 2027"),
            (Step.MONTH, date(2026, 11, 1), date(2026, 11, 30), "November 2026"),
        ):
            self.assertEqual(period_words(Period(first, last), step), said)

    def test_labels_are_mondays_or_months_or_years(self) -> None:
        for days, step, said in (
            (30, Step.DAY, ["2 Nov", "9 Nov", "16 Nov", "23 Nov", "30 Nov"]),
            (91, Step.DAY, ["Sep", "Oct", "Nov"]),
            (91, Step.WEEK, ["Sep", "Oct", "Nov"]),
            (340, Step.MONTH, ["2026", *(f"{date(2026, month, 1):%b}" for month in range(2, 12))]),
        ):
            labels = period_labels(periods_until_today(days, step), step)
            self.assertEqual([label for label in labels if label], said, (days, step))
        self.assertEqual(period_labels([], Step.DAY), [])
