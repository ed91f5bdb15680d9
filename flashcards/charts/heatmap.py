"""The calendar: a square for each day, darker the more was done on it.

A year is drawn in halves, which stand side by side on a desk and one below the other on a phone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import svg
from django.utils.html import escape
from django.utils.safestring import SafeString

from flashcards.charts import parts

WEEKS_A_HALF = 27
LEVELS = 4
# In units of the drawing: a day with the space to the next one, and its square.
_PITCH, _SQUARE = 12, 8
_LEFT, _TOP = 16, 16
_DAYS = ((0, "M"), (2, "W"), (4, "F"))


@dataclass(frozen=True)
class HeatDay:
    """One day: how much was done on it, and the same in words."""

    date: date
    number: int
    title: str
    url: str = ""


def heatmap(days: Sequence[HeatDay], *, name: str) -> tuple[SafeString, ...]:
    """Return the drawings of consecutive days, at most WEEKS_A_HALF weeks in each."""
    bounds = level_bounds([each.number for each in days])
    weeks = [list(week) for _, week in groupby(days, key=lambda each: _monday(each.date))]
    halves = [weeks[at : at + WEEKS_A_HALF] for at in range(0, len(weeks), WEEKS_A_HALF)]
    return tuple(
        _half(half, bounds, name, is_first=number == 0) for number, half in enumerate(halves)
    )


def level_bounds(numbers: Sequence[int]) -> tuple[int, ...]:
    """Return the least number of each level from 1 to LEVELS; a quarter of the days in each.

    Fewer levels where days differ less.
    """
    known = sorted(number for number in numbers if number > 0)
    if not known:
        return ()
    found = [known[len(known) * quarter // LEVELS] for quarter in range(LEVELS)]
    return tuple(dict.fromkeys(found))


def level(number: int, bounds: Sequence[int]) -> int:
    """Return the level of a number, 0 for none; the highest bound is the highest level."""
    reached = sum(number >= bound for bound in bounds) if number > 0 else 0
    return LEVELS - len(bounds) + reached if reached else 0


def _half(
    weeks: Sequence[Sequence[HeatDay]], bounds: Sequence[int], name: str, *, is_first: bool
) -> SafeString:
    empty: list[Any] = []
    items: list[Any] = []
    for number, week in enumerate(weeks):
        for each in week:
            square = _path(number, each.date.weekday())
            reached = level(each.number, bounds)
            if not reached:
                empty += square
                continue
            path = svg.Path(d=square, class_=[f"heat-{reached}"])
            is_stop = is_first and not items
            items.append(parts.item(each.title, each.url, [path], is_first=is_stop))
    width = _LEFT + WEEKS_A_HALF * _PITCH
    drawing = svg.SVG(
        viewBox=svg.ViewBoxSpec(0, 0, width, _TOP + 7 * _PITCH),
        class_=["heat"],
        extra={"role": "group", "aria-label": escape(name)},
        elements=[
            *_labels(weeks),
            svg.Path(d=empty, class_=["heat-0"]),
            *items,
        ],
    )
    return parts.marked_safe(drawing)


def _path(week: int, weekday: int) -> list[Any]:
    # A line around it, as wide as what it is smaller by, rounds its corners.
    x, y = _LEFT + week * _PITCH + 1, _TOP + weekday * _PITCH + 1
    return [
        svg.MoveTo(x, y),
        svg.HorizontalLineToRel(_SQUARE),
        svg.VerticalLineToRel(_SQUARE),
        svg.HorizontalLineToRel(-_SQUARE),
        svg.ClosePath(),
    ]


def _labels(weeks: Sequence[Sequence[HeatDay]]) -> list[Any]:
    elements: list[Any] = [
        parts.text(0, _TOP + day * _PITCH + 9, letter, "start", "heat-label")
        for day, letter in _DAYS
    ]
    for number, week in enumerate(weeks):
        first = next((each.date for each in week if each.date.day <= 7), None)
        # The week with the first of a month has its name; at the very edge it has no room.
        begins = first is not None and (first - timedelta(days=first.day - 1)) >= week[0].date
        if begins and first is not None and number <= WEEKS_A_HALF - 2:
            x = _LEFT + number * _PITCH
            elements.append(parts.text(x, 9, f"{first:%b}", "start", "heat-label"))
    return elements


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
