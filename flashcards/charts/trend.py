"""Trends: one or several courses from place to place, with how much stands behind each point."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import svg
from django.utils.safestring import SafeString

from flashcards.charts import parts
from flashcards.charts.parts import Plot, Scale

# The strip of small columns below the lines, and its distance from them.
_STRIP, _STRIP_GAP = 28, 10
_STRIP_WIDTH_SHARE = 0.6
# More points than these are a line without dots, but for those that have no line to them.
_DOTS_MOST = 40


@dataclass(frozen=True)
class Point:
    """One place along the axis: the value of each course there, None for none."""

    # Blank where nothing is written.
    label: str
    values: tuple[float | None, ...]
    title: str
    url: str = ""
    # How much it is worked out from: drawn as a column in the strip below.
    weight: float = 0
    # From and to where the first course may well be: drawn as a band behind it.
    between: tuple[float, float] | None = None
    # The same of the other courses, as far as they have one.
    others_between: tuple[tuple[float, float], ...] = ()

    def band(self, course: int) -> tuple[float, float] | None:
        """Return from and to where a course may well be."""
        if not course:
            return self.between
        return self.others_between[course - 1] if course <= len(self.others_between) else None


def trend(
    data: Sequence[Point],
    *,
    name: str,
    kinds: Sequence[str],
    scale: Scale,
    aim: float | None = None,
    dots: bool = True,
) -> SafeString:
    """Return the drawing. `kinds` are the classes of the courses; `aim` is drawn across.

    Of few points each gets a dot, unless `dots` says otherwise.
    """
    most = max((each.weight for each in data), default=0)
    strip = _STRIP + _STRIP_GAP if most else 0
    plot = Plot(scale, parts.HEIGHT + strip, parts.BOTTOM + strip)
    elements: list[Any] = parts.grid(plot)
    if aim is not None:
        y, full = plot.y(aim), svg.Length(100, "%")
        elements.append(svg.Line(x1=0, x2=full, y1=y, y2=y, class_=["chart-aim"]))
    elements.append(_courses(data, kinds, plot))
    for place in range(len(data)):
        elements.append(_item(data, place, kinds, plot, most, dots and len(data) <= _DOTS_MOST))
    elements += parts.labels([each.label for each in data], plot.height - 8)
    return parts.frame(elements, height=plot.height, name=name, kind="trend")


def _courses(data: Sequence[Point], kinds: Sequence[str], plot: Plot) -> svg.SVG:
    """Return the lines, drawn in a square that is stretched to the plot."""
    number = max(1, len(data))
    elements: list[Any] = []
    for course, kind in reversed(list(enumerate(kinds))):
        for run in _runs([(place, each.band(course)) for place, each in enumerate(data)]):
            low = [_at(place, between[0], number, plot) for place, between in run]
            high = [_at(place, between[1], number, plot) for place, between in run]
            look = ["chart-band", f"chart-band--{kind}"]
            elements.append(svg.Polygon(points=_flat([*low, *high[::-1]]), class_=look))
    for course, kind in reversed(list(enumerate(kinds))):
        for run in _runs([(place, each.values[course]) for place, each in enumerate(data)]):
            points = [_at(place, value, number, plot) for place, value in run]
            elements.append(
                svg.Polyline(
                    points=_flat(points),
                    class_=["chart-line", f"chart-line--{kind}"],
                    vector_effect="non-scaling-stroke",
                )
            )
    return svg.SVG(
        x=0,
        y=parts.TOP,
        width=svg.Length(100, "%"),
        height=plot.floor - parts.TOP,
        viewBox=svg.ViewBoxSpec(0, 0, 100, 100),
        preserveAspectRatio=svg.PreserveAspectRatio("none"),
        class_=["chart-courses"],
        elements=elements,
    )


def _runs(values: Sequence[tuple[int, Any]]) -> list[list[tuple[int, Any]]]:
    """Return the runs of places that have a value."""
    grouped = groupby(values, key=lambda pair: pair[1] is not None)
    return [list(run) for has_value, run in grouped if has_value]


def _at(place: int, value: float, number: int, plot: Plot) -> tuple[float, float]:
    return round(100 * (place + 0.5) / number, 2), round(100 * (1 - plot.scale.share(value)), 2)


def _flat(points: Sequence[tuple[float, float]]) -> list[Any]:
    return [number for point in points for number in point]


def _item(
    data: Sequence[Point],
    place: int,
    kinds: Sequence[str],
    plot: Plot,
    most: float,
    dots: bool,
) -> Any:
    each, places = data[place], len(data)
    bottom = plot.height - parts.BOTTOM
    elements: list[Any] = [parts.band(place, places, top=parts.TOP, height=bottom - parts.TOP)]
    if each.weight and most:
        height = round(max(1.0, _STRIP * each.weight / most), 1)
        width = _STRIP_WIDTH_SHARE / places
        elements.append(
            svg.Rect(
                x=parts.percent((place + 0.5) / places - width / 2),
                y=round(bottom - height, 1),
                width=parts.percent(width),
                height=height,
                class_=["chart-bar", "chart-bar--weight"],
            )
        )
    for course, kind in enumerate(kinds):
        value = each.values[course]
        if value is not None and (dots or _is_alone(data, place, course)):
            elements.append(
                svg.Circle(
                    cx=parts.percent((place + 0.5) / places),
                    cy=plot.y(value),
                    r=3,
                    class_=["chart-dot", f"chart-dot--{kind}"],
                )
            )
    return parts.item(each.title, each.url, elements, is_first=place == 0)


def _is_alone(data: Sequence[Point], place: int, course: int) -> bool:
    """Tell whether a value has none before and none after it."""
    beside = (*data[max(0, place - 1) : place], *data[place + 1 : place + 2])
    return all(each.values[course] is None for each in beside)
