"""The figures of reviews: how many, how long, on which days; drawing and table say the same."""

from datetime import timedelta

from flashcards.insight.review_statistics import CALENDAR_DAYS
from flashcards.insight.statistics import (
    Calendar,
    CalendarDay,
    Kinds,
    NewCards,
    NewCardsBar,
    ReviewBar,
    Reviews,
    Step,
)
from flashcards.web.pages import insight_reviews
from tests.flashcards.charts import drawn
from tests.flashcards.web.figure_case import TODAY, FigureTestCase, periods_until_today


class ReviewTests(FigureTestCase):
    def found(self, *days: Kinds, step: Step = Step.DAY) -> Reviews:
        bars = tuple(
            ReviewBar(period, kinds, Kinds(*(10 * n for n in _numbers(kinds))), "rated:1")
            for period, kinds in zip(periods_until_today(len(days), step), days, strict=True)
        )
        total = Kinds(*(sum(each) for each in zip(*map(_numbers, days), strict=True)))
        seconds = Kinds(*(10 * number for number in _numbers(total)))
        studied = sum(kinds.total > 0 for kinds in days)
        return Reviews(step, bars, total, seconds, len(days), studied)

    def test_reviews_by_kind(self) -> None:
        figure = insight_reviews.reviews(self.found(Kinds(2, 10, 1), Kinds(), Kinds(0, 5)))
        self.assertEqual(
            figure.sentence, "18 reviews on 2 of 3 days: about 9 on each day you studied."
        )
        self.assert_drawn_as_in_the_table(figure)
        assert figure.table is not None
        self.assertEqual(figure.table.heads, ("Day", "Review", "Relearning", "Learning", "All"))
        self.assertEqual(self.rows(figure)[0], ("Saturday, 28 November 2026", "10", "1", "2", "13"))
        first, empty, last = self.items(figure)
        self.assertEqual(len(first.shapes), 3)
        # A day without reviews leads nowhere.
        self.assertEqual((empty.url, empty.shapes), ("", ()))
        self.assertEqual(last.title, "Monday, 30 November 2026: 5 reviews")

    def test_time(self) -> None:
        figure = insight_reviews.time_spent(self.found(Kinds(0, 30), Kinds(0, 6)))
        self.assertEqual(
            figure.sentence,
            "6 minutes in all: 3 minutes on each day you studied, 10 seconds a card.",
        )
        self.assert_drawn_as_in_the_table(figure)
        self.assertEqual(self.rows(figure)[0], ("Sunday, 29 November 2026", "5 minutes", "30"))
        long = insight_reviews.time_spent(self.found(Kinds(0, 3_600)))
        self.assertIn("10", drawn.read(long.drawings[0]).labels)
        self.assertEqual([entry.name for entry in (*figure.key, *long.key)], ["Minutes", "Hours"])

    def test_nothing_reviewed(self) -> None:
        for figure in (insight_reviews.reviews, insight_reviews.time_spent):
            self.assertEqual(figure(self.found(Kinds())).drawings, ())

    def test_the_calendar_has_a_year_in_the_drawing_and_in_the_table(self) -> None:
        first = TODAY - timedelta(days=999)
        days = tuple(
            CalendarDay(
                first + timedelta(days=n), n % 5, 10.0 * (n % 5), "rated:1" if n % 5 else ""
            )
            for n in range(1_000)
        )
        found = Calendar(days, run=4, run_days_off=1, studied_days=800)
        figure = insight_reviews.calendar(found)
        self.assertEqual(
            figure.sentence,
            "You studied on 297 of the last 371 days; 4 days in a row at most. "
            "You have kept it up for 4 days, with 1 off in between.",
        )
        drawn_days = {item.title.split(":")[0]: item for item in self.items(figure)}
        self.assertEqual(len(drawn_days), 297)
        numbers = [int(value) for _, *values in self.rows(figure) for value in values if value]
        self.assertEqual(numbers, [day.answers for day in days[-CALENDAR_DAYS:]])
        self.assertEqual([entry.name for entry in figure.key], ["1", "2", "3", "4 or more"])
        self.assertEqual(figure.years, (2026, 2025, 2024))
        of_2025 = insight_reviews.calendar(found, 2025)
        self.assertEqual(
            of_2025.sentence, "You studied on 292 of 365 days in 2025; 4 days in a row at most."
        )
        self.assertEqual(len(self.items(of_2025)), 292)
        # A year in which nothing was done is none to choose.
        self.assertIsNone(insight_reviews.calendar(found, 1999).year)
        empty = Calendar(days[:1], 0, 0, 0)
        self.assertEqual(insight_reviews.calendar(empty).drawings, ())

    def test_new_cards_stand_beside_those_that_were_added(self) -> None:
        bars = tuple(
            NewCardsBar(period, 20, 5, "added:1", "introduced:1")
            for period in periods_until_today(2, Step.DAY)
        )
        figure = insight_reviews.new_cards(NewCards(Step.DAY, bars, 40, 10, 1, "is:new"))
        self.assertEqual(
            figure.sentence,
            "You added 40 cards and reviewed 10 cards for the first time. 1 new card is left.",
        )
        self.assert_drawn_as_in_the_table(figure)
        learnt, added = self.items(figure)[0].heights()
        self.assertAlmostEqual(added, 4 * learnt)


def _numbers(kinds: Kinds) -> tuple[float, ...]:
    return kinds.learn, kinds.review, kinds.relearn, kinds.cram
