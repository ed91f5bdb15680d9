"""Shares: bars of equal length, each cut into the shares of a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import svg
from django.utils.safestring import SafeString

from flashcards.charts import parts

_ROW, _BAR, _GAP = 20, 32, 20
# Room for "78%" and for "Good 78%", of the width.
_FOR_PERCENT, _FOR_NAME = 0.14, 0.34


@dataclass(frozen=True)
class Part:
    """A share of a whole: its class, what it is called, how many, and the same in words."""

    kind: str
    name: str
    number: int
    title: str
    url: str = ""


@dataclass(frozen=True)
class Whole:
    """One bar: what stands above it, and its parts in order."""

    label: str
    parts: tuple[Part, ...]


def shares(data: Sequence[Whole], *, name: str) -> SafeString:
    """Return the drawing: each whole that has any parts as one bar."""
    elements: list[Any] = []
    height = 0
    for whole in data:
        total = sum(each.number for each in whole.parts)
        elements.append(parts.text(0, height + 14, whole.label, "start", "chart-label--row"))
        begins = 0.0
        for each in whole.parts:
            if each.number:
                share = each.number / total
                first = not any(isinstance(known, svg.A | svg.G) for known in elements)
                elements.append(_item(each, begins, share, height + _ROW, is_first=first))
                begins += share
        height += _ROW + _BAR + _GAP
    return parts.frame(elements, height=max(1, height - _GAP), name=name, kind="shares")


def _item(each: Part, begins: float, share: float, y: int, *, is_first: bool) -> Any:
    bar = svg.Rect(
        x=parts.percent(begins),
        y=y,
        width=parts.percent(share),
        height=_BAR,
        class_=["chart-share", f"chart-bar--{each.kind}"],
    )
    elements: list[Any] = [bar]
    if share >= _FOR_PERCENT:
        said = f"{share:.0%}"
        middle = parts.percent(begins + share / 2)
        words = f"{each.name} {said}" if share >= _FOR_NAME else said
        on = f"chart-label--on-{each.kind}"
        elements.append(parts.text(middle, y + 21, words, "middle", "chart-label--on", on))
    return parts.item(each.title, each.url, elements, is_first=is_first)
