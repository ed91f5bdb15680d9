"""What is open in HTML: elements that contain blocks and inline ones, and their Markdown."""

import re
from dataclasses import dataclass, field

from flashcards.exchange.html import inline, styles, tables
from flashcards.exchange.html.inline import escape

CODE = {"code", "tt", "kbd", "samp"}
_SMALL = {"sub": inline.subscript, "sup": inline.superscript}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
WITHIN_A_LINE = {"mark", "a", "small", "code"}
# Elements that contain other blocks alone; emphasis around them is that of what they contain.
CONTAINERS = {"ul", "ol", "table", "tr"}
_NUMBERED = re.compile(r"(?:- |\d+\. )")


@dataclass(eq=False)
class Frame:
    """An element that is being read: one that contains blocks, or an inline one."""

    tag: str
    blocks: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    # Of an inline element: what it is, which tag opened it, and how many of these are in it.
    marks: tuple[str, ...] = ()
    opened_by: str = ""
    href: str = ""
    within: int = 0
    # Of an element with blocks: the inline elements around it.
    around: "list[Frame]" = field(default_factory=list)
    number: int = 1
    rows: list[list[str]] = field(default_factory=list)

    def again(self) -> "Frame":
        return Frame(
            self.tag,
            marks=self.marks,
            opened_by=self.opened_by,
            href=self.href,
            within=self.within,
        )


def inline_frames(tag: str, given: dict[str, str]) -> list[Frame]:
    """Return the frame of an inline element; none for one that changes nothing."""
    if tag == "a" and given.get("href"):
        return [Frame("a", href=given["href"], opened_by=tag)]
    if tag in _SMALL:
        return [Frame("small", opened_by=tag)]
    if tag in CODE:
        return [Frame("code", opened_by=tag)]
    if tag in styles.MARKS or tag in ("span", "font") or "style" in given:
        return [Frame("mark", marks=styles.marks(tag, given), opened_by=tag)]
    return []


def add(text: str, frame: Frame, around: Frame) -> None:
    """Add a block; a list directly in a list belongs to the item before it."""
    if {frame.tag, around.tag} <= {"ul", "ol"} and around.blocks:
        marker = _NUMBERED.match(around.blocks[-1])
        indent = " " * len(marker[0] if marker else "  ")
        around.blocks[-1] += f"\n{indent}" + text.replace("\n", f"\n{indent}")
    else:
        around.blocks.append(text)


def medium(tag: str, source: str) -> str:
    """Return the address of what is on another page; a sound or a video is left out."""
    is_elsewhere = tag in ("embed", "iframe", "frame") or re.match("https?://", source)
    return inline.link(escape(source), source) if is_elsewhere else ""


def in_line(frame: Frame) -> str:
    text = "".join(frame.line)
    if frame.tag == "code":
        return inline.code(text)
    if frame.tag == "small":
        return _SMALL[frame.opened_by](text)
    if frame.tag == "a":
        return inline.link(text, frame.href)
    for mark in frame.marks:
        text = inline.marked(text, mark)
    return text


def as_block(frame: Frame, around: Frame) -> str:
    """Return an element that has ended as Markdown."""
    if frame.tag == "pre":
        return "\n\n".join(filter(None, [inline.fenced("".join(frame.line)), *frame.blocks]))
    if frame.tag == "table":
        return tables.table(frame.rows, frame.blocks)
    if frame.tag in HEADINGS:
        words = " ".join(" ".join(frame.blocks).split())
        return f"{'#' * int(frame.tag[1])} {words}" if words else ""
    body = ("\n" if frame.tag in ("ul", "ol") else "\n\n").join(frame.blocks)
    if frame.tag == "blockquote":
        return "\n".join(f"> {line}" if line else ">" for line in body.split("\n")) if body else ""
    if frame.tag == "li":
        marker = "- "
        if around.tag == "ol":
            marker, around.number = f"{around.number}. ", around.number + 1
        # A nested list directly after its item's words is tight.
        body = re.sub(r"\n\n(?=(?:- |\d+\. ))", "\n", body)
        return marker + body.replace("\n", "\n" + " " * len(marker)) if body else ""
    return body
