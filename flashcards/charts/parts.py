"""What every chart is put together from: its frame, its axes, and the items one moves between.

A drawing is as wide as its place: along the width all is in percent, along the height in pixels, so
that words keep their size. It has no colour, style or script: classes carry the look, as in
forgetting_curve.py, and charts.js adds tooltips and the arrow keys to `.chart-item`s.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import svg
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

HEIGHT, TOP, BOTTOM = 200, 12, 28
# The least distance of two labels below a chart, and how much room there is for all: in half of a
# page, and on a small phone.
_LABEL_WIDTH = 54
_WIDE, _NARROW = 400, 230


@dataclass(frozen=True)
class Scale:
    """The axis of a chart: its marks from the lowest to the highest, and how they are written."""

    marks: tuple[float, ...]
    words: Callable[[float], str]

    def share(self, number: float) -> float:
        """Return where on the axis a number stands, 0 to 1; what is beyond it at its end."""
        low, high = self.marks[0], self.marks[-1]
        return min(1.0, max(0.0, (number - low) / (high - low)))


@dataclass(frozen=True)
class Plot:
    """Where things stand along the height of a drawing, in pixels."""

    scale: Scale
    height: int = HEIGHT
    bottom: int = BOTTOM

    @property
    def floor(self) -> int:
        return self.height - self.bottom

    def y(self, number: float) -> float:
        return round(self.floor - self.scale.share(number) * (self.floor - TOP), 1)


def ticks(most: float) -> list[int]:
    """Return 0 and two to four round numbers, the last at or above `most`."""
    if most <= 4:
        return list(range(max(2, math.ceil(most)) + 1))
    step = _round(most / 4)
    return [int(step * n) for n in range(math.ceil(most / step) + 1)]


def counted(most: float, unit: str = "") -> Scale:
    """Return the scale of numbers from 0 to `most`, each written with its unit."""
    return Scale(tuple(ticks(most)), lambda number: f"{number:,.0f}{unit}")


def spanning(low: float, high: float) -> Scale:
    """Return the scale of numbers that may lie far from 0, from below the least to above the most.

    It spans a tenth of the most at least, so that small differences look small.
    """
    rough = max(high - low, abs(high) / 10, 1.0) / 4
    step = _round(rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    while (last - first) * step < 4 * rough:
        first, last = max(first - 1, min(first, 0)), last + (first <= 0)
    marks = tuple(float(step * n) for n in range(first, last + 1))
    return Scale(marks, lambda number: f"{number:,.0f}")


def _round(least: float) -> float:
    """Return the first of 1, 2, 5, 10, 20, 50 … that is as large."""
    power: float = 10 ** math.floor(math.log10(least))
    return next(size * power for size in (1, 2, 5, 10) if size * power >= least)


def percents(shares: Sequence[float], *, highest: float = 0.7) -> Scale:
    """Return the scale of shares from below the least, at most `highest`, to 100%."""
    low = min([highest, *(math.floor(share * 10) / 10 for share in shares)])
    step = next(step for step in (0.05, 0.1, 0.2, 0.25, 0.5) if (1 - low) / step <= 4.01)
    steps = math.ceil(round((1 - low) / step, 6))
    marks = sorted(round(1 - step * n, 2) for n in range(steps + 1))
    return Scale(tuple(max(0.0, mark) for mark in marks), lambda share: f"{share:.0%}")


def percent(share: float) -> svg.Length:
    """Return a share of the drawing's width."""
    return svg.Length(round(100 * share, 2), "%")


def frame(elements: Sequence[Any], *, height: int, name: str, kind: str) -> SafeString:
    """Return the drawing as SVG; `name` says what it is to who does not see it."""
    drawing = svg.SVG(
        height=height,
        class_=["chart", f"chart--{kind}"],
        extra={"role": "group", "aria-label": escape(name)},
        elements=list(elements),
    )
    return marked_safe(drawing)


def marked_safe(drawing: svg.SVG) -> SafeString:
    """Return a drawing as text that is safe to show."""
    # Made of numbers, and of words that are escaped where they are put in.
    return mark_safe(drawing.as_str())  # noqa: S308 - see above


def grid(plot: Plot) -> list[Any]:
    """Return a line for each mark of the axis, with its number."""
    elements: list[Any] = []
    for mark in plot.scale.marks:
        y = plot.y(mark)
        full = svg.Length(100, "%")
        elements.append(svg.Line(x1=0, x2=full, y1=y, y2=y, class_=["chart-grid"]))
        elements.append(text(-8, y + 4, plot.scale.words(mark), "end"))
    return elements


def labels(words: Sequence[str], y: float) -> list[Any]:
    """Return the labels below places of equal width, as many as there is room for.

    Those that a narrow place has no room for are marked as `chart-label--more`.
    """
    number = max(1, len(words))
    middles = [(place + 0.5) / number for place, word in enumerate(words) if word]
    said = [word for word in words if word]
    # Of a week each day has its label, which is short.
    few = number <= 8
    wide = range(len(said)) if few else _apart(middles, _LABEL_WIDTH / _WIDE)
    narrow = set(wide if few else _apart(middles, _LABEL_WIDTH / _NARROW, of=wide))
    elements = []
    for at in wide:
        more = [] if at in narrow else ["chart-label--more"]
        elements.append(text(percent(middles[at]), y, said[at], "middle", *more))
    return elements


def _apart(middles: Sequence[float], least: float, of: Sequence[int] | None = None) -> list[int]:
    """Return the places that are at least so far from one another, the first one first."""
    found: list[int] = []
    for at in range(len(middles)) if of is None else of:
        if not found or middles[at] - middles[found[-1]] >= least:
            found.append(at)
    return found


def text(x: Any, y: float, words: str, anchor: Any, *classes: str) -> svg.Text:
    """Return a label. `anchor` says which of its ends is at `x`."""
    return svg.Text(
        x=x, y=y, text=escape(words), text_anchor=anchor, class_=["chart-label", *classes]
    )


def band(place: int, places: int, *, top: float, height: float) -> svg.Rect:
    """Return what takes the pointer for one of several places of equal width."""
    return svg.Rect(
        x=percent(place / places),
        width=percent(1 / places),
        y=top,
        height=height,
        class_=["chart-hit"],
    )


def item(title: str, url: str, elements: Sequence[Any], *, is_first: bool) -> Any:
    """Return what is one step of the arrow keys: a link where it has a URL.

    Of a chart's items only one is a stop of the Tab key, the first; charts.js moves it along.
    """
    parts = [svg.Title(text=escape(title)), *elements]
    tabindex = 0 if is_first else -1
    if url:
        return svg.A(href=escape(url), tabindex=tabindex, class_=["chart-item"], elements=parts)
    return svg.G(tabindex=tabindex, class_=["chart-item"], extra={"role": "img"}, elements=parts)
