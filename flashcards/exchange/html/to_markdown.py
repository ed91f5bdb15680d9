"""The converter from HTML to Markdown: keeps all words, and the formatting that Markdown has.

It does not sanitise: the Markdown is sanitised where it becomes HTML again.
"""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

from flashcards.exchange.html import inline, tables
from flashcards.exchange.html.inline import BOLD, BREAK, ITALIC, LINE, STRUCK, escape

# Elements that are nested deeper are flattened.
DEPTH_MOST = 24
# Of a longer text only the words are kept.
MAX_CHARACTERS = 100_000
Image = Callable[[str, str], str]

_BLOCKS = {
    "address", "article", "aside", "center", "dd", "details", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "header", "main", "nav", "section", "summary", "caption",
}  # fmt: skip
_MARKS = {
    "b": BOLD, "strong": BOLD, "i": ITALIC, "em": ITALIC, "cite": ITALIC, "var": ITALIC,
    "s": STRUCK, "strike": STRUCK, "del": STRUCK,
}  # fmt: skip
_CODE = {"code", "tt", "kbd", "samp"}
_DROPPED = {"script", "style", "head", "title", "svg", "input", "select", "textarea", "template"}
_VOID = {"br", "hr", "img", "input", "wbr", "meta", "link", "source", "col"}
_SMALL = {"sub": inline.subscript, "sup": inline.superscript}
_FORMULA_STARTS = re.compile(
    r"(?P<inline>\\\()|(?P<display>\\\[)|(?P<dollar>\[\$\])|(?P<dollars>\[\$\$\])"
    r"|(?P<latex>\[latex\])|(?P<mathjax><anki-mathjax(?P<block>[^>]*)>)",
    re.IGNORECASE,
)
_FORMULA_ENDS = {
    "inline": re.compile(r"\\\)"),
    "display": re.compile(r"\\\]"),
    "dollar": re.compile(r"\[/\$\]"),
    "dollars": re.compile(r"\[/\$\$\]"),
    "latex": re.compile(r"\[/latex\]", re.IGNORECASE),
    "mathjax": re.compile(r"</anki-mathjax>", re.IGNORECASE),
}
_WITHIN_LATEX = (("$$", "$$", True), ("\\[", "\\]", True), ("$", "$", False))
_TAG = re.compile(r"<[^>]*>")
_BR = re.compile(r"<(?:br|/?div|/?p)\b[^>]*>", re.IGNORECASE)
# Placeholders for formulas while the HTML is read: private characters.
_PLACEHOLDER = re.compile("\ue000([0-9]+)\ue001")
_PLAIN = re.compile(r"[<&\ue000-\ue01f\x00-\x08]|\\[(\[]|\[\$|\[latex", re.IGNORECASE)
_PRIVATE = re.compile("[\ue000-\ue01f]")


def convert(source: str, image: Image | None = None) -> str:
    """Return HTML as Markdown. `image` returns the Markdown of an image by its address and text."""
    if not _PLAIN.search(source):
        return inline.finish(escape(source))
    if len(source) > MAX_CHARACTERS:
        return escape(plain(source))
    text, formulas = _hold_formulas(_PRIVATE.sub("", source))
    reader = _Reader(image or _no_image)
    reader.feed(text)
    reader.close()
    return _PLACEHOLDER.sub(lambda match: formulas[int(match[1])], reader.result()).strip()


def _hold_formulas(source: str) -> tuple[str, list[str]]:
    """Return HTML with a sign in place of each formula, and the formulas as Markdown.

    What begins as a formula and has no end is text. An end is looked for only as long as there
    are any, so that a text of nothing but beginnings takes no longer than another.
    """
    formulas: list[str] = []
    parts: list[str] = []
    endless: set[str] = set()
    done = at = 0
    while start := _FORMULA_STARTS.search(source, at):
        at = start.start() + 1
        name = next(name for name in _FORMULA_ENDS if start[name] is not None)
        if name in endless:
            continue
        end = _FORMULA_ENDS[name].search(source, start.end())
        if end is None:
            endless.add(name)
            continue
        formulas.append(_formula(name, source[start.end() : end.start()], start["block"] or ""))
        parts += [source[done : start.start()], f"\ue000{len(formulas) - 1}\ue001"]
        done = at = end.end()
    return "".join([*parts, source[done:]]), formulas


def plain(source: str) -> str:
    """Return the words of HTML on one line, without any markup."""
    text = html.unescape(_TAG.sub(" ", re.sub(r"(?is)<(script|style).*?</\1>", "", source)))
    return " ".join(text.split())


def _formula(name: str, text: str, attributes: str) -> str:
    is_block = bool(re.search(r"block=.?true", attributes))
    latex = html.unescape(_TAG.sub("", _BR.sub("\n", text))).replace("\xa0", " ")
    latex = "\n".join(line.strip() for line in latex.split("\n") if line.strip())
    if name == "latex":
        # A LaTeX document, which mostly contains one formula.
        for opening, closing, shown in _WITHIN_LATEX:
            if len(latex) > 2 and latex.startswith(opening) and latex.endswith(closing):
                latex, is_block = latex[len(opening) : -len(closing)].strip(), shown
                break
        else:
            is_block = True
    if is_block or name in ("display", "dollars"):
        return f"\\[{latex}\\]"
    return f"\\({latex}\\)"


def _no_image(source: str, alt: str) -> str:
    return f"[image: {escape(alt or source)}]"


@dataclass
class _Frame:
    """An element that is being read: one that contains blocks, or an inline one."""

    tag: str
    blocks: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    mark: str = ""
    href: str = ""
    number: int = 1
    rows: list[list[str]] = field(default_factory=list)


_WITHIN_A_LINE = {"mark", "a", "small", "code"}


class _Reader(HTMLParser):
    def __init__(self, image: Image) -> None:
        super().__init__(convert_charrefs=True)
        self._image = image
        self._stack = [_Frame("root")]
        self._dropped: list[str] = []

    def result(self) -> str:
        while len(self._stack) > 1:
            self._close(self._stack[-1])
        self._flush()
        return "\n\n".join(self._stack[0].blocks)

    # Called by the parser

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropped or tag in _DROPPED:
            if tag not in _VOID:
                self._dropped.append(tag)
            return
        given = {name: value or "" for name, value in attrs}
        top = self._stack[-1]
        if top.tag in ("pre", "code"):
            if tag == "br":
                top.line.append("\n")
            return
        if tag == "br":
            top.line.append(BREAK)
        elif tag == "div":
            top.line.append(LINE)
        elif tag in ("p", "hr") or tag in _BLOCKS:
            self._flush()
            if tag == "hr":
                self._block().blocks.append("---")
        elif tag == "img":
            top.line.append(self._image(given.get("src", ""), given.get("alt", "")))
        elif tag in ("audio", "video", "source", "object"):
            if source := given.get("src") or given.get("data"):
                top.line.append(f"[sound:{source}]")
        elif tag == "rt":
            top.line.append("(")
        elif len(self._stack) >= DEPTH_MOST:
            return
        elif frame := _inline_frame(tag, given):
            self._stack.append(frame)
        else:
            self._open_block(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if self._dropped:
            if tag in self._dropped:
                while self._dropped.pop() != tag:
                    continue
            return
        if tag == "div":
            self._stack[-1].line.append(LINE)
        elif tag == "p" or tag in _BLOCKS:
            self._flush()
        elif tag == "rt":
            self._stack[-1].line.append(")")
        else:
            for frame in reversed(self._stack[1:]):
                if _opened_by(frame) == tag or (frame.tag == "code" and tag in _CODE):
                    while self._stack[-1] is not frame:
                        self._close(self._stack[-1])
                    self._close(frame)
                    return

    def handle_data(self, data: str) -> None:
        if self._dropped:
            return
        top = self._stack[-1]
        if top.tag in ("ul", "ol", "table", "tr") and not data.strip():
            return
        top.line.append(data if top.tag in ("pre", "code") else escape(data))

    # Blocks

    def _open_block(self, tag: str, given: dict[str, str]) -> None:
        if tag in ("ul", "ol"):
            start = given.get("start", "")
            self._push(_Frame(tag, number=int(start) if re.fullmatch(r"\d{1,6}", start) else 1))
        elif tag == "li":
            self._until("li", ("ul", "ol"))
            self._push(_Frame("li"))
        elif tag in ("blockquote", "pre", "table") or re.fullmatch(r"h[1-6]", tag):
            self._push(_Frame(tag))
        elif tag == "tr":
            self._until("tr", ("table",))
            self._push(_Frame("tr"))
        elif tag in ("td", "th"):
            self._until("td", ("tr", "table"))
            if self._stack[-1].tag == "tr":
                self._push(_Frame("td"))

    def _push(self, frame: _Frame) -> None:
        self._flush()
        self._stack.append(frame)

    def _until(self, tag: str, parents: tuple[str, ...]) -> None:
        """Close elements whose end tags are left out, as HTML allows."""
        for frame in reversed(self._stack[1:]):
            if frame.tag in parents:
                return
            if frame.tag == tag:
                while self._stack[-1] is not frame:
                    self._close(self._stack[-1])
                self._close(frame)
                return

    def _block(self) -> _Frame:
        """Return the innermost element that contains blocks."""
        return next(frame for frame in reversed(self._stack) if frame.tag not in _WITHIN_A_LINE)

    def _flush(self) -> None:
        """End the current line as a block; open emphasis ends there, and goes on after it."""
        again: list[_Frame] = []
        while self._stack[-1].tag in _WITHIN_A_LINE:
            frame = self._stack[-1]
            again.append(_Frame(frame.tag, mark=frame.mark, href=frame.href))
            self._close(frame)
        top = self._stack[-1]
        if top.tag != "pre" and (text := inline.finish("".join(top.line))):
            top.blocks.append(text)
        if top.tag != "pre":
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
        around = self._stack[-1]
        if frame.tag == "td" and around.tag == "tr":
            around.rows.append(frame.blocks)
        elif frame.tag == "tr" and around.tag == "table":
            around.rows.append([tables.cell(blocks) for blocks in frame.rows])
        elif text := _as_block(frame, around):
            around.blocks.append(text)


def _inline_frame(tag: str, given: dict[str, str]) -> _Frame | None:
    """Return the frame of an inline element; None for others."""
    if tag == "a" and given.get("href"):
        return _Frame("a", href=given["href"])
    if tag in _SMALL:
        return _Frame("small", mark=tag)
    if tag in _CODE:
        return _Frame("code")
    if tag in _MARKS or tag in ("span", "font"):
        return _Frame("mark", mark=_MARKS.get(tag) or _styled(given), href=tag)
    return None


def _opened_by(frame: _Frame) -> str:
    if frame.tag == "mark":
        return frame.href
    if frame.tag == "small":
        return frame.mark
    return "td" if frame.tag == "td" else frame.tag


def _styled(given: dict[str, str]) -> str:
    style = given.get("style", "").replace(" ", "").lower()
    if re.search(r"font-weight:(?:bold|[6-9]00)", style):
        return BOLD
    if "font-style:italic" in style:
        return ITALIC
    return STRUCK if "line-through" in style else ""


def _in_line(frame: _Frame) -> str:
    text = "".join(frame.line)
    if frame.tag == "code":
        return inline.code(text)
    if frame.tag == "small":
        return _SMALL[frame.mark](text)
    if frame.tag == "a":
        return inline.link(text, frame.href)
    return inline.marked(text, frame.mark) if frame.mark else text


def _as_block(frame: _Frame, around: _Frame) -> str:
    """Return an element that has ended as Markdown."""
    if frame.tag == "pre":
        return inline.fenced("".join(frame.line))
    if frame.tag == "table":
        return tables.table(frame.rows, frame.blocks)
    if frame.tag.startswith("h") and len(frame.tag) == 2:
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
