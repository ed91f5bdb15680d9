"""Inline Markdown: escaping, emphasis, code, links and line breaks.

While a line is built, emphasis and breaks are single private characters; `finish` replaces them by
Markdown, which depends on the characters beside them.
"""

import re
import unicodedata

from memoryloop.markdown.emphasis import flanking

BREAK, LINE = "\ue002", "\ue003"
# A space of an indent in a code span.
_HARD_SPACE = "\ue00a"
BOLD, ITALIC, STRUCK, UNDERLINED, HIGHLIGHTED = "**", "*", "~~", "<u>", "<mark>"
_OPEN = {
    BOLD: "\ue004", ITALIC: "\ue005", STRUCK: "\ue006", UNDERLINED: "\ue008", HIGHLIGHTED: "\ue009",
}  # fmt: skip
_SIGNS = {opening: mark for mark, opening in _OPEN.items()}
_CLOSE = "\ue007"
_SIGN = re.compile("([\ue004-\ue009])")
_SIGNS_AND_ENDS = re.compile("[\ue004-\ue009]")

# A backslash before characters that Markdown would read as markup.
_SPECIAL = re.compile(
    r"\\(?=[!-/:-@\[-`{-~])"
    r"|[*`]"
    r"|(?<![^\W_])_|_(?![^\W_])"
    r"|~(?=~)"
    r"|!(?=\[)|\](?=\()"
    r"|<(?=[a-zA-Z/!?])"
    r"|&(?=#?\w+;)"
)
_LINE_START = re.compile(
    r"#{1,6}(?=\s|$)|>|[-+](?=\s|$)|-{2,}\s*$|=+\s*$|~{3,}|\||:?-+:?\s*\||\[(?=[^\]\n]*\]:)"
)
_NUMBERED = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_SUPERSCRIPTS = str.maketrans("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
_SUBSCRIPTS = str.maketrans("0123456789+-=()aeoxhklmnpst", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜ")


_LONE_HARD_SPACE = re.compile("(?<![\xa0 ])\xa0(?![\xa0 ])")
_INDENT = re.compile("[\xa0 ]*\xa0[\xa0 ]*")
# Words that end in a link or an image.
_LINK_END = re.compile(r"\]\((?:[^()]*|<[^<>]*>)\)\Z")
# The most characters of punctuation that are moved out of emphasis.
_EDGE_MOST = 10


def escape(text: str) -> str:
    """Return plain text escaped for Markdown."""
    escaped = _SPECIAL.sub(r"\\\g<0>", text)
    if escaped.count("$") > 1:
        # Two dollar signs could be a formula.
        escaped = escaped.replace("$", "\\$")
    return escaped


def marked(text: str, mark: str) -> str:
    """Return text with emphasis around each of its lines, for `finish`."""
    parts = re.split(f"([{BREAK}{LINE}])", text)
    return "".join(
        part if part in (BREAK, LINE) or not part.strip() else f"{_OPEN[mark]}{part}{_CLOSE}"
        for part in parts
    )


def code(text: str) -> str:
    """Return text as a code span, which may contain backticks."""
    # A single space that does not break is one of a word processor, more of them are an indent.
    text = _SIGNS_AND_ENDS.sub("", re.sub(f"[{BREAK}{LINE}]", " ", text))
    text = _LONE_HARD_SPACE.sub(" ", _SPACES.sub(" ", text)).replace("\xa0", _HARD_SPACE)
    if not text.strip():
        return text
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * (longest + 1 if longest else 1)
    space = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def lines(text: str) -> str:
    """Return the lines of code that breaks or blocks cut, "" if it is on one line."""
    if not re.search(f"[{BREAK}{LINE}]", text.strip(f"{BREAK}{LINE} \t\r\n")):
        return ""
    text = re.sub(f"{LINE}+", "\n", _SPACES.sub(" ", text).replace(BREAK, "\n"))
    return _SIGNS_AND_ENDS.sub("", re.sub(" ?\n", "\n", text))


def fenced(text: str) -> str:
    """Return text as a fenced code block."""
    text = text.replace("\xa0", " ").strip("\n")
    if not text.strip():
        return ""
    longest = max((len(run) for run in re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{text}\n{fence}"


def link(text: str, address: str) -> str:
    words = " ".join(re.sub(f"[{BREAK}{LINE}]", " ", text).split())
    address = re.sub(r"[\s<>]", lambda found: f"%{ord(found[0]):02X}", address.strip())
    if not words:
        return ""
    if "(" in address or ")" in address:
        address = f"<{address}>"
    return f"[{words}]({address})"


def subscript(text: str) -> str:
    return _small(text, _SUBSCRIPTS, "sub")


def superscript(text: str) -> str:
    return _small(text, _SUPERSCRIPTS, "sup")


def finish(text: str) -> str:
    """Return a block's text with its line breaks, and emphasis where Markdown can express it.

    An empty line between two lines makes them two paragraphs.
    """
    lines: list[str] = []
    line = ""
    for part in re.split(f"([{BREAK}{LINE}])", text):
        if part == BREAK or (part == LINE and line and not line.isspace()):
            lines.append(line)
            line = ""
        elif part == LINE:
            line = ""
        else:
            line += part
    lines.append(line)
    written = [_line(each) for each in lines]
    paragraphs = re.split(r"\n{2,}", "\n".join(written).strip("\n"))
    return "\n\n".join(each.replace("\n", "  \n") for each in paragraphs if each)


def _line(text: str) -> str:
    return _marked_up(text).replace(_HARD_SPACE, "\xa0")


def _marked_up(text: str) -> str:
    indent = _INDENT.match(text.lstrip(" \t\r\n"))
    text = _emphasised(_SPACES.sub(" ", text.replace("\xa0", " ")).strip()).strip()
    if text and indent and len(indent[0]) > 1:
        # Of code that is written as text.
        return "\xa0" * len(indent[0]) + text
    if _LINE_START.match(text):
        return f"\\{text}"
    return _NUMBERED.sub(r"\1\\\2", text, count=1) if _NUMBERED.match(text) else text


def _emphasised(text: str) -> str:
    """Return a line with Markdown in place of the signs; emphasis within its like is dropped."""
    parts = _SIGN.split(text)
    # Open emphasis from the outside in: its mark ("" if dropped), and the words within.
    open_: list[tuple[str, list[str]]] = [("", [])]
    for at, part in enumerate(parts):
        if part in _SIGNS:
            mark = _SIGNS[part]
            open_.append(("" if any(mark == outer for outer, _ in open_) else mark, []))
        elif part == _CLOSE:
            mark, inside = open_.pop()
            words = "".join(inside)
            if mark:
                before = next((each[-1][-1] for _, each in reversed(open_) if each), "")
                words = _emphasis(mark, words, before, _next_character(parts, at + 1))
            if words:
                open_[-1][1].append(words)
        elif part:
            open_[-1][1].append(part)
    return "".join(words for _, each in open_ for words in each)


def _next_character(parts: list[str], at: int) -> str:
    """Return the character after a place, or the sign of emphasis that opens there."""
    while at < len(parts) and parts[at] in ("", _CLOSE):
        at += 1
    return parts[at][0] if at < len(parts) else ""


def _emphasis(mark: str, words: str, before: str, after: str) -> str:
    """Return emphasised words with their markup, or without where it would be read as text."""
    core = words.strip()
    if not core:
        return words
    at = words.index(core)
    lead, trail = words[:at], words[at + len(core) :]
    if mark in (UNDERLINED, HIGHLIGHTED):
        return f"{lead}{mark}{core}</{mark[1:]}{trail}"
    if mark in core:
        return words
    before, after = lead[-1:] or before, trail[:1] or after
    # Punctuation at an edge keeps Markdown from recognising the emphasis.
    for _ in range(_EDGE_MOST):
        if not core or _is_emphasis(core, before, after):
            break
        if not _is_sign(core[-1]) or not after.strip() or core.endswith(">"):
            break
        if _LINK_END.search(core):
            break
        if len(core) > 1 and core[-2] == "\\":
            break
        shorter = core[:-1].rstrip()
        core, trail = shorter, core[len(shorter) :] + trail
        after = trail[:1]
    if not core or not _is_emphasis(core, before, after):
        return words
    return f"{lead}{mark}{core}{mark}{trail}"


def _is_emphasis(core: str, before: str, after: str) -> bool:
    """Tell whether markup directly around the core is read as emphasis (CommonMark 6.2)."""
    if "*" in (before, after) or core.endswith("\\"):
        return False
    if "*" in (core[0], core[-1]):
        # Beside a star the two runs are one, which is bold and italic if both end together.
        runs = re.findall(r"(?<!\\)\*+", core)
        return len(runs) == 2 and core[0] == core[-1] == "*" and core[-2] != "\\"
    return flanking(before, core)[0] and flanking(core, after)[1]


def _is_sign(character: str) -> bool:
    return bool(character) and unicodedata.category(character)[0] in "PS"


def _small(text: str, table: dict[int, int], tag: str) -> str:
    words = text.strip()
    if words and all(ord(character) in table for character in words):
        return words.translate(table)
    if not words or re.search(f"[{BREAK}{LINE}\ue000]", words):
        return text
    return f"<{tag}>{words}</{tag}>"
