"""The reader of HTML elements: what is open at a place, and the Markdown of what has ended.

Markdown has no blocks within emphasis. A list in a coloured span ends the emphasis before it, has
it on the words of each item, and it goes on after the list.
"""

import re
from collections.abc import Callable

from flashcards.exchange.html import inline, styles, tables
from flashcards.exchange.html.file_names import kind_of
from flashcards.exchange.html.frames import (
    CODE,
    CONTAINERS,
    HEADINGS,
    WITHIN_A_LINE,
    Frame,
    add,
    as_block,
    in_line,
    inline_frames,
    medium,
)
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
_LISTS = {"ul", "ol", "dir"}
_PARTS_OF_TABLES = {"table", "tr", "td", "th", "thead", "tbody", "tfoot"}
_STRUCTURE = {"li", "blockquote", "pre"} | HEADINGS | _LISTS | _PARTS_OF_TABLES
# The brackets around a reading, for programs that cannot show it above the word.
_READING_BRACKETS = re.compile(r"[\s()\[\]{}（）［］【】〔〕《》〈〉「」『』｛｝|/・-]*")  # noqa: RUF001
_FENCED = re.compile(r"`{3,}\n")
# Lines that only number those of the code beside them.
_LINE_NUMBERS = re.compile(r"`{3,}\n(?:\s*\d+\n)+`{3,}\Z")
# What HTML shows as it is written, besides <pre>.
_PREFORMATTED = {"listing", "xmp"}
_MEDIA = {"audio", "video", "source", "object", "embed", "iframe", "frame"}
# Inputs whose value is no text of the page.
_SILENT_INPUTS = {"hidden", "checkbox", "radio", "password", "file", "image", "color", "range"}


class Reader:
    """Takes the tokens of HTML one by one; `result` returns the Markdown."""

    def __init__(self, image: Callable[[str, str], str]) -> None:
        self._image = image
        self._stack = [Frame("root")]
        # How many drawings are open, one in the other.
        self._drawings = 0
        self._is_in_brackets = False
        self._is_reading = False

    def take(self, token: Token) -> None:
        if isinstance(token, Text):
            if not (self._is_in_brackets and _READING_BRACKETS.fullmatch(token.text)):
                self._text(token.text)
            return
        self._is_in_brackets = isinstance(token, Start) and token.name == "rp"
        if isinstance(token, Start):
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
        if top.tag in CONTAINERS and not text.strip():
            return
        top.line.append(text if top.tag in ("pre", "code") else escape(text))

    def _start(self, token: Start) -> None:
        tag, given, top = token.name, token.attributes, self._stack[-1]
        if self._drawings or tag == "svg":
            if tag == "svg" and not token.is_closed:
                self._drawings += 1
            top.line.append(" [drawing] " if tag == "svg" else " ")
        elif top.tag == "pre" and tag != "img":
            top.within += tag == top.opened_by
            self._in_pre(tag)
        elif tag == "br":
            top.line.append(BREAK)
        elif top.tag != "code" and _is_preformatted(tag, given):
            self._push(Frame("pre", opened_by=tag), {})
        elif tag == "div" or tag in _BLOCKS:
            self._start_section(tag, given)
        elif tag == "hr":
            self._flush()
            self._block().blocks.append("---")
        elif tag == "img":
            self._picture(self._image(given.get("src", ""), given.get("alt", "")))
        elif tag in _MEDIA:
            if source := given.get("src") or given.get("data"):
                self._start_medium(tag, source)
        elif tag == "input":
            if given.get("type", "").lower() not in _SILENT_INPUTS and given.get("value"):
                top.line.append(f" {escape(given['value'])} ")
        elif tag in ("rt", "rp"):
            self._end_reading()
            if tag == "rt":
                top.line.append("(")
                self._is_reading = True
        elif tag in _STRUCTURE:
            self._start_structure(tag, given)
        elif top.tag != "code" and len(self._stack) < DEPTH_MOST:
            self._stack += inline_frames(tag, given)

    def _end(self, token: End) -> None:
        tag, top = token.name, self._stack[-1]
        if self._drawings:
            self._drawings -= tag == "svg"
            top.line.append(" ")
        elif top.tag == "pre" and tag == top.opened_by:
            self._end_within_pre(top)
        elif top.tag == "pre" and tag != "pre" and tag not in _STRUCTURE:
            self._in_pre(tag)
        elif tag == "div" or tag in _BLOCKS:
            self._end_section(tag)
        elif tag in ("rt", "ruby"):
            self._end_reading()
        elif tag in _STRUCTURE:
            self._end_structure("td" if tag == "th" else "ul" if tag == "dir" else tag)
        elif top.tag != "code" or tag in CODE:
            self._end_inline(tag)

    def _end_reading(self) -> None:
        """Close the brackets of a reading, whose end tag may be left out."""
        if self._is_reading:
            self._stack[-1].line.append(")")
        self._is_reading = False

    # Sections: <div>, <p> and the like, which are no element of Markdown

    def _start_section(self, tag: str, given: dict[str, str]) -> None:
        if tag == "p" and (frame := self._open_within_line("p")):
            # HTML allows its end tag to be left out.
            self._end_frame(frame)
        if tag == "div":
            self._stack[-1].line.append(LINE)
        else:
            self._flush()
        marks = styles.marks(tag, given)
        if marks and len(self._stack) < DEPTH_MOST and self._stack[-1].tag != "code":
            self._stack.append(Frame("mark", marks=marks, opened_by=tag))
        elif frame := self._open_within_line(tag):
            frame.within += 1

    def _end_section(self, tag: str) -> None:
        if frame := self._open_within_line(tag):
            if frame.within:
                frame.within -= 1
            else:
                self._end_frame(frame)
        if tag == "div":
            self._stack[-1].line.append(LINE)
        else:
            self._flush()

    def _open_within_line(self, tag: str) -> Frame | None:
        """Return the innermost inline element that a tag opened, in the current block."""
        for frame in reversed(self._stack):
            if frame.tag not in WITHIN_A_LINE:
                return None
            if frame.opened_by == tag or (frame.tag == "code" and tag in CODE):
                return frame
        return None

    def _end_inline(self, tag: str) -> None:
        if frame := self._open_within_line(tag):
            self._end_frame(frame)

    def _end_frame(self, frame: Frame) -> None:
        while self._stack[-1] is not frame:
            self._close(self._stack[-1])
        self._close(frame)

    def _start_medium(self, tag: str, source: str) -> None:
        is_here = not re.match("https?://", source, re.IGNORECASE)
        if tag in ("audio", "source") and is_here and kind_of(source) == "audio":
            self._picture(self._image(source, ""))
        else:
            self._stack[-1].line.append(medium(tag, source))

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

    def _end_within_pre(self, frame: Frame) -> None:
        """End the element that is preformatted by its style, or one of its kind within it."""
        if frame.within:
            frame.within -= 1
            self._in_pre(frame.opened_by)
        else:
            self._end_frame(frame)

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
            self._push(Frame("ol" if tag == "ol" else "ul", number=number), given)
        elif tag == "li":
            self._until("li", ("ul", "ol"))
            self._push(Frame("li"), given)
        elif tag == "tr":
            self._until("tr", ("table",))
            if self._block().tag == "table":
                self._push(Frame("tr"), given)
            else:
                self._flush()
        elif tag in ("td", "th"):
            self._until("td", ("tr", "table"))
            if self._block().tag == "table":
                # HTML allows the tag of the row to be left out.
                self._push(Frame("tr"), {})
            if self._block().tag == "tr":
                self._push(Frame("td"), given)
            else:
                self._flush()
        else:
            self._push(Frame(tag), given)

    def _push(self, frame: Frame, given: dict[str, str]) -> None:
        """Open an element with blocks, and in it the emphasis that is around it."""
        self._flush()
        block = self._block()
        frame.around = [*block.around] if block.tag in CONTAINERS else []
        frame.around += self._stack[self._stack.index(block) + 1 :]
        if marks := styles.marks("", given):
            frame.around.append(Frame("mark", marks=marks))
        self._stack.append(frame)
        if frame.tag not in CONTAINERS and frame.tag != "pre":
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

    def _block(self) -> Frame:
        """Return the innermost element that contains blocks."""
        return next(frame for frame in reversed(self._stack) if frame.tag not in WITHIN_A_LINE)

    def _flush(self) -> None:
        """End the current line as a block; open emphasis ends there, and goes on after it."""
        again: list[Frame] = []
        while self._stack[-1].tag in WITHIN_A_LINE:
            again.append(self._stack[-1].again())
            self._close(self._stack[-1])
        top = self._stack[-1]
        if top.tag != "pre":
            if text := inline.finish("".join(top.line)):
                top.blocks.append(text)
            top.line.clear()
        self._stack += reversed(again)

    def _close(self, frame: Frame) -> None:
        """End the innermost element and add its Markdown to the one around it."""
        if frame.tag in WITHIN_A_LINE:
            self._stack.pop()
            text = "".join(frame.line)
            if frame.tag == "code" and (lines := inline.lines(text)):
                # Markdown has no lines in a code span.
                self._flush()
                self._block().blocks.append(inline.fenced(lines))
            else:
                self._stack[-1].line.append(in_line(frame))
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
            cells = [block for blocks in frame.rows for block in blocks]
            if any(map(_FENCED.match, cells)):
                # A table that only puts numbers beside lines of code.
                frame.blocks += [each for each in cells if not _LINE_NUMBERS.match(each)]
                frame.rows.clear()
            around.rows.append([tables.cell(blocks) for blocks in frame.rows])
            around.blocks += frame.blocks
        elif text := as_block(frame, around):
            add(text, frame, around)


def _is_preformatted(tag: str, given: dict[str, str]) -> bool:
    """Tell whether an element keeps the lines and indents of its text, by its name or its style."""
    return tag in _PREFORMATTED or (tag not in _PARTS_OF_TABLES and styles.is_preformatted(given))
