"""The figures of cards: what is coming and what is known; drawing and table say the same."""

from datetime import timedelta

from flashcards.insight.statistics import (
    Bar,
    CardCounts,
    DueBar,
    FutureDue,
    Histogram,
    Known,
    Period,
    Step,
)
from flashcards.web.pages import insight_cards
from flashcards.web.pages.insight_figure import Figure
from tests.flashcards.web.figure_case import TODAY, FigureTestCase


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
