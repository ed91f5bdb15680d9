"""The rows of a text with columns: comments, quoted fields, and separators of any length."""

import csv
from collections.abc import Callable, Iterator

COLUMNS_MOST = 100
# What has more is no note: a quotation mark that is not closed takes in all that follows.
ROW_LINES_MOST = 2_000
# Stands for a separator of several characters, which the csv module does not take.
_SEPARATOR = "\x1f"


class BadRow(Exception):
    """A row cannot be read."""

    def __init__(self, line: int) -> None:
        super().__init__(f"The row that begins on line {line} cannot be read.")
        self.line = line


class Rows:
    """The rows of a text, as Anki reads them: a line that begins with # is a comment.

    Lines are those of the text, from 1 on, plus `skipped`, which stand before it.
    """

    def __init__(self, text: str, separator: str, *, skipped: int = 0) -> None:
        self.comments = 0
        # The lines on which rows with too many columns begin.
        self.cut: list[int] = []
        self._separator = separator
        self._line = self._begun = skipped
        self._is_within = self._is_at_end = False
        if len(separator) > 1:
            text = text.replace(_SEPARATOR, "").replace(separator, _SEPARATOR)
        self._text = text

    def __iter__(self) -> Iterator[list[str]]:
        """Yield the rows that are no comments. Raises BadRow."""
        is_long = len(self._separator) > 1
        delimiter = _SEPARATOR if is_long else self._separator
        reader = csv.reader(self._lines(), delimiter=delimiter)
        while True:
            self._is_within, self._begun = False, self._line
            try:
                row = next(reader, None)
                lines = self._line - self._begun
                # The reader asks for a line after the last only within quotation marks.
                if lines > ROW_LINES_MOST or (row and self._is_at_end and lines > 1):
                    raise csv.Error
            except csv.Error as error:
                raise BadRow(self._begun + 1) from error
            if row is None:
                return
            if any(row[COLUMNS_MOST:]):
                self.cut.append(self._begun + 1)
            row = row[:COLUMNS_MOST]
            # Within quotation marks it separates nothing.
            yield [cell.replace(_SEPARATOR, self._separator) for cell in row] if is_long else row

    def _lines(self) -> Iterator[str]:
        start = 0
        while start < len(self._text):
            end = self._text.find("\n", start) + 1 or len(self._text)
            line, start = self._text[start:end], end
            self._line += 1
            if not self._is_within and line.startswith("#"):
                self.comments += 1
                self._begun = self._line
                continue
            self._is_within = True
            yield line
        self._is_at_end = True


def noted(
    rows: Iterator[list[str]], each: int, note: Callable[[int], None] | None
) -> Iterator[list[str]]:
    """Yield rows, and tell `note` after each so many how many there were."""
    for number, row in enumerate(rows):
        if note and number and not number % each:
            note(number)
        yield row
