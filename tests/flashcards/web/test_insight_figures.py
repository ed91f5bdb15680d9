"""The figures of Insight: their sentences, and that drawing and table say the same."""

import random
from datetime import date, timedelta

from django.test import SimpleTestCase

from flashcards.insight.review_statistics import CALENDAR_DAYS
from flashcards.insight.spans import periods
from flashcards.insight.statistics import (
    Aim,
    Bar,
    Buttons,
    Calendar,
    CalendarDay,
    CardCounts,
    DueBar,
    Forgetting,
    FutureDue,
    Histogram,
    Hour,
    Hours,
    Kinds,
    Known,
    LapseBar,
    NewCards,
    NewCardsBar,
    Period,
    Recall,
    Retention,
    RetentionBar,
    ReviewBar,
    Reviews,
    Step,
)
from flashcards.web.pages import insight_cards, insight_recall, insight_reviews
from flashcards.web.pages.insight_figure import Figure, period_labels, period_words
from tests.flashcards.charts import drawn
from tests.flashcards.charts.drawn import Item

TODAY = date(2026, 11, 30)
AIM = Aim(0.9, 0.9, 0.9)


def _periods(days: int, step: Step) -> tuple[Period, ...]:
    return periods(TODAY - timedelta(days=days - 1), TODAY, step)


class FigureTestCase(SimpleTestCase):
    def items(self, figure: Figure) -> list[Item]:
        return [item for drawing in figure.drawings for item in drawn.read(drawing).items]

    def rows(self, figure: Figure) -> list[tuple[str, ...]]:
        assert figure.table is not None
        for row in figure.table.rows:
            self.assertEqual(len(row.values) + 1, len(figure.table.heads))
        return [(row.name, *row.values) for row in figure.table.rows]

    def assert_drawn_as_in_the_table(self, figure: Figure) -> None:
        """Each row is an item of the drawing: its name and its numbers, and where it leads."""
        assert figure.table is not None
        items = self.items(figure)
        self.assertEqual(len(items), len(figure.table.rows))
        for item, row in zip(items, figure.table.rows, strict=True):
            self.assertTrue(item.title.startswith(row.name), item.title)
            self.assertEqual(item.url, row.url)


class RetentionTests(FigureTestCase):
    def retention(self, young: Recall, mature: Recall, aim: Aim = AIM) -> Figure:
        bars = tuple(
            RetentionBar(period, young, mature, "rated:7", "rated:7:1")
            for period in _periods(14, Step.WEEK)
        )
        return insight_recall.retention(
            Retention(Step.WEEK, bars, _times(young, len(bars)), _times(mature, len(bars)), aim)
        )

    def test_what_is_more_than_chance_is_compared_with_the_aim(self) -> None:
        for young, mature, said in (
            (Recall(500, 400), Recall(500, 450), "85% of 3,000 cards that came back, less than"),
            (Recall(500, 500), Recall(500, 480), "98% of 3,000 cards that came back, more than"),
            (Recall(100, 89), Recall(100, 91), "90% of 600 cards that came back, about the 90%"),
            (Recall(3, 1), Recall(0, 0), "33% of 9 cards that came back; you aim for 90%."),
        ):
            self.assertIn(said, self.retention(young, mature).sentence)

    def test_drawing_and_table_agree(self) -> None:
        figure = self.retention(Recall(50, 40), Recall(80, 76))
        self.assert_drawn_as_in_the_table(figure)
        self.assertEqual(
            self.rows(figure)[-1], ("Monday, 30 November 2026", "95% of 80", "80% of 50")
        )
        self.assertEqual(
            self.items(figure)[-1].title,
            "Monday, 30 November 2026\nMature: 95% of 80\nYoung: 80% of 50",
        )
        self.assertIn("of mature cards it was 95%, of young ones 80%.", figure.sentence.lower())

    def test_what_nothing_stands_on_is_no_point(self) -> None:
        figure = self.retention(Recall(4, 4), Recall(80, 76))
        circles = [each for each in self.items(figure)[0].shapes if "cx" in each]
        self.assertEqual([each["class"] for each in circles], ["chart-dot chart-dot--1"])

    def test_without_a_test_there_is_no_drawing(self) -> None:
        figure = self.retention(Recall(), Recall())
        self.assertEqual(figure.drawings, ())
        self.assertIn("nothing to measure", figure.sentence)


class RecallTests(FigureTestCase):
    def hours(self, **tested: tuple[int, int]) -> Figure:
        recalls = {int(name[1:]): Recall(*numbers) for name, numbers in tested.items()}
        return insight_recall.hours(
            Hours(
                tuple(
                    Hour(hour, recalls.get(hour, Recall()).tested, recalls.get(hour, Recall()))
                    for hour in range(24)
                )
            )
        )

    def test_hours_are_told_apart_only_where_it_is_more_than_chance(self) -> None:
        told = self.hours(h9=(400, 380), h22=(400, 300)).sentence
        self.assertEqual(
            told,
            "You remember best from 09:00 to 10:00 (95%), and least from 22:00 to 23:00 (75%).",
        )
        self.assertEqual(
            self.hours(h9=(40, 36), h22=(40, 34)).sentence,
            "No hour stands out: from 85% to 90%, which chance alone explains.",
        )
        self.assertIn("between 23:00 and 00:00", self.hours(h23=(9, 8)).sentence)
        self.assertEqual(self.hours().drawings, ())

    def test_one_hour_may_stand_out_alone(self) -> None:
        alike = {f"h{hour}": (300, 264) for hour in range(10, 20)}
        self.assertEqual(
            self.hours(**alike, h9=(300, 288)).sentence,
            "You remember best from 09:00 to 10:00 (96%); at all other hours together it is 88%.",
        )
        self.assertEqual(
            self.hours(**alike, h20=(300, 237)).sentence,
            "You remember least from 20:00 to 21:00 (79%); at all other hours together it is 88%.",
        )

    def test_hours_that_are_all_alike_are_seldom_told_apart(self) -> None:
        draw, told = random.Random(5), 0
        for _ in range(50):
            alike = {
                f"h{hour}": (60, sum(draw.random() < 0.9 for _ in range(60))) for hour in range(24)
            }
            told += "No hour stands out" not in self.hours(**alike).sentence
        # The best and the worst are tested, each at the level of one in twenty.
        self.assertLessEqual(told, 8)

    def test_every_hour_is_drawn_and_in_the_table(self) -> None:
        figure = self.hours(h9=(400, 380), h22=(400, 300))
        self.assert_drawn_as_in_the_table(figure)
        self.assertIn(("22:00 – 23:00", "400", "75% of 400"), self.rows(figure))

    def test_buttons_are_shares_of_each_kind_of_card(self) -> None:
        searches = ("rated:30:1", "rated:30:2", "rated:30:3", "rated:30:4")
        figure = insight_recall.buttons(
            Buttons((10, 0, 30, 0), (0, 0, 0, 0), (5, 5, 85, 5), searches)
        )
        self.assertEqual(
            figure.sentence, "For known cards you mostly pressed Good (85%); Again for 5% of them."
        )
        self.assertEqual(
            self.rows(figure),
            [
                ("Learning", "10 (25%)", "0 (0%)", "30 (75%)", "0 (0%)"),
                ("Mature", "5 (5%)", "5 (5%)", "85 (85%)", "5 (5%)"),
            ],
        )
        items = self.items(figure)
        self.assertEqual(
            [item.title for item in items][:3],
            ["Learning, Again: 10 of 40, 25%", "Learning, Good: 30 of 40, 75%",
             "Mature, Again: 5 of 100, 5%"],
        )  # fmt: skip
        self.assertEqual(items[0].url, "/cards/?q=rated%3A30%3A1")
        nothing = (0, 0, 0, 0)
        none = insight_recall.buttons(Buttons(nothing, nothing, nothing, searches))
        self.assertEqual(none.drawings, ())

    def test_after_a_lapse(self) -> None:
        bars = (
            LapseBar(1, 1, Recall(100, 80)),
            LapseBar(2, 3, Recall(50, 35)),
            LapseBar(4, None, Recall(3, 1)),
        )
        figure = insight_recall.forgetting(Forgetting(bars))
        self.assertEqual(
            figure.sentence,
            "Of 153 cards that you had forgotten, you recalled 76% the next time: 80% after 1 day, "
            "70% after 2 – 3 days.",
        )
        self.assert_drawn_as_in_the_table(figure)
        self.assertEqual(self.rows(figure)[2], ("4 days or more", "33% of 3"))
        self.assertEqual(insight_recall.forgetting(Forgetting(())).drawings, ())


class ReviewTests(FigureTestCase):
    def found(self, *days: Kinds, step: Step = Step.DAY) -> Reviews:
        bars = tuple(
            ReviewBar(period, kinds, Kinds(*(10 * n for n in _numbers(kinds))), "rated:1")
            for period, kinds in zip(_periods(len(days), step), days, strict=True)
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
            for period in _periods(2, Step.DAY)
        )
        figure = insight_reviews.new_cards(NewCards(Step.DAY, bars, 40, 10, 1, "is:new"))
        self.assertEqual(
            figure.sentence,
            "You added 40 cards and reviewed 10 cards for the first time. 1 new card is left.",
        )
        self.assert_drawn_as_in_the_table(figure)
        learnt, added = self.items(figure)[0].heights()
        self.assertAlmostEqual(added, 4 * learnt)


class CardTests(FigureTestCase):
    def due(self, *numbers: tuple[int, int], backlog: int = 0) -> Figure:
        bars = tuple(
            DueBar(Period(day, day), cards, mature, f"prop:due={n}")
            for n, (cards, mature) in enumerate(numbers)
            for day in (TODAY + timedelta(days=n),)
        )
        return insight_cards.future_due(
            FutureDue(Step.DAY, bars, backlog, "prop:due<0", later=3, days=len(bars))
        )

    def test_what_is_coming_with_what_is_overdue(self) -> None:
        figure = self.due((4, 1), (20, 20), (0, 0), backlog=30)
        self.assertEqual(
            figure.sentence,
            "24 cards fall due in the next 3 days, about 8 a day; most on Tuesday, 1 December "
            "(20). 30 are overdue.",
        )
        self.assert_drawn_as_in_the_table(figure)
        self.assertEqual(self.rows(figure)[0], ("Overdue", "", "", "30"))
        self.assertEqual(self.rows(figure)[1], ("Monday, 30 November 2026", "1", "3", "4"))

    def test_a_backlog_that_would_hide_the_rest_is_told_and_in_the_table_only(self) -> None:
        figure = self.due((4, 1), (20, 20), backlog=5_000)
        self.assertIn("5,000 are overdue.", figure.sentence)
        self.assertEqual((len(self.items(figure)), len(self.rows(figure))), (2, 3))

    def test_nothing_is_coming(self) -> None:
        figure = self.due((0, 0))
        self.assertEqual(figure.sentence, "Nothing falls due in this time. 3 cards come later.")

    def test_what_is_known_now(self) -> None:
        searches = {
            name: f"is:{name}"
            for name in ("new", "learning", "relearning", "young", "mature", "suspended", "buried")
        }
        counts = CardCounts(400, 10, 5, 500, 1_085, 3, 0, searches)
        figure = insight_cards.sorts(counts, Known(1_240.4, 1_600, 2_000, 24.6))
        self.assertEqual(
            figure.sentence,
            "You would recall about 1,240 of the 1,600 cards that you have studied, "
            "give or take 25.",
        )
        self.assertEqual(self.rows(figure)[0], ("Mature", "1,085", "54%"))
        self.assertEqual(self.rows(figure)[-1], ("Suspended", "3", ""))
        self.assertEqual(len(self.items(figure)), 5)
        none = insight_cards.sorts(CardCounts(0, 0, 0, 0, 0, 0, 0, searches), Known(0, 0, 0, 0))
        self.assertEqual(none.drawings, ())

    def test_histograms_say_what_half_of_the_cards_have(self) -> None:
        bars = (Bar(0, 1, 2, "a"), Bar(3, 5, 0, "b"), Bar(7300, None, 4, "c"))
        found = Histogram(bars, 6, 40.0, 20.0)
        for figure, said in (
            (
                insight_cards.intervals(found),
                "Half of your cards come back after 20 days or later.",
            ),
            (insight_cards.stabilities(found), "Half of your cards hold for 20 days or longer"),
        ):
            self.assertIn(said, figure.sentence)
            self.assert_drawn_as_in_the_table(figure)
            self.assertEqual(
                self.rows(figure),
                [("less than a day", "2"), ("3 – 4 days", "0"), ("20 years or more", "4")],
            )
            self.assertEqual([bool(item.url) for item in self.items(figure)], [True, False, True])
        self.assertEqual(insight_cards.intervals(Histogram((), 0, None, None)).drawings, ())

    def test_chances_and_difficulties(self) -> None:
        chances = Histogram((Bar(0.65, 0.7, 2, "a"), Bar(0.95, 1.0, 8, "b")), 10, 0.91, 0.97)
        self.assertEqual(
            insight_cards.retrievabilities(chances).sentence,
            "The chance that you recall a card now is 91% on average; for 2 cards it is below 70%.",
        )
        hard = Histogram((Bar(2, 3, 2, "a"), Bar(9, 10, 1, "b")), 3, 4.33, 2.0)
        self.assertEqual(
            insight_cards.difficulties(hard).sentence,
            "On a scale from 1 to 10 your cards are at 4.3 on average; 1 card is hard, 8 or more.",
        )
        self.assert_drawn_as_in_the_table(insight_cards.difficulties(hard))


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
            labels = period_labels(_periods(days, step), step)
            self.assertEqual([label for label in labels if label], said, (days, step))
        self.assertEqual(period_labels([], Step.DAY), [])


def _times(recall: Recall, number: int) -> Recall:
    return Recall(recall.tested * number, recall.recalled * number)


def _numbers(kinds: Kinds) -> tuple[float, ...]:
    return kinds.learn, kinds.review, kinds.relearn, kinds.cram
