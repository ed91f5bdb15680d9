"""Prose: the sentences of a Markdown text, with their offsets in it.

Code blocks, tables, formulas on lines of their own and HTML are left out; code and formulas inside
a sentence stay.
"""

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from flashcards.drafting.sentence_ends import ends_sentence

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_RULE = re.compile(r" {0,3}([-*_])([ \t]*\1){2,}[ \t]*$")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,4}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_QUOTED = re.compile(r" {0,3}>[ \t]?")
_HTML = re.compile(r" {0,3}</?[A-Za-z!]")
_REFERENCE = re.compile(r" {0,3}\[[^\]\n]{1,80}\]:[ \t]")

# Tried in this order at each position. Each is limited to a line or a length.
_INLINE = re.compile(
    r"(?P<escape>\\[!-/:-@\[-`{-~])"
    r"|(?P<code>(`{1,3})(?!`)[^`\n]{1,300}(?<!`)\3(?!`))"
    r"|(?P<math>\$\$[^$]{1,500}\$\$|\$(?=[^\s$])[^$\n]{1,200}(?<=[^\s$])\$(?!\d)"
    r"|\\\([^\n]{1,200}?\\\))"
    r"|(?P<image>!\[[^\]\n]{0,300}\]\([^)\n]{0,2000}\))"
    r"|\[(?P<link>[^\]\[\n]{1,300})\]\([^)\n]{0,2000}\)"
    r"|(?P<note>\[(?:\^[^\]\n]{1,30}|\d{1,3}|citation needed)\])"
    r"|(?P<mark>\*{1,3}|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|~~)"
    r"|(?P<space>\s+)"
)
_BOUNDARY = re.compile(
    r"(?<![.!?…])[.!?…]+[\"'”’»)\]]*(?=\s)"
    # Chinese and Japanese write no space after a sentence; Hindi and Urdu have marks of their own.
    r"|[\u3002\uff01\uff1f\uff61]+[\u300d\u300f\u201d\uff09]*|[\u0964\u0965\u06d4\u061f]+(?=\s)"
)
# Thai has no full stop: a space ends a sentence or a part of one.
_THAI_SPACE = re.compile(r"(?<=[\u0e01-\u0e5b]) +(?=[\u0e01-\u0e5b])")
_THAI_LETTERS_LEAST = 60


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    # Offsets in the whole text.
    start: int
    end: int
    heading: str = ""
    # The number of its block, and its place in it.
    block: int = 0
    place: int = 0
    item: bool = False
    bold: tuple[str, ...] = ()


@dataclass(slots=True)
class _Block:
    """Pieces of source lines that belong together, as (start, end) offsets."""

    pieces: list[tuple[int, int]]
    heading: str
    item: bool = False


@dataclass(slots=True)
class _Plain:
    """Text without markup; `offsets[i]` is the offset of character i in the source."""

    text: str
    offsets: list[int]
    bold: list[tuple[int, int]]
    # Ranges of code and formulas: no sentence ends inside.
    whole: list[tuple[int, int]]


def sentences(text: str) -> list[Sentence]:
    """Return the sentences and list items of a text, in order."""
    found: list[Sentence] = []
    for number, block in enumerate(_blocks(text)):
        plain = _inline(text, block.pieces)
        begins = [begin for begin, _ in plain.bold]
        for place, (start, end) in enumerate(_split(plain)):
            found.append(
                Sentence(
                    plain.text[start:end],
                    plain.offsets[start],
                    plain.offsets[end - 1] + 1,
                    block.heading,
                    number,
                    place,
                    block.item,
                    tuple(
                        plain.text[a:b]
                        for a, b in plain.bold[
                            bisect.bisect_left(begins, start) : bisect.bisect_left(begins, end)
                        ]
                        if b <= end
                    ),
                )
            )
    return found


def without_code(text: str) -> str:
    """Return the text without its fenced code blocks."""
    kept = []
    fence = ""
    for start, end in _lines(text):
        fenced = _FENCE.match(text, start, end)
        if fenced and not fence:
            fence = fenced.group(1)
        elif fence and fenced and fenced.group(1).startswith(fence):
            fence = ""
        elif not fence:
            kept.append(text[start:end])
    return "\n".join(kept)


def paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets of the parts of a text between blank lines; a fenced block is one."""
    start: int | None = None
    fence = ""
    end = 0
    for line_start, line_end in _lines(text):
        line = text[line_start:line_end]
        opened = _FENCE.match(line)
        if opened and not fence:
            fence = opened.group(1)
        elif fence and opened and opened.group(1).startswith(fence):
            fence = ""
        if line.strip() or fence:
            start = line_start if start is None else start
            end = line_end
        elif start is not None:
            yield start, end
            start = None
    if start is not None:
        yield start, end


def _lines(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for line in text.split("\n"):
        yield at, at + len(line.rstrip("\r"))
        at += len(line) + 1


def _blocks(text: str) -> Iterator[_Block]:
    """Yield the blocks of prose."""
    heading = ""
    fence = ""
    formula = False
    current: _Block | None = None
    for start, end in _lines(text):
        line = text[start:end]
        fenced = _FENCE.match(line)
        if fence:
            if fenced and fenced.group(1).startswith(fence):
                fence = ""
            continue
        if formula or line.strip() == "$$":
            formula = (not formula) if line.strip().endswith("$$") else formula
            continue
        while quoted := _QUOTED.match(text, start, end):
            start = quoted.end()
        line = text[start:end]
        title = _HEADING.match(line)
        if fenced or title or not line.strip() or _RULE.match(line) or _skipped(line):
            if _UNDERLINE.match(line) and current and len(current.pieces) == 1:
                heading, current = _plain_heading(text[slice(*current.pieces[0])]), None
            if current:
                yield current
            current = None
            fence = fenced.group(1) if fenced else ""
            heading = _plain_heading(title.group(1)) if title else heading
            continue
        if current and _UNDERLINE.match(line) and len(current.pieces) == 1:
            heading, current = _plain_heading(text[slice(*current.pieces[0])]), None
            continue
        item = _ITEM.match(line)
        if item:
            if current:
                yield current
            current = _Block([(start + item.end(), end)], heading, item=True)
        elif current:
            current.pieces.append((start, end))
        elif not line.startswith(("    ", "\t")):
            current = _Block([(start, end)], heading)
    if current:
        yield current


def _skipped(line: str) -> bool:
    """Tell whether a line is a row of a table, HTML or a link definition."""
    stripped = line.strip()
    return (
        stripped.startswith("|")
        or stripped.count(" | ") > 1
        or bool(_HTML.match(line))
        or bool(_REFERENCE.match(line))
    )


def _plain_heading(line: str) -> str:
    return _inline(line, [(0, len(line))]).text.strip()


def _inline(source: str, pieces: list[tuple[int, int]]) -> _Plain:
    """Return a block without emphasis, link targets and footnote marks."""
    chars: list[str] = []
    offsets: list[int] = []
    bold: list[tuple[int, int]] = []
    whole: list[tuple[int, int]] = []
    opened: int | None = None

    def put(start: int, end: int) -> None:
        chars.extend(source[start:end])
        offsets.extend(range(start, end))

    for piece_start, piece_end in pieces:
        if chars and chars[-1] != " ":
            chars.append(" ")
            offsets.append(piece_start)
        at = piece_start
        while at < piece_end:
            match = _INLINE.search(source, at, piece_end)
            put(at, match.start() if match else piece_end)
            if match is None:
                break
            at = match.end()
            kind = match.lastgroup
            if match.group("code") or match.group("math"):
                whole.append((len(chars), len(chars) + len(match.group())))
                put(*match.span())
            elif kind == "escape":
                put(match.start() + 1, match.end())
            elif kind == "link":
                put(*match.span("link"))
            elif kind == "space" and chars and chars[-1] != " ":
                put(match.start(), match.start())
                chars.append(" ")
                offsets.append(match.start())
            elif kind == "mark" and len(match.group()) == 2 and match.group() != "~~":
                if opened is None:
                    opened = len(chars)
                else:
                    bold.append((opened, len(chars)))
                    opened = None
            elif kind == "mark" and _is_sign(source, match):
                put(*match.span())
    return _Plain("".join(chars), offsets, [pair for pair in bold if pair[1] > pair[0]], whole)


def _is_sign(source: str, match: re.Match[str]) -> bool:
    """Tell whether an asterisk is an operator (2 * 3), not emphasis."""
    before = source[match.start() - 1 : match.start()]
    after = source[match.end() : match.end() + 1]
    # "(* 14. September 1769": born.
    return (
        match.group() == "*"
        and (not before or before.isspace() or before == "(")
        and (after.isspace())
    )


def _split(plain: _Plain) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each sentence of a block."""
    text = plain.text
    start = 0
    whole = iter([*plain.whole, (len(text) + 1, len(text) + 1)])
    inside = next(whole)
    for match in _BOUNDARY.finditer(text):
        while inside[1] <= match.start():
            inside = next(whole)
        if inside[0] <= match.start() or not ends_sentence(text, match, start):
            continue
        yield from _parts(text, start, match.end())
        start = match.end()
    yield from _parts(text, start, len(text))


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield a sentence, or its parts if it is a Thai text of several."""
    for space in _THAI_SPACE.finditer(text, start, end):
        if space.start() - start >= _THAI_LETTERS_LEAST:
            yield from _trimmed(text, start, space.start())
            start = space.end()
    yield from _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    if end > start:
        yield start, end


def with_text(sentence: Sentence, text: str) -> Sentence:
    """Return the sentence with another text, at the same offsets."""
    return replace(sentence, text=text)
