"""Shares: each bar is as long as the others, and cut by the numbers."""

from django.test import SimpleTestCase

from flashcards.charts import shares
from flashcards.charts.shares import Part, Whole
from tests.flashcards.charts import drawn


def _whole(label: str, *numbers: int) -> Whole:
    kinds = ("again", "hard", "good", "easy")
    return Whole(
        label,
        tuple(
            Part(kind, kind.title(), number, f"{kind}: {number}", f"/{kind}/")
            for kind, number in zip(kinds, numbers, strict=True)
        ),
    )


class SharesTests(SimpleTestCase):
    def test_parts_are_as_wide_as_their_share_and_say_it_where_there_is_room(self) -> None:
        found = drawn.read(
            shares.shares([_whole("Young <1>", 5, 10, 80, 5), _whole("New", 0, 0, 0, 0)], name="n")
        )
        widths = [each.shapes[0]["width"] for each in found.items]
        self.assertEqual(widths, ["5.0%", "10.0%", "80.0%", "5.0%"])
        self.assertEqual(found.labels, ("Young <1>", "Good 80%", "New"))
        self.assertEqual([each.tabindex for each in found.items], ["0", "-1", "-1", "-1"])

    def test_one_stop_for_all_bars(self) -> None:
        found = drawn.read(
            shares.shares([_whole("a", 0, 1, 1, 0), _whole("b", 1, 1, 1, 1)], name="n")
        )
        self.assertEqual([each.tabindex for each in found.items].count("0"), 1)
