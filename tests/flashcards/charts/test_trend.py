"""Trends: points at the height of their values, gaps where there is none, what they stand on."""

from typing import Any

import pytest
from django.test import SimpleTestCase

from flashcards.charts import parts, trend
from flashcards.charts.trend import Point
from tests.flashcards.charts import drawn

SCALE = parts.Scale((0.0, 0.5, 1.0), lambda share: f"{share:.0%}")


def _courses(found: drawn.Drawn, name: str) -> list[str]:
    return [each.get("points", "") for each in found.root.iter() if drawn.name_of(each) == name]


class TrendTests(SimpleTestCase):
    def draw(self, *data: Point, kinds: tuple[str, ...] = ("1",), **options: Any) -> drawn.Drawn:
        drawing = trend.trend(data, name="Recall", kinds=kinds, scale=SCALE, **options)
        return drawn.read(drawing)

    def test_a_point_stands_at_the_height_of_its_value(self) -> None:
        found = self.draw(*(Point("", (value,), f"{value}") for value in (0.0, 0.5, 1.0, 2.0)))
        floor = parts.HEIGHT - parts.BOTTOM
        tops = [float(each.shapes[0]["cy"]) for each in found.items]
        middle = floor - (floor - parts.TOP) / 2
        self.assertEqual(tops, [floor, middle, parts.TOP, parts.TOP])
        (course,) = _courses(found, "polyline")
        self.assertEqual(course, "12.5 100.0 37.5 50.0 62.5 0.0 87.5 0.0")

    def test_a_line_ends_where_there_is_no_value(self) -> None:
        found = self.draw(*(Point("", (value,), "") for value in (0.5, 0.5, None, 1.0)))
        self.assertEqual(len(_courses(found, "polyline")), 2)
        self.assertEqual(found.items[2].shapes, ())

    def test_of_many_points_only_those_without_a_line_are_dots(self) -> None:
        values = [0.5] * 60 + [None, 0.75, None] + [0.5] * 60
        found = self.draw(*(Point("", (value,), "") for value in values))
        dots = [place for place, each in enumerate(found.items) if each.shapes]
        self.assertEqual(dots, [61])

    def test_the_strip_says_how_much_a_point_stands_on(self) -> None:
        found = self.draw(Point("", (0.5,), "", weight=50), Point("", (0.5,), "", weight=100))
        heights = [each.heights()[0] for each in found.items]
        self.assertEqual(heights[1], 2 * heights[0])

    def test_a_band_and_an_aim_are_drawn_behind(self) -> None:
        found = self.draw(Point("", (0.5,), "", between=(0.25, 0.75)), aim=0.9)
        self.assertEqual(_courses(found, "polygon"), ["50.0 75.0 50.0 25.0"])
        self.assertTrue(any(each.get("class") == "chart-aim" for each in found.root.iter()))

    def test_shares_have_an_axis_from_below_the_least_to_all(self) -> None:
        for shares, marks in (
            ([0.9], (0.7, 0.8, 0.9, 1.0)),
            ([0.62, 0.9], (0.6, 0.7, 0.8, 0.9, 1.0)),
            ([0.31], (0.2, 0.4, 0.6, 0.8, 1.0)),
            ([0.0], (0.0, 0.25, 0.5, 0.75, 1.0)),
            ([], (0.7, 0.8, 0.9, 1.0)),
        ):
            self.assertEqual(parts.percents(shares).marks, marks)


def test_each_course_may_have_a_band() -> None:
    points = [
        Point("", (1.0, 2.0), "", between=(0.5, 1.5), others_between=((1.0, 3.0),)),
        Point("", (1.0, 2.0), "", between=(0.5, 1.5), others_between=((1.0, 3.0),)),
    ]
    drawn = trend.trend(points, name="", kinds=("1", "2"), scale=parts.counted(3))
    assert drawn.count("<polygon") == 2
    assert "chart-band--1" in drawn
    assert "chart-band--2" in drawn


@pytest.mark.parametrize(("low", "high"), [(0, 0), (283, 287), (9_400, 9_460), (3, 250), (0, 1)])
def test_a_scale_far_from_zero_holds_all_numbers_in_few_round_marks(
    low: float, high: float
) -> None:
    marks = parts.spanning(low, high).marks
    assert marks[0] <= low
    assert high <= marks[-1]
    assert 2 <= len(marks) <= 8
    assert marks[0] >= 0
    assert marks[-1] - marks[0] >= high / 11
