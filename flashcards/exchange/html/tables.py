"""HTML tables as Markdown tables; a table that only lays out a page becomes paragraphs."""

import re
from collections.abc import Sequence

COLUMNS_MOST = 30
_BAR = re.compile(r"(?<!\\)\|")


def cell(blocks: Sequence[str]) -> str:
    """Return a cell's content on one line."""
    return " ".join(" / ".join(re.sub(r" *\n+", "\n", " / ".join(blocks)).split("\n")).split())


def table(rows: Sequence[Sequence[str]], besides: Sequence[str]) -> str:
    """Return rows of cells as a table; text between the cells comes before it."""
    filled = [list(row) for row in rows if any(row)]
    width = max((len(row) for row in filled), default=0)
    if width <= 1 or width > COLUMNS_MOST:
        return "\n\n".join([*besides, *(each for row in filled for each in row if each)])
    lines = [_row([*row, *[""] * (width - len(row))]) for row in filled]
    return "\n\n".join([*besides, "\n".join([lines[0], _row(["---"] * width), *lines[1:]])])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_BAR.sub(r"\\|", each) for each in cells) + " |"
