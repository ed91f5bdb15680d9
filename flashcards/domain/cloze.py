"""Cloze deletions, `{{c1::words}}` and `{{c1::words::hint}}`: find them in a text.

The rules are Anki's: gaps may be in gaps, ten deep, and a gap may have several numbers, as in
`{{c1,2::words}}`. Two things are beyond them. Braces inside the words are balanced, so
`{{c1::\\frac{1}{2}}}` closes at the last pair of braces, and a `::` inside backticks is part of the
words, so `` {{c1::`std::vector`}} `` has no hint.
"""

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self

Place = Literal["text", "code", "math"]

# As in Anki (rslib/src/cloze.rs): what is opened deeper is text.
DEPTH_MOST = 10
_ORDINAL_MOST = 999
_OPENING = re.compile(r"\{\{c([0-9,]{1,200})::")
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
    # At least one, ascending.
    ordinals: tuple[int, ...]
    # The words without the hint: text, and the gaps inside, in order.
    parts: "tuple[str | Deletion, ...]"
    hint: str
    place: Place

    @property
    def ordinal(self) -> int:
        """Return the first of its numbers."""
        return self.ordinals[0]

    @property
    def words(self) -> str:
        """Return the words, without the markup of the gaps inside."""
        return "".join(part if isinstance(part, str) else part.words for part in self.parts)

    @property
    def inside(self) -> "list[Deletion]":
        return [part for part in self.parts if not isinstance(part, str)]


def deletions(text: str) -> list[Deletion]:
    """Return the well-formed deletions of a text, in order; malformed markup is left out.

    A gap in a gap is among the `parts` of the outer one. Takes time in proportion to the text.
    """
    return [part for part in parts(text) if not isinstance(part, str)]


def all_deletions(text: str) -> Iterator[Deletion]:
    """Return the deletions of a text and those inside them, by their starts."""
    return gaps_within(parts(text))


def gaps_within(found: Sequence[str | Deletion]) -> Iterator[Deletion]:
    """Yield the deletions of what `parts` returned, and those inside them, by their starts."""
    for part in found:
        if not isinstance(part, str):
            yield part
            yield from gaps_within(part.parts)


def revealed(text: str) -> str:
    """Return a text with the words of its deletions, without their markup and their hints."""
    return "".join(part if isinstance(part, str) else part.words for part in parts(text))


def hidden(text: str, ordinal: int) -> list[Deletion]:
    """Return the deletions that the card of a number hides; none is inside another of them."""
    return list(_hidden(parts(text), ordinal))


def _hidden(found: Sequence[str | Deletion], ordinal: int) -> Iterator[Deletion]:
    for part in found:
        if isinstance(part, str):
            continue
        if ordinal in part.ordinals:
            yield part
        else:
            yield from _hidden(part.parts, ordinal)


def parts(text: str) -> list[str | Deletion]:
    """Return a text as its deletions and the words around them, in order."""
    found = _found(text)
    # Whether a deletion is in code or mathematics depends on the text around it, not on its own.
    return list(_parts(text, 0, len(text), found, None)) if found else [text]


@dataclass(slots=True)
class _Markup:
    """Where a deletion and its content are."""

    start: int
    content: int
    content_end: int
    ordinals: tuple[int, ...]
    inside: "list[Self]"

    @property
    def end(self) -> int:
        return self.content_end + 2


def _found(text: str) -> list[_Markup]:
    """Return the outermost deletions, in order, each with those inside."""
    openings = list(_OPENING.finditer(text))
    if not openings:
        return []
    closings = _Closings(text)
    # Innermost first. The outermost so far are a stack, the first of the text on top.
    outermost: list[_Markup] = []
    for opening in reversed(openings):
        ordinals = _ordinals(opening[1])
        end = closings.of(opening) if ordinals else None
        if end is None:
            continue
        size = len(outermost)
        while size and outermost[size - 1].start < end:
            size -= 1
        inside = outermost[size:][::-1]
        markup = _Markup(opening.start(), opening.end(), end, ordinals, inside)
        # A gap without words is text.
        if inside or any(words.strip() for words, _ in _own(text, markup)):
            outermost[size:] = [markup]
            closings.take(markup.start, markup.end)
    _cut_depth(outermost, DEPTH_MOST)
    return outermost[::-1]


def _ordinals(text: str) -> tuple[int, ...]:
    numbers = {int(number) for number in text.split(",") if 0 < len(number) <= len("65535")}
    return tuple(sorted(number for number in numbers if 0 < number <= _ORDINAL_MOST))


def _cut_depth(level: list[_Markup], depth: int) -> None:
    """Leave out what is opened deeper."""
    while level and depth > 1:
        level, depth = [each for markup in level for each in markup.inside], depth - 1
    for markup in level:
        markup.inside.clear()


def _parts(
    text: str, start: int, stop: int, found: list[_Markup], place: Place | None
) -> Iterator[str | Deletion]:
    """Yield the deletions of a stretch and the words around them; `place` is that of the whole."""
    regions = _regions(_masked(text, start, stop, found)) if place is None else []
    starts = [region.first for region in regions]
    done = start
    for markup in found:
        if done < markup.start:
            yield text[done : markup.start]
        done = markup.end
        its = place or _place(regions, starts, markup.start - start)
        own = _own(text, markup)
        inner: list[str | Deletion] = []
        inside = _gaps(text, markup, None if its == "text" else its)
        for (words, _), gap in zip(own, [*inside, None], strict=True):
            inner += [each for each in (words, gap) if each]
        hint = next((hint for _, hint in reversed(own) if hint is not None), "")
        yield Deletion(markup.start, markup.end, markup.ordinals, tuple(inner), hint.strip(), its)
    if done < stop:
        yield text[done:stop]


def _gaps(text: str, markup: _Markup, place: Place | None) -> list[Deletion]:
    if not markup.inside:
        return []
    found = _parts(text, markup.content, markup.content_end, markup.inside, place)
    return [part for part in found if not isinstance(part, str)]


def _masked(text: str, start: int, stop: int, found: list[_Markup]) -> str:
    """Return a stretch with its deletions blotted out, as long as before."""
    masked: list[str] = []
    for markup in found:
        masked += [text[start : markup.start]]
        masked += [re.sub(r"[^\n]", "x", text[markup.start : markup.end])]
        start = markup.end
    return "".join([*masked, text[start:stop]])


def _own(text: str, markup: _Markup) -> list[tuple[str, str | None]]:
    """Return the words between the gaps inside, each with the hint that they end with, or None.

    As in Anki, a hint ends where a gap begins.
    """
    content = _masked(text, markup.content, markup.content_end, markup.inside)
    separators = [match.start() for match in re.finditer("::", content)]
    code = _code_spans(content, 0, len(content)) if separators else []
    own: list[tuple[str, str | None]] = []
    start = at = span = 0
    for end, after in [
        *((gap.start - markup.content, gap.end - markup.content) for gap in markup.inside),
        (len(content), 0),
    ]:
        cut = None
        while at < len(separators) and separators[at] < end:
            separator = separators[at]
            at += 1
            while span < len(code) and code[span].last <= separator:
                span += 1
            in_code = span < len(code) and code[span].first < separator
            if cut is None and not in_code and separator >= start:
                cut = separator
        if cut is None:
            own.append((content[start:end], None))
        else:
            own.append((content[start:cut], content[cut + 2 : end]))
        start = after
    return own


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
        # By the number of a pair: that of a pair at it or after it which closes nothing yet, or a
        # step towards it.
        self._free = list(range(len(self._pairs) + 1))

    def of(self, opening: re.Match[str]) -> int | None:
        """Return the offset of the `}}` that closes a deletion."""
        end = self._closes.get(opening.start() + 1)
        if end is not None and self._text.startswith("}}", end):
            at = bisect.bisect_left(self._pairs, end)
            if self._next_free(at) == at:
                return end
        # A single closing brace, or none: the braces are not balanced, so the first pair closes.
        at = self._next_free(bisect.bisect_left(self._pairs, opening.end()))
        return self._pairs[at] if at < len(self._pairs) else None

    def take(self, start: int, end: int) -> None:
        """Note that the pairs of a deletion close nothing else."""
        first = self._next_free(bisect.bisect_left(self._pairs, start))
        after = bisect.bisect_left(self._pairs, end)
        while first < after:
            self._free[first] = first + 1
            first = self._next_free(first)

    def _next_free(self, at: int) -> int:
        found = at
        while self._free[found] != found:
            found = self._free[found]
        while self._free[at] != found:
            self._free[at], at = found, self._free[at]
        return found


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
