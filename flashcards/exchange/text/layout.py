"""The layout of a text file: its separator, what each column holds, and whether that is HTML.

The head that Anki writes says it (`#separator:tab`, `#tags column:3`), or a row of names; what
neither says is guessed from the first rows. The learner's choice comes before all of these.
"""

import dataclasses
import enum
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flashcards.exchange.text.rows import COLUMNS_MOST, BadRow, Rows

SEPARATOR_MOST_CHARACTERS = 10
NAMED_SEPARATORS = {
    "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "colon": ":", "space": " ",
}  # fmt: skip
# In this order one is taken that cuts the first rows alike. A colon is in many texts.
_GUESSES = ("\t", ";", "|", ",", ":")
_DOUBLE = (";;", "||", "::", "~~", "->", "=>")
_SAMPLE_ROWS = 50
_SAMPLE_CHARACTERS = 64 * 1024
# So many of the first rows have the same number of columns.
_ALIKE = 0.9
_FRONT_NAMES = {
    *("front", "question", "q", "text", "term", "word", "expression"),
    *("vorderseite", "frage", "recto", "pregunta"),
}
_BACK_NAMES = {
    *("back", "answer", "a", "back extra", "definition", "meaning", "translation"),
    *("rückseite", "antwort", "verso", "respuesta"),
}
_HEADS = {
    *("separator", "html", "tags", "columns", "notetype", "deck", "formulas"),
    *("notetype column", "deck column", "tags column", "guid column", "id column"),
    *("if matches", "match scope"),
}
# Elements that come in pairs in a text that is HTML, and what is one by itself.
_OPENING = re.compile(
    r"<(?P<close>/?)(?P<name>a|b|big|blockquote|center|code|del|div|em|font|h[1-6]|i|ins|kbd|li|mark"
    r"|ol|p|pre|rt|ruby|s|small|span|strike|strong|sub|sup|table|td|th|tr|tt|u|ul)"
    r"(?:\s[^<>]*)?>",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"<(?:br|hr)\s*/?>|<img\s[^<>]*src\s*=[^<>]*>|&(?:nbsp|lt|gt|amp|quot|#\d{2,6}|#x[0-9a-f]{2,5});",
    re.IGNORECASE,
)


class Role(enum.StrEnum):
    """What a column holds."""

    FRONT = "front"
    BACK = "back"
    # Goes into the card's note.
    EXTRA = "extra"
    TAGS = "tags"
    DECK = "deck"
    TYPE = "notetype"
    GUID = "guid"
    # The number of the line in the table that it comes from.
    ID = "id"
    IGNORED = "ignored"


SIDES = (Role.FRONT, Role.BACK, Role.EXTRA)
_FACES = {Role.FRONT, Role.BACK}
# A file may have several of these.
SEVERAL = (Role.EXTRA, Role.TAGS, Role.IGNORED)
_ROLE_NAMES: Mapping[str, Role] = {
    **dict.fromkeys(_FRONT_NAMES, Role.FRONT),
    **dict.fromkeys(_BACK_NAMES, Role.BACK),
    **dict.fromkeys(("tags", "tag"), Role.TAGS),
    "deck": Role.DECK,
    **dict.fromkeys(("notetype", "note type"), Role.TYPE),
    "guid": Role.GUID,
    **dict.fromkeys(("id", "note id"), Role.ID),
}


@dataclass(frozen=True)
class Layout:
    """How a text is read; the columns beyond `roles` go into the card's note."""

    separator: str
    is_html: bool
    # Whether the first row has the names of the columns.
    has_names_row: bool
    roles: tuple[Role, ...]

    def as_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, known: Mapping[str, Any]) -> "Layout":
        return cls(
            str(known["separator"]),
            bool(known["is_html"]),
            bool(known["has_names_row"]),
            tuple(map(Role, known["roles"])),
        )

    def role(self, at: int) -> Role:
        return self.roles[at] if at < len(self.roles) else Role.EXTRA

    def places(self, *roles: Role) -> list[int]:
        """Return which columns have these roles, in the order of the roles."""
        return [at for role in roles for at, each in enumerate(self.roles) if each is role]


@dataclass(frozen=True)
class Text:
    """A text without its head: what the head says, and of how many lines it was."""

    head: Mapping[str, str]
    body: str
    head_lines: int
    # Lines of the head that say nothing to a program.
    comments: int

    @classmethod
    def of(cls, text: str) -> "Text":
        head: dict[str, str] = {}
        start = lines = comments = 0
        while text.startswith("#", start):
            end = text.find("\n", start) + 1 or len(text)
            name, colon, value = text[start + 1 : end].rstrip("\n").partition(":")
            name = name.strip().lower()
            if colon and name in _HEADS:
                head[name] = value if name == "separator" else value.strip()
            else:
                comments += 1
            start, lines = end, lines + 1
        return cls(head, text[start:], lines, comments)

    def rows(self, separator: str) -> Rows:
        return Rows(self.body, separator, skipped=self.head_lines)

    def sample(self, separator: str) -> list[list[str]]:
        """Return the first rows that are not blank."""
        part = self.body[:_SAMPLE_CHARACTERS]
        if len(part) < len(self.body):
            part = part[: part.rfind("\n") + 1] or part
        found: list[list[str]] = []
        rows = (row for row in Rows(part, separator) if any(map(str.strip, row)))
        try:
            found.extend(itertools.islice(rows, _SAMPLE_ROWS))
        except BadRow:
            # The last row may have been cut.
            return found
        return found


def guess(text: Text, separator: str = "", *, has_names_row: bool | None = None) -> Layout:
    """Return the layout of a text; what is given is not guessed."""
    separator = separator or _separator(text)
    rows = text.sample(separator)
    columns = next(iter(Rows(text.head.get("columns", ""), separator)), [])
    if has_names_row is None:
        has_names_row = not columns and bool(rows) and _are_names(rows[0])
    names = rows[0] if has_names_row and rows else columns
    width = min(max([len(names), *map(len, rows)], default=1), COLUMNS_MOST)
    html = text.head.get("html", "").lower()
    return Layout(
        separator,
        html == "true" if html else any(map(_is_html, rows)),
        has_names_row,
        _roles(text.head, names, width),
    )


def column_names(text: Text, layout: Layout) -> list[str]:
    """Return what the file calls its columns; empty if it says nothing."""
    if layout.has_names_row:
        names = next(iter(text.sample(layout.separator)), [])
    else:
        names = next(iter(Rows(text.head.get("columns", ""), layout.separator)), [])
    return [name.strip() for name in names]


def named_separator(value: str) -> str:
    """Return the separator that a head or a form names, as a word or by its characters; or ""."""
    word = value.strip().lower()
    if word in NAMED_SEPARATORS:
        return NAMED_SEPARATORS[word]
    if word == "\\t" or (not word and "\t" in value):
        return "\t"
    if not word:
        return " " if value else ""
    chosen = value.strip()[:SEPARATOR_MOST_CHARACTERS]
    return "" if set(chosen) & set('"\n\r') else chosen


def _separator(text: Text) -> str:
    if named := named_separator(text.head.get("separator", "")):
        return named
    samples = {each: text.sample(each) for each in _GUESSES}
    for double in _DOUBLE:
        rows = text.sample(double)
        # One of two characters is none where one of them separates as well.
        if _are_alike(rows) and not any(double[0] in cell for row in rows for cell in row):
            return double
    found = [each for each in _GUESSES if _are_alike(samples[each])]
    if found:
        return found[0]
    first = text.body[:_SAMPLE_CHARACTERS].strip().partition("\n")[0]
    return next((each for each in ("\t", ";", "|", ",") if each in first), "\t")


def _are_alike(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether nearly all rows have the same number of columns, and more than one."""
    if not rows:
        return False
    width, count = Counter(map(len, rows)).most_common(1)[0]
    return width > 1 and count >= _ALIKE * len(rows)


def _are_names(row: Sequence[str]) -> bool:
    """Tell whether a row has the names of columns."""
    names = [name.strip().lower() for name in row]
    sides = [name for name in names if _ROLE_NAMES.get(name, Role.FRONT) in SIDES]
    # Further on, "q" and "a" are as likely the words of a card.
    sides = [name for at, name in enumerate(sides) if at < len(_FACES) or len(name) > 1]
    return {_ROLE_NAMES.get(name) for name in sides} >= _FACES


def _is_html(row: Iterable[str]) -> bool:
    text = "\n".join(row)
    if _ALONE.search(text):
        return True
    tags = {(match["name"].lower(), match["close"]) for match in _OPENING.finditer(text)}
    return any((name, "/") in tags for name, closing in tags if not closing)


def _roles(head: Mapping[str, str], names: Sequence[str], width: int) -> tuple[Role, ...]:
    roles: dict[int, Role] = {}
    for role in (Role.GUID, Role.TYPE, Role.DECK, Role.TAGS, Role.ID):
        number = head.get(f"{role} column", "")
        if number.isdecimal() and 0 < int(number) <= COLUMNS_MOST:
            roles.setdefault(int(number) - 1, role)
    for at, name in enumerate(names[:COLUMNS_MOST]):
        named = _ROLE_NAMES.get(name.strip().lower())
        if named is not None and named not in roles.values():
            roles.setdefault(at, named)
    width = max([width, *(at + 1 for at in roles)])
    sides = [role for role in (Role.FRONT, Role.BACK) if role not in roles.values()]
    for at in range(width):
        if at not in roles:
            roles[at] = sides.pop(0) if sides else Role.EXTRA
    return tuple(roles[at] for at in range(width))
