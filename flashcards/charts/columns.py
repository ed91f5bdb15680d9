"""Columns: how many of several kinds at each place along an axis, stacked or side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import svg
from django.utils.safestring import SafeString

from flashcards.charts import parts
from flashcards.charts.parts import Plot, Scale

# What a column leaves free of its place, and between its parts, in pixels.
_GAP_SHARE = 0.25
_SEAM = 1.0
_MOST_WIDTH_SHARE = 0.09


@dataclass(frozen=True)
class Column:
    """One column: the label below it, its parts from the foot up, and the same in words."""

    # Blank where nothing is written.
    label: str
    numbers: tuple[float, ...]
    title: str
    # Where it leads to.
    url: str = ""

    @property
    def total(self) -> float:
        return sum(self.numbers)


def columns(
    data: Sequence[Column],
    *,
    name: str,
    kinds: Sequence[str] = ("1",),
    scale: Scale | None = None,
    beside: bool = False,
) -> SafeString:
    """Return the drawing. `kinds` are the classes of a column's parts, from the foot up.

    With `beside` the parts stand side by side: they are no parts of one whole.
    """
    if scale is None:
        most = (max(each.numbers, default=0) if beside else each.total for each in data)
        scale = parts.counted(max(most, default=0))
    plot = Plot(scale)
    draw = _side_by_side if beside else _stacked
    items = [
        parts.item(
            each.title,
            each.url,
            [
                parts.band(place, len(data), top=parts.TOP, height=plot.floor - parts.TOP),
                *draw(each, place, len(data), kinds, plot),
            ],
            is_first=place == 0,
        )
        for place, each in enumerate(data)
    ]
    labels = parts.labels([each.label for each in data], plot.height - 8)
    return parts.frame(
        [*parts.grid(plot), *items, *labels], height=plot.height, name=name, kind="columns"
    )


def _stacked(each: Column, place: int, places: int, kinds: Sequence[str], plot: Plot) -> list[Any]:
    width = min(_MOST_WIDTH_SHARE, (1 - _GAP_SHARE) / places)
    x = (place + 0.5) / places - width / 2
    elements: list[Any] = []
    below = 0.0
    for number, kind in zip(each.numbers, kinds, strict=True):
        if number <= 0:
            continue
        foot, head = plot.y(below), plot.y(below + number)
        # A seam where there is something below; never so that nothing is left.
        foot -= min(_SEAM, (foot - head) / 2) if below else 0
        elements.append(_bar(x, width, foot, head, kind))
        below += number
    return elements


def _side_by_side(
    each: Column, place: int, places: int, kinds: Sequence[str], plot: Plot
) -> list[Any]:
    width = min(_MOST_WIDTH_SHARE, (1 - _GAP_SHARE) / places)
    x, width = (place + 0.5) / places - width / 2, width / len(kinds)
    return [
        _bar(x + width * number, width, plot.floor, plot.y(value), kind)
        for number, (value, kind) in enumerate(zip(each.numbers, kinds, strict=True))
        if value > 0
    ]


def _bar(x: float, width: float, foot: float, head: float, kind: str) -> svg.Rect:
    return svg.Rect(
        x=parts.percent(x),
        y=head,
        width=parts.percent(width),
        height=round(foot - head, 1),
        class_=["chart-bar", f"chart-bar--{kind}"],
    )
