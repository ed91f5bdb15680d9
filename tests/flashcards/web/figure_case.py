"""What tests of Insight's figures share: a drawing and a table are read back and compared."""

from datetime import date, timedelta

from django.test import SimpleTestCase

from flashcards.insight.spans import periods
from flashcards.insight.statistics import Period, Step
from flashcards.web.pages.insight_figure import Figure
from tests.flashcards.charts import drawn
from tests.flashcards.charts.drawn import Item

TODAY = date(2026, 11, 30)


def periods_until_today(days: int, step: Step) -> tuple[Period, ...]:
    """Return the periods of the last days, today included."""
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
