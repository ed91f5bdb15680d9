"""The calendar: each day once, darker the more, in halves of a year."""

from datetime import date, timedelta

from django.test import SimpleTestCase

from flashcards.charts import heatmap
from flashcards.charts.heatmap import HeatDay
from tests.flashcards.charts import drawn

MONDAY = date(2025, 12, 1)


def _days(*numbers: int) -> list[HeatDay]:
    return [
        HeatDay(MONDAY + timedelta(days=n), number, f"day {n}: {number}", f"/{n}/")
        for n, number in enumerate(numbers)
    ]


class HeatmapTests(SimpleTestCase):
    def test_levels_have_a_quarter_of_the_days_each(self) -> None:
        bounds = heatmap.level_bounds([0, 1, 2, 3, 4, 5, 6, 7, 80])
        self.assertEqual(bounds, (1, 3, 5, 7))
        levels = [heatmap.level(number, bounds) for number in (0, 1, 2, 3, 6, 7, 80)]
        self.assertEqual(levels, [0, 1, 1, 2, 3, 4, 4])

    def test_days_alike_are_all_at_the_highest_level(self) -> None:
        bounds = heatmap.level_bounds([5, 5, 5])
        self.assertEqual([heatmap.level(number, bounds) for number in (0, 5)], [0, 4])
        self.assertEqual(heatmap.level_bounds([0, 0]), ())
        self.assertEqual(heatmap.level(0, ()), 0)

    def test_a_year_is_drawn_in_halves_and_every_day_with_reviews_is_in_one(self) -> None:
        halves = [drawn.read(each) for each in heatmap.heatmap(_days(*range(371)), name="Days")]
        self.assertEqual(len(halves), 2)
        titles = [item.title for half in halves for item in half.items]
        self.assertEqual(titles, [f"day {n}: {n}" for n in range(1, 371)])
        stops = [item.tabindex for half in halves for item in half.items]
        self.assertEqual(stops.count("0"), 1)
        self.assertIn("Jan", halves[0].labels)
        self.assertEqual(halves[0].root.get("viewBox"), halves[1].root.get("viewBox"))

    def test_a_day_stands_in_the_row_of_its_weekday(self) -> None:
        (half,) = heatmap.heatmap(_days(1, 0, 1, *[0] * 5, 1), name="Days")
        paths = [item.shapes[0]["d"] for item in drawn.read(half).items]
        places = [tuple(int(each) for each in path.split()[1:3]) for path in paths]
        (x, y), second, third = places
        self.assertEqual(second, (x, y + 24))
        self.assertEqual(third, (x + 12, y + 12))

    def test_the_first_and_the_last_week_may_be_short(self) -> None:
        days = [HeatDay(MONDAY + timedelta(days=n), 1, f"{n}") for n in range(5, 15)]
        self.assertEqual(len(drawn.read(heatmap.heatmap(days, name="n")[0]).items), 10)
        self.assertEqual(heatmap.heatmap([], name="n"), ())
