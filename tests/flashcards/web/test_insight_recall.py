"""The figures of recall: what is told of it, and that drawing and table say the same."""

import random

from flashcards.insight.statistics import (
    Aim,
    Buttons,
    Forgetting,
    Hour,
    Hours,
    LapseBar,
    Recall,
    Retention,
    RetentionBar,
    Step,
)
from flashcards.web.pages import insight_recall
from flashcards.web.pages.insight_figure import Figure
from tests.flashcards.web.figure_case import FigureTestCase, periods_until_today

AIM = Aim(0.9, 0.9, 0.9)


class RetentionTests(FigureTestCase):
    def retention(self, young: Recall, mature: Recall, aim: Aim = AIM) -> Figure:
        bars = tuple(
            RetentionBar(period, young, mature, "rated:7", "rated:7:1")
            for period in periods_until_today(14, Step.WEEK)
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
                    Hour(
                        hour,
                        recalls.get(hour, Recall()).tested,
                        recalls.get(hour, Recall()),
                        f"rated:1@{hour}",
                    )
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
        table = self.hours(h23=(9, 8)).table
        assert table is not None
        self.assertEqual([row.url for row in table.rows[22:]], ["", "/cards/?q=rated%3A1%4023"])
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
            LapseBar(1, 1, Recall(100, 80), "returned:9@1"),
            LapseBar(2, 3, Recall(50, 35), "returned:9@2..3"),
            LapseBar(4, None, Recall(3, 1), "returned:9@4.."),
        )
        figure = insight_recall.forgetting(Forgetting(bars))
        assert figure.table is not None
        self.assertEqual(figure.table.rows[1].url, "/cards/?q=returned%3A9%402..3")
        self.assertEqual(
            figure.sentence,
            "Of 153 cards that you had forgotten, you recalled 76% the next time: 80% after 1 day, "
            "70% after 2 – 3 days.",
        )
        self.assert_drawn_as_in_the_table(figure)
        self.assertEqual(self.rows(figure)[2], ("4 days or more", "33% of 3"))
        self.assertEqual(insight_recall.forgetting(Forgetting(())).drawings, ())


def _times(recall: Recall, number: int) -> Recall:
    return Recall(recall.tested * number, recall.recalled * number)
