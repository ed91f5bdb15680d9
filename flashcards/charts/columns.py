"""The column chart over days, drawn once for a desk and once for a phone.

The drawing has no colour, style or script: classes carry the look, as in forgetting_curve.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import svg
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

# (width, height) for a desk and for a phone.
SIZES = ((680, 200), (340, 180))
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 12, 28
# Room that the longest label below the columns takes.
_LABEL_WIDTH = 52
_GAP_SHARE = 0.25


@dataclass(frozen=True)
class Column:
    """One day: the label below it, how many, and the same in words for a hover."""

    label: str
    number: int
    title: str
    # Of the number, so many are set apart at the foot.
    apart: int = 0


def columns(data: Sequence[Column], *, sentence: str) -> tuple[SafeString, ...]:
    """Return the same columns once for each of SIZES; `sentence` is their text alternative."""
    return tuple(_draw(data, sentence, width, height) for width, height in SIZES)


def ticks(most: int) -> list[int]:
    """Return 0 and two to four round numbers, the last at or above `most`."""
    if most <= 4:
        return list(range(max(2, most) + 1))
    rough = most / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough)
    return [int(step * n) for n in range(math.ceil(most / step) + 1)]


def _draw(data: Sequence[Column], sentence: str, width: int, height: int) -> SafeString:
    marks = ticks(max((each.number for each in data), default=0))
    drawing = svg.SVG(
        viewBox=svg.ViewBoxSpec(0, 0, width, height),
        class_=["chart", f"chart--{width}"],
        extra={"role": "img", "aria-label": escape(sentence)},
        elements=[
            *_grid(marks, width, height),
            *_bars(data, marks[-1], width, height),
            *_labels(data, width, height),
        ],
    )
    # Made of numbers and of words of ours, escaped where they are put in.
    return mark_safe(drawing.as_str())  # noqa: S308 - see above


def _y(number: float, most: int, height: int) -> float:
    return round(height - _BOTTOM - number / most * (height - _TOP - _BOTTOM), 1)


def _grid(marks: Sequence[int], width: int, height: int) -> list[Any]:
    elements: list[Any] = []
    for mark in marks:
        y = _y(mark, marks[-1], height)
        elements.append(svg.Line(x1=_LEFT, x2=width - _RIGHT, y1=y, y2=y, class_=["chart-grid"]))
        elements.append(_text(_LEFT - 8, y + 4, f"{mark:,}", "end"))
    return elements


def _bars(data: Sequence[Column], most: int, width: int, height: int) -> list[Any]:
    if not data:
        return []
    room = (width - _LEFT - _RIGHT) / len(data)
    wide = max(1.0, min(48.0, room * (1 - _GAP_SHARE)))
    elements: list[Any] = []
    for place, each in enumerate(data):
        x = round(_LEFT + room * place + (room - wide) / 2, 1)
        for number, kind in ((each.number, "chart-bar"), (each.apart, "chart-bar--apart")):
            if number:
                y = _y(number, most, height)
                elements.append(
                    svg.Rect(
                        x=x,
                        y=y,
                        width=round(wide, 1),
                        height=round(height - _BOTTOM - y, 1),
                        class_=["chart-bar"] if kind == "chart-bar" else ["chart-bar", kind],
                        elements=[svg.Title(text=escape(each.title))],
                    )
                )
    return elements


def _labels(data: Sequence[Column], width: int, height: int) -> list[Any]:
    room = (width - _LEFT - _RIGHT) / max(1, len(data))
    every = max(1, math.ceil(_LABEL_WIDTH / room))
    if len(data) <= 8:
        # A week: each day has its label, which is short.
        every = 1
    return [
        _text(round(_LEFT + room * (place + 0.5), 1), height - 8, each.label, "middle")
        for place, each in enumerate(data)
        if place % every == 0 and each.label
    ]


def _text(x: float, y: float, text: str, anchor: Any) -> svg.Text:
    return svg.Text(x=x, y=y, text=escape(text), text_anchor=anchor, class_=["chart-label"])
