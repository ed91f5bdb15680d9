"""Cloze deletions, `{{c1::words}}` and `{{c1::words::hint}}`: find them in a text.

Braces inside the words are balanced, so `{{c1::\\frac{1}{2}}}` closes at the last pair of braces,
and a `::` inside backticks is part of the words, so `` {{c1::`std::vector`}} `` has no hint.
"""

import re
from dataclasses import dataclass
from typing import Literal

Place = Literal["text", "code", "math"]

_OPENING = re.compile(r"\{\{c([1-9][0-9]{0,2})::")
_FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n", re.MULTILINE)
_BACKTICKS = re.compile(r"`+")
# As Markdown's dollar maths is read: no space inside the dollars, no digit after them.
_MATH = re.compile(
    r"(?<!\\)(?:"
    r"\$\$(?:[^$\\]|\\.)+?\$\$"
    r"|\$(?![\s$])(?:[^$\\\n]|\\.)+?(?<!\s)\$(?!\d)"
    r"|\\\((?:.+?)\\\)"
    r"|\\\[(?:.+?)\\\]"
    r")",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Deletion:
    """One deletion: `start` and `end` are offsets of the markup, braces included."""

    start: int
    end: int
    ordinal: int
    words: str
    hint: str
    place: Place


def deletions(text: str) -> list[Deletion]:
    """Return the well-formed deletions of a text, in order; malformed markup is left out."""
    found: list[tuple[int, int, int, str]] = []
    position = 0
    while opening := _OPENING.search(text, position):
        end = _closing(text, opening.end())
        content = text[opening.end() : end] if end is not None else ""
        # Nested, unclosed or empty: the outer markup is plain text, and the search goes on inside.
        if end is None or not _split_hint(content)[0].strip() or _OPENING.search(content):
            position = opening.end()
            continue
        found.append((opening.start(), end + 2, int(opening[1]), content))
        position = end + 2
    # Whether a deletion is in code or mathematics depends on the text around it, not on its own.
    masked = text
    for start, stop, _, _ in found:
        masked = masked[:start] + re.sub(r"[^\n]", "x", masked[start:stop]) + masked[stop:]
    regions = _regions(masked)
    return [
        Deletion(start, stop, ordinal, *_split_hint(content), _place(regions, start))
        for start, stop, ordinal, content in found
    ]


def _closing(text: str, start: int) -> int | None:
    """Return the offset of the `}}` that closes a deletion whose words begin at `start`."""
    depth = 0
    position = start
    while position < len(text):
        if text[position] == "{":
            depth += 1
        elif text[position] == "}":
            if depth == 0:
                # A single closing brace: the braces are not balanced, so the first pair closes.
                if text.startswith("}}", position):
                    return position
                break
            depth -= 1
        position += 1
    first = text.find("}}", start)
    return None if first < 0 else first


def _split_hint(content: str) -> tuple[str, str]:
    in_code = _code_spans(content, 0, len(content))
    for separator in re.finditer("::", content):
        if not any(r.first < separator.start() < r.last for r in in_code):
            return content[: separator.start()], content[separator.end() :].strip()
    return content, ""


@dataclass(frozen=True, slots=True)
class _Region:
    first: int
    last: int
    place: Place


def _regions(text: str) -> list[_Region]:
    """Return where code and mathematics are; code wins where they overlap."""
    found: list[_Region] = []
    position = 0
    while fence := _FENCE.search(text, position):
        found += _code_spans(text, position, fence.start())
        closing = re.compile(
            rf"^ {{0,3}}{re.escape(fence['fence'])}{fence['fence'][0]}*[ \t]*$", re.MULTILINE
        ).search(text, fence.end())
        position = closing.end() if closing else len(text)
        found.append(_Region(fence.start(), position, "code"))
    found += _code_spans(text, position, len(text))
    for math in _MATH.finditer(text):
        if not any(r.first < math.end() and math.start() < r.last for r in found):
            found.append(_Region(math.start(), math.end(), "math"))
    return found


def _code_spans(text: str, start: int, end: int) -> list[_Region]:
    """Return the spans between backtick runs of equal length."""
    found: list[_Region] = []
    runs = list(_BACKTICKS.finditer(text, start, end))
    index = 0
    while index < len(runs):
        length = len(runs[index][0])
        for other in range(index + 1, len(runs)):
            if len(runs[other][0]) == length:
                found.append(_Region(runs[index].start(), runs[other].end(), "code"))
                index = other
                break
        index += 1
    return found


def _place(regions: list[_Region], position: int) -> Place:
    return next((r.place for r in regions if r.first <= position < r.last), "text")
