"""Cells of CSV files that spreadsheets would take for formulas.

A spreadsheet computes a cell that begins with =, +, - or @, also after a tab or a line's end, and
in full width; a formula can send away what else is in the table. As OWASP advises (under "CSV
Injection"), such a cell is written with an apostrophe in front. One more is written in front of
apostrophes that precede such a character, so that reading takes exactly one away.
"""

import re

_BEGINNING = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001 - full width on purpose


def is_formula(cell: str) -> bool:
    """Tell whether a spreadsheet may compute the cell, or if apostrophes were not in front."""
    return _BEGINNING.match(cell) is not None


def quoted(cell: str) -> str:
    """Return the cell as it is written."""
    return f"'{cell}" if is_formula(cell) else cell


def unquoted(cell: str) -> str:
    """Return the cell that was written."""
    return cell[1:] if cell.startswith("'") and is_formula(cell) else cell
