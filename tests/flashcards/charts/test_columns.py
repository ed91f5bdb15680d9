"""Charts of columns: round numbers at the axis, and drawings without a style of their own."""

from xml.etree import ElementTree

from django.test import SimpleTestCase

from flashcards.charts import columns
from flashcards.charts.columns import Column


class ChartTests(SimpleTestCase):
    def test_axes_are_marked_with_round_numbers(self) -> None:
        for most, expected in (
            (0, [0, 1, 2]),
            (3, [0, 1, 2, 3]),
            (7, [0, 2, 4, 6, 8]),
            (81, [0, 50, 100]),
            (1_200, [0, 500, 1000, 1500]),
        ):
            self.assertEqual(columns.ticks(most), expected)

    def test_the_drawing_is_well_formed_and_has_no_style_or_script(self) -> None:
        data = [Column(f"{n}", n, f"<day {n}>", apart=n // 2) for n in range(90)]
        for drawing in columns.columns(data, sentence='A "sentence" <b>'):
            root = ElementTree.fromstring(drawing)
            self.assertEqual(
                (root.get("role"), root.get("aria-label")), ("img", 'A "sentence" <b>')
            )
            bars = [each for each in root.iter() if each.tag.endswith("rect")]
            self.assertEqual(len(bars), 89 + 88)
            labels = [each for each in root.iter() if each.get("class") == "chart-label"]
            self.assertLess(len(labels), 20)
            for element in root.iter():
                self.assertFalse({"style", "fill", "stroke"} & set(element.keys()))
