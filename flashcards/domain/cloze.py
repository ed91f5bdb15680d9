"""Cloze deletions, `{{c1::words}}` and `{{c1::words::hint}}`: find them in a text.

Braces inside the words are balanced, so `{{c1::\\frac{1}{2}}}` closes at the last pair of braces,
and a `::` inside backticks is part of the words, so `` {{c1::`std::vector`}} `` has no hint.
"""

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Place = Literal["text", "code", "math"]

_OPENING = re.compile(r"\{\{c([1-9][0-9]{0,2})::")
_FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}(?!`)|~{3,}(?!~))[^\n]*\n", re.MULTILINE)
_BACKTICKS = re.compile(r"`+")
# As Markdown's dollar maths is read: no space inside the dollars, no digit after them.
_MATH = re.compile(
    r"(?<!\\)(?:"
    r"\$\$(?:[^$\\]|\\.)+?\$\$"
    r"|\$(?![\s$])(?:[^$\\\n]|\\.)+?(?<!\s)\$(?!\d)"
    r"|(?P<open>\\[(\[])"
    r")",
    re.DOTALL,
)
_MATH_ENDS = {"\\(": "\\)", "\\[": "\\]"}


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
    """Return the well-formed deletions of a text, in order; malformed markup is left out.

    Takes time in proportion to the text.
    """
    openings = list(_OPENING.finditer(text))
    if not openings:
        return []
    closings = _Closings(text)
    found: list[tuple[int, int, int, str]] = []
    position = 0
    for opening, following in zip(openings, [*openings[1:], None], strict=True):
        if opening.start() < position:
            continue
        end = closings.of(opening)
        # Nested, unclosed or empty: the outer markup is plain text, and the search goes on inside.
        if end is None or (following is not None and following.end() <= end):
            continue
        content = text[opening.end() : end]
        if not _split_hint(content)[0].strip():
            continue
        found.append((opening.start(), end + 2, int(opening[1]), content))
        position = end + 2
    # Whether a deletion is in code or mathematics depends on the text around it, not on its own.
    masked: list[str] = []
    done = 0
    for start, stop, _, _ in found:
        masked += [text[done:start], re.sub(r"[^\n]", "x", text[start:stop])]
        done = stop
    regions = _regions("".join([*masked, text[done:]]))
    starts = [region.first for region in regions]
    return [
        Deletion(start, stop, ordinal, *_split_hint(content), _place(regions, starts, start))
        for start, stop, ordinal, content in found
    ]


class _Closings:
    """Where the braces of a text close."""

    def __init__(self, text: str) -> None:
        self._text = text
        # By the offset of an opening brace: that of the brace that closes it.
        self._closes: dict[int, int] = {}
        open_: list[int] = []
        for brace in re.finditer(r"[{}]", text):
            if brace[0] == "{":
                open_.append(brace.start())
            elif open_:
                self._closes[open_.pop()] = brace.start()
        self._pairs = [pair.start() for pair in re.finditer(r"\}(?=\})", text)]

    def of(self, opening: re.Match[str]) -> int | None:
        """Return the offset of the `}}` that closes a deletion."""
        end = self._closes.get(opening.start() + 1)
        if end is not None and self._text.startswith("}}", end):
            return end
        # A single closing brace, or none: the braces are not balanced, so the first pair closes.
        at = bisect.bisect_left(self._pairs, opening.end())
        return self._pairs[at] if at < len(self._pairs) else None


def _split_hint(content: str) -> tuple[str, str]:
    separators = [match.start() for match in re.finditer("::", content)]
    if not separators:
        return content, ""
    in_code = _code_spans(content, 0, len(content))
    at = 0
    for separator in separators:
        while at < len(in_code) and in_code[at].last <= separator:
            at += 1
        if at == len(in_code) or separator <= in_code[at].first:
            return content[:separator], content[separator + 2 :].strip()
    return content, ""


@dataclass(frozen=True, slots=True)
class _Region:
    first: int
    last: int
    place: Place


def _regions(text: str) -> list[_Region]:
    """Return where code and mathematics are, in order; code wins where they overlap."""
    code: list[_Region] = []
    position = 0
    while fence := _FENCE.search(text, position):
        code += _code_spans(text, position, fence.start())
        closing = re.compile(
            rf"^ {{0,3}}{re.escape(fence['fence'])}{fence['fence'][0]}*[ \t]*$", re.MULTILINE
        ).search(text, fence.end())
        position = closing.end() if closing else len(text)
        code.append(_Region(fence.start(), position, "code"))
    code += _code_spans(text, position, len(text))
    math: list[_Region] = []
    at = 0
    for region in _math(text):
        while at < len(code) and code[at].last <= region.first:
            at += 1
        if at == len(code) or code[at].first >= region.last:
            math.append(region)
    return sorted([*code, *math], key=lambda region: region.first)


def _math(text: str) -> Iterator[_Region]:
    last = {closing: text.rfind(closing) for closing in _MATH_ENDS.values()}
    position = 0
    while match := _MATH.search(text, position):
        position = match.end()
        if opening := match["open"]:
            closing = _MATH_ENDS[opening]
            if last[closing] <= match.end():
                # It is not closed any more, or empty.
                continue
            position = text.find(closing, match.end() + 1) + 2
        yield _Region(match.start(), position, "math")


def _code_spans(text: str, start: int, end: int) -> list[_Region]:
    """Return the spans between backtick runs of equal length."""
    runs = list(_BACKTICKS.finditer(text, start, end))
    # By the number of a run: that of the next of its length.
    following: list[int | None] = [None] * len(runs)
    seen: dict[int, int] = {}
    for number in range(len(runs) - 1, -1, -1):
        length = len(runs[number][0])
        following[number] = seen.get(length)
        seen[length] = number
    found: list[_Region] = []
    index = 0
    while index < len(runs):
        other = following[index]
        if other is not None:
            found.append(_Region(runs[index].start(), runs[other].end(), "code"))
            index = other
        index += 1
    return found


def _place(regions: list[_Region], starts: list[int], position: int) -> Place:
    at = bisect.bisect_right(starts, position) - 1
    return regions[at].place if at >= 0 and position < regions[at].last else "text"
