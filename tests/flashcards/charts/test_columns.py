"""Columns: round numbers at the axis, each part as high as its number, words that are escaped."""

from django.test import SimpleTestCase

from flashcards.charts import columns, parts
from flashcards.charts.columns import Column
from tests.flashcards.charts import drawn


class ColumnsTests(SimpleTestCase):
    def test_axes_are_marked_with_round_numbers(self) -> None:
        for most, expected in (
            (0, [0, 1, 2]),
            (3, [0, 1, 2, 3]),
            (3.2, [0, 1, 2, 3, 4]),
            (7, [0, 2, 4, 6, 8]),
            (81, [0, 50, 100]),
            (1_200, [0, 500, 1000, 1500]),
        ):
            self.assertEqual(parts.ticks(most), expected)

    def test_each_part_is_as_high_as_its_number(self) -> None:
        data = [Column("a", (10, 30), "a"), Column("b", (0, 20), "b"), Column("c", (0, 0), "c")]
        found = drawn.read(columns.columns(data, name="Cards", kinds=("2", "1")))
        plot = parts.HEIGHT - parts.BOTTOM - parts.TOP
        first, second, third = found.items
        # 40 is the highest mark. A seam of a pixel is between two parts.
        self.assertEqual(first.heights(), [plot / 4, plot * 3 / 4 - 1])
        self.assertEqual(second.heights(), [plot / 2])
        self.assertEqual(third.shapes, ())
        self.assertIn("chart-bar--2", first.shapes[0]["class"])

    def test_what_is_small_beside_the_rest_can_be_seen(self) -> None:
        data = [Column("", (1, 1), "two"), Column("", (0, 10_000), "many")]
        heights = drawn.read(columns.columns(data, name="n", kinds=("1", "2"))).items[0].heights()
        self.assertTrue(all(height >= 0 for height in heights))

    def test_words_are_escaped_and_the_label_is_the_name(self) -> None:
        data = [Column("<a>", (1,), '<day> "1"', '/cards/?q="x"&order=a')]
        found = drawn.read(columns.columns(data, name='A "name" <b>'))
        self.assertEqual(
            (found.root.get("role"), found.root.get("aria-label")), ("group", 'A "name" <b>')
        )
        self.assertEqual(found.items[0].title, '<day> "1"')
        self.assertEqual(found.items[0].url, '/cards/?q="x"&order=a')
        self.assertIn("<a>", found.labels)

    def test_of_the_items_one_is_a_stop_of_the_tab_key(self) -> None:
        data = [Column("", (n,), f"{n}") for n in range(5)]
        found = drawn.read(columns.columns(data, name="n"))
        self.assertEqual([each.tabindex for each in found.items], ["0", "-1", "-1", "-1", "-1"])

    def test_labels_stand_apart_and_a_phone_shows_fewer(self) -> None:
        data = [Column(f"{n}", (n,), f"{n}") for n in range(90)]
        drawing = columns.columns(data, name="n")
        found = drawn.read(drawing)
        below = [each for each in found.labels if each not in ("100", "50")]
        self.assertLessEqual(len(below), 9)
        self.assertGreaterEqual(drawing.count("chart-label--more"), 3)
        week = [Column(day, (1,), day) for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")]
        self.assertNotIn("chart-label--more", columns.columns(week, name="n"))

    def test_without_columns_there_are_axes(self) -> None:
        self.assertEqual(drawn.read(columns.columns([], name="n")).items, ())
