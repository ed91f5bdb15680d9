"""The tokens of HTML: tags and text, in time proportional to the source.

Words are never lost to broken markup: a tag, a comment or a script without an end is text, and so
is a tag that HTML does not have, as in `vector<int>`.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from memoryloop.markdown.mathml import ELEMENTS as MATHML

_NAMES = (
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big "
    "blink blockquote body br button canvas caption center cite code col colgroup data datalist dd "
    "del details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form "
    "frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins isindex "
    "kbd keygen label legend li link listing main map mark marquee menu menuitem meta meter nav "
    "nobr noembed noframes noscript object ol optgroup option output p param picture plaintext pre "
    "progress q rb rp rt rtc ruby s samp script search section select slot small source span "
    "strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time "
    "title tr track tt u ul var video wbr xmp annotation semantics none maction mlabeledtr "
    "maligngroup malignmark mprescripts mscarries mstack"
)
_ELEMENTS = MATHML | set(_NAMES.split())
# What is inside is no text of the page.
_HIDDEN = {name: re.compile(rf"</{name}\b[^<>]*>", re.IGNORECASE) for name in ("script", "style")}
_NAME = re.compile(r"<(/?)([a-zA-Z][^\s/><]*)")
_EMPTY_COMMENT = re.compile("<!---?>")
_PIECE = re.compile(r"[^<>\"']+|\"[^\"]*\"|'[^']*'")
_ANGLE = re.compile("[<>]")
_ATTRIBUTE = re.compile(r"([^\s/>=\"']+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]*)))?")


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Start:
    """A start tag; `attributes` have names in lower case. `is_closed` is written "<name />"."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class End:
    name: str


Token = Text | Start | End


def tokens(source: str) -> Iterator[Token]:
    """Yield the tokens of HTML. Scripts, styles and comments are left out."""
    reader = _Tags(source)
    last = source.rfind(">")
    begun = at = 0
    while 0 <= (start := source.find("<", at)) < last:
        token, end = reader.read(start)
        at = start + 1
        if not end:
            continue
        if begun < start:
            yield Text(html.unescape(source[begun:start]))
        if token is not None:
            yield token
        begun = at = end
    if begun < len(source):
        yield Text(html.unescape(source[begun:]))


class _Tags:
    """Reads the tag or the comment at an offset."""

    def __init__(self, source: str) -> None:
        self._source = source
        # The last of each quotation mark has no other to close it.
        self._last_quotes = (source.rfind('"'), source.rfind("'"))
        # What is known to have no end from here on.
        self._endless: set[str] = set()
        self._drawings = 0
        # Characters that may still be read in vain; after that each "<" is text.
        self._left = 2 * len(source) + 1_000

    def read(self, start: int) -> tuple[Start | End | None, int]:
        """Return what begins at a "<", and the offset of its end: 0 if this is text."""
        source = self._source
        match = _NAME.match(source, start)
        if match is not None:
            name = match[2].lower()
            if not self._drawings and name not in _ELEMENTS and not re.search("[-:]", name):
                return None, 0
            end = self._end_of_tag(match.end()) if self._left > 0 else None
            if end is None:
                return None, 0
            if name == "svg" and source[end - 1] != "/":
                self._drawings = max(0, self._drawings + (-1 if match[1] else 1))
            if match[1]:
                return End(name), end + 1
            if name in _HIDDEN:
                return None, self._end_of_hidden(name, end + 1)
            is_closed = source[end - 1] == "/"
            return Start(name, _attributes(source[match.end() : end]), is_closed), end + 1
        if match := _EMPTY_COMMENT.match(source, start):
            return None, match.end()
        if source.startswith("<!--", start):
            end = -1 if "!--" in self._endless else source.find("-->", start + 4)
            if end < 0:
                self._endless.add("!--")
            return None, end + 3 if end >= 0 else 0
        if source[start + 1 : start + 2] in ("!", "?", "/"):
            return None, source.find(">", start) + 1
        return None, 0

    def _end_of_hidden(self, name: str, at: int) -> int:
        """Return the offset after an element whose content is hidden; after its tag without end."""
        if name in self._endless:
            return at
        match = _HIDDEN[name].search(self._source, at)
        if match is None:
            self._endless.add(name)
        return match.end() if match else at

    def _end_of_tag(self, at: int) -> int | None:
        """Return the offset of the ">" that ends a tag, and is not in quotes; None without one."""
        source, started = self._source, at
        while at < len(source) and source[at] not in "<>":
            if at in self._last_quotes:
                found = _ANGLE.search(source, at)
                at = found.start() if found else len(source)
                break
            piece = _PIECE.match(source, at)
            at = piece.end() if piece else len(source)
        if source[at : at + 1] == ">":
            return at
        self._left -= at - started
        return None


def _attributes(inside: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(inside):
        found.setdefault(name.lower(), html.unescape(next(filter(None, values), "")))
    return found
