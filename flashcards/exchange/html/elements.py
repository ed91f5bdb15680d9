"""The reader of HTML elements: what is open at a place, and the Markdown of what has ended.

Markdown has no blocks within emphasis. A list in a coloured span ends the emphasis before it, has
it on the words of each item, and it goes on after the list.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from flashcards.exchange.html import inline, styles, tables
from flashcards.exchange.html.inline import BREAK, LINE, escape
from flashcards.exchange.html.tokens import End, Start, Text, Token

# Elements that are nested deeper are flattened.
DEPTH_MOST = 24

_BLOCKS = {
    "address", "article", "aside", "button", "caption", "center", "dd", "details", "dialog", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "frameset", "head", "header",
    "hgroup", "legend", "listing", "main", "menu", "nav", "noframes", "optgroup", "option", "p",
    "plaintext", "search", "section", "select", "summary", "template", "textarea", "title", "xmp",
}  # fmt: skip
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_LISTS = {"ul", "ol", "dir"}
_PARTS_OF_TABLES = {"table", "tr", "td", "th", "thead", "tbody", "tfoot"}
_STRUCTURE = {"li", "blockquote", "pre"} | _HEADINGS | _LISTS | _PARTS_OF_TABLES
_CODE = {"code", "tt", "kbd", "samp"}
_SMALL = {"sub": inline.subscript, "sup": inline.superscript}
_MEDIA = {"audio", "video", "source", "object", "embed", "iframe", "frame"}
# Inputs whose value is no text of the page.
_SILENT_INPUTS = {"hidden", "checkbox", "radio", "password", "file", "image", "color", "range"}
_WITHIN_A_LINE = {"mark", "a", "small", "code"}
# Elements that contain other blocks alone; emphasis around them is that of what they contain.
_CONTAINERS = {"ul", "ol", "table", "tr"}


@dataclass(eq=False)
class _Frame:
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
    around: "list[_Frame]" = field(default_factory=list)
    number: int = 1
    rows: list[list[str]] = field(default_factory=list)

    def again(self) -> "_Frame":
        return _Frame(
            self.tag,
            marks=self.marks,
            opened_by=self.opened_by,
            href=self.href,
            within=self.within,
        )


class Reader:
    """Takes the tokens of HTML one by one; `result` returns the Markdown."""

    def __init__(self, image: Callable[[str, str], str]) -> None:
        self._image = image
        self._stack = [_Frame("root")]
        # How many drawings are open, one in the other.
        self._drawings = 0

    def take(self, token: Token) -> None:
        if isinstance(token, Text):
            self._text(token.text)
        elif isinstance(token, Start):
            self._start(token)
        else:
            self._end(token)

    def result(self) -> str:
        while len(self._stack) > 1:
            self._close(self._stack[-1])
        self._flush()
        return "\n\n".join(self._stack[0].blocks)

    # Tokens

    def _text(self, text: str) -> None:
        top = self._stack[-1]
        if top.tag in _CONTAINERS and not text.strip():
            return
        top.line.append(text if top.tag in ("pre", "code") else escape(text))

    def _start(self, token: Start) -> None:
        tag, given, top = token.name, token.attributes, self._stack[-1]
        if self._drawings or tag == "svg":
            if tag == "svg" and not token.is_closed:
                self._drawings += 1
            top.line.append(" [drawing] " if tag == "svg" else " ")
        elif top.tag == "pre" and tag != "img":
            self._in_pre(tag)
        elif tag == "br":
            top.line.append("\n" if top.tag == "code" else BREAK)
        elif tag == "div" or tag in _BLOCKS:
            self._start_section(tag, given)
        elif tag == "hr":
            self._flush()
            self._block().blocks.append("---")
        elif tag == "img":
            self._picture(self._image(given.get("src", ""), given.get("alt", "")))
        elif tag in _MEDIA:
            if source := given.get("src") or given.get("data"):
                top.line.append(_medium(tag, source))
        elif tag == "input":
            if given.get("type", "").lower() not in _SILENT_INPUTS and given.get("value"):
                top.line.append(f" {escape(given['value'])} ")
        elif tag == "rt":
            top.line.append("(")
        elif tag in _STRUCTURE:
            self._start_structure(tag, given)
        elif top.tag != "code" and len(self._stack) < DEPTH_MOST:
            self._stack += _inline_frames(tag, given)

    def _end(self, token: End) -> None:
        tag, top = token.name, self._stack[-1]
        if self._drawings:
            self._drawings -= tag == "svg"
            top.line.append(" ")
        elif top.tag == "pre" and tag != "pre" and tag not in _STRUCTURE:
            self._in_pre(tag)
        elif tag == "div" or tag in _BLOCKS:
            self._end_section(tag)
        elif tag == "rt":
            top.line.append(")")
        elif tag in _STRUCTURE:
            self._end_structure("td" if tag == "th" else "ul" if tag == "dir" else tag)
        elif top.tag != "code" or tag in _CODE:
            self._end_inline(tag)

    # Sections: <div>, <p> and the like, which are no element of Markdown

    def _start_section(self, tag: str, given: dict[str, str]) -> None:
        if tag == "p" and (frame := self._open_within_line("p")):
            # HTML allows its end tag to be left out.
            self._end_frame(frame)
        if tag == "div":
            self._stack[-1].line.append("\n" if self._stack[-1].tag == "code" else LINE)
        else:
            self._flush()
        marks = styles.marks(tag, given)
        if marks and len(self._stack) < DEPTH_MOST and self._stack[-1].tag != "code":
            self._stack.append(_Frame("mark", marks=marks, opened_by=tag))
        elif frame := self._open_within_line(tag):
            frame.within += 1

    def _end_section(self, tag: str) -> None:
        if frame := self._open_within_line(tag):
            if frame.within:
                frame.within -= 1
            else:
                self._end_frame(frame)
        if tag == "div":
            self._stack[-1].line.append("\n" if self._stack[-1].tag == "code" else LINE)
        else:
            self._flush()

    def _open_within_line(self, tag: str) -> _Frame | None:
        """Return the innermost inline element that a tag opened, in the current block."""
        for frame in reversed(self._stack):
            if frame.tag not in _WITHIN_A_LINE:
                return None
            if frame.opened_by == tag or (frame.tag == "code" and tag in _CODE):
                return frame
        return None

    def _end_inline(self, tag: str) -> None:
        if frame := self._open_within_line(tag):
            self._end_frame(frame)

    def _end_frame(self, frame: _Frame) -> None:
        while self._stack[-1] is not frame:
            self._close(self._stack[-1])
        self._close(frame)

    def _picture(self, markdown: str) -> None:
        """Add an image; within code, where Markdown has none, it interrupts or follows the code."""
        top = self._stack[-1]
        if top.tag == "pre":
            top.blocks.append(markdown)
            return
        if top.tag == "code":
            self._close(top)
        self._stack[-1].line.append(markdown)
        if top.tag == "code":
            self._stack.append(top.again())

    def _in_pre(self, tag: str) -> None:
        """Keep words apart that stand in blocks of their own."""
        line = self._stack[-1].line
        if tag in ("td", "th"):
            line.append(" ")
        elif tag == "br" or (
            (tag in ("div", "hr") or tag in _BLOCKS or tag in _STRUCTURE)
            and line
            and not line[-1].endswith("\n")
        ):
            line.append("\n")

    # Structure: lists, tables, headings, quotes, code

    def _start_structure(self, tag: str, given: dict[str, str]) -> None:
        if len(self._stack) >= DEPTH_MOST or tag in ("thead", "tbody", "tfoot"):
            self._flush()
        elif tag in _LISTS:
            start = given.get("start", "")
            number = int(start) if re.fullmatch(r"[0-9]{1,6}", start) else 1
            self._push(_Frame("ol" if tag == "ol" else "ul", number=number), given)
        elif tag == "li":
            self._until("li", ("ul", "ol"))
            self._push(_Frame("li"), given)
        elif tag == "tr":
            self._until("tr", ("table",))
            if self._block().tag == "table":
                self._push(_Frame("tr"), given)
            else:
                self._flush()
        elif tag in ("td", "th"):
            self._until("td", ("tr", "table"))
            if self._block().tag == "table":
                # HTML allows the tag of the row to be left out.
                self._push(_Frame("tr"), {})
            if self._block().tag == "tr":
                self._push(_Frame("td"), given)
            else:
                self._flush()
        else:
            self._push(_Frame(tag), given)

    def _push(self, frame: _Frame, given: dict[str, str]) -> None:
        """Open an element with blocks, and in it the emphasis that is around it."""
        self._flush()
        block = self._block()
        frame.around = [*block.around] if block.tag in _CONTAINERS else []
        frame.around += self._stack[self._stack.index(block) + 1 :]
        if marks := styles.marks("", given):
            frame.around.append(_Frame("mark", marks=marks))
        self._stack.append(frame)
        if frame.tag not in _CONTAINERS and frame.tag != "pre":
            room = max(0, DEPTH_MOST - len(self._stack))
            self._stack += [each.again() for each in frame.around if each.tag != "small"][:room]

    def _end_structure(self, tag: str) -> None:
        for frame in reversed(self._stack[1:]):
            if frame.tag == tag:
                self._end_frame(frame)
                return
        self._flush()

    def _until(self, tag: str, parents: tuple[str, ...]) -> None:
        """Close elements whose end tags are left out, as HTML allows."""
        for frame in reversed(self._stack[1:]):
            if frame.tag in parents:
                return
            if frame.tag == tag:
                self._end_frame(frame)
                return

    def _block(self) -> _Frame:
        """Return the innermost element that contains blocks."""
        return next(frame for frame in reversed(self._stack) if frame.tag not in _WITHIN_A_LINE)

    def _flush(self) -> None:
        """End the current line as a block; open emphasis ends there, and goes on after it."""
        again: list[_Frame] = []
        while self._stack[-1].tag in _WITHIN_A_LINE:
            again.append(self._stack[-1].again())
            self._close(self._stack[-1])
        top = self._stack[-1]
        if top.tag != "pre":
            if text := inline.finish("".join(top.line)):
                top.blocks.append(text)
            top.line.clear()
        self._stack += reversed(again)

    def _close(self, frame: _Frame) -> None:
        """End the innermost element and add its Markdown to the one around it."""
        if frame.tag in _WITHIN_A_LINE:
            self._stack.pop()
            self._stack[-1].line.append(_in_line(frame))
            return
        if frame.tag != "pre":
            self._flush()
            while self._stack[-1] is not frame:
                self._stack.pop()
        self._stack.pop()
        around = self._block()
        if frame.tag == "td":
            around.rows.append(frame.blocks)
        elif frame.tag == "tr":
            around.rows.append([tables.cell(blocks) for blocks in frame.rows])
            around.blocks += frame.blocks
        elif text := _as_block(frame, around):
            around.blocks.append(text)


def _inline_frames(tag: str, given: dict[str, str]) -> list[_Frame]:
    """Return the frame of an inline element; none for one that changes nothing."""
    if tag == "a" and given.get("href"):
        return [_Frame("a", href=given["href"], opened_by=tag)]
    if tag in _SMALL:
        return [_Frame("small", opened_by=tag)]
    if tag in _CODE:
        return [_Frame("code", opened_by=tag)]
    if tag in styles.MARKS or tag in ("span", "font") or "style" in given:
        return [_Frame("mark", marks=styles.marks(tag, given), opened_by=tag)]
    return []


def _medium(tag: str, source: str) -> str:
    if tag in ("embed", "iframe", "frame"):
        return inline.link(escape(source), source)
    return f"[sound:{source}]"


def _in_line(frame: _Frame) -> str:
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


def _as_block(frame: _Frame, around: _Frame) -> str:
    """Return an element that has ended as Markdown."""
    if frame.tag == "pre":
        return "\n\n".join(filter(None, [inline.fenced("".join(frame.line)), *frame.blocks]))
    if frame.tag == "table":
        return tables.table(frame.rows, frame.blocks)
    if frame.tag in _HEADINGS:
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
