"""Markdown rendering: HTML that is safe to show, whoever wrote the text.

Text from a model or a learner becomes HTML only here, and is sanitised once, as the last step.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from memoryloop.markdown.parsing import parser
from memoryloop.markdown.portable import portable
from memoryloop.markdown.sanitising import cleaner

logger = logging.getLogger(__name__)

# Longer texts are shown as they were written. No answer or card is that long.
MAX_CHARACTERS = 500_000
# What is kept of rendered texts, with their HTML: some 30 MB in each process.
KEPT_MAX_CHARACTERS = 16_000_000

__all__ = ["MAX_CHARACTERS", "Kept", "portable", "render", "split_blocks"]


def render(text: str, *, unfinished: bool = False) -> SafeString:
    """Return the HTML of a Markdown text.

    With tables, strikethrough, highlighted code, and formulas as MathML. Never raises: a text that
    cannot be rendered is shown escaped. `unfinished` is for the end of a stream, where a formula
    that is not closed yet is kept together.
    """
    text = normalise(text)
    return _render(text, True) if unfinished else _kept.html_of(text, _render)


def split_blocks(text: str) -> tuple[list[str], str]:
    """Return a growing text's finished top-level blocks and the tail that may still change.

    Joined, they are the text with "\\n" as line ends. Text that is appended later does not change
    the finished blocks. Takes time in proportion to the text, so a stream should call it with the
    previous tail and what came since.
    """
    text = normalise(text)
    complete = text[: text.rfind("\n") + 1]
    if not complete.strip() or len(complete) > MAX_CHARACTERS:
        return [], text
    tokens = parser().block_tokens(complete, unfinished=True)
    if tokens is None:
        return [], text
    blocks = [token for token in tokens if token.level == 0 and token.map and token.nesting >= 0]
    if not blocks:
        return [], text
    lines = complete.split("\n")[:-1]
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line) + 1)
    starts = [token.map[0] for token in blocks if token.map]
    cuts = [offsets[line] for line in starts[1:]]
    last, after = blocks[-1], (blocks[-1].map or [0, 0])[1]
    if last.meta.get("open") and cuts and lines[starts[-1] - 1].strip(" \t"):
        # If this is not a formula in the end, it continues the block above.
        cuts.pop()
    if last.type in _CLOSED_BY_BLANK_LINE and after < len(lines) and not lines[after].strip(" \t"):
        cuts.append(offsets[after + 1])
    finished = [text[start:end] for start, end in zip([0, *cuts], cuts, strict=False)]
    return finished, text[cuts[-1] if cuts else 0 :]


def normalise(text: str) -> str:
    """Return the text with "\\n" as its only line end and no NUL. Keeps prefixes prefixes."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


# Blocks that a blank line ends. It does not end a list, indented code, an open fence or an open
# formula.
_CLOSED_BY_BLANK_LINE = {"paragraph_open", "heading_open", "hr", "table_open"}


def _lines(text: str) -> list[str]:
    """Return the lines with their ends, cut at "\\n" only, as the parser cuts them."""
    return [line + "\n" for line in text.split("\n")[:-1]]


def _render(text: str, unfinished: bool = False) -> SafeString:
    if len(text) > MAX_CHARACTERS:
        return _as_written(text)
    try:
        html = parser().html(text, unfinished=unfinished)
        if html is None:
            return _as_written(text)
        return mark_safe(cleaner.clean(html))  # noqa: S308 - sanitised in this line
    except Exception:
        # An error in a parser, found by a hostile text: the learner still reads the words.
        logger.exception("A text of %d characters could not be rendered.", len(text))
        return _as_written(text)


def _as_written(text: str) -> SafeString:
    return format_html('<p class="as-written" dir="auto">{}</p>', text)


class Kept:
    """The texts that were rendered last, with their HTML. Threads share one."""

    def __init__(self, most: int = KEPT_MAX_CHARACTERS) -> None:
        self._most = most
        self._found: OrderedDict[str, SafeString] = OrderedDict()
        self._characters = 0
        self._lock = threading.Lock()

    def html_of(self, text: str, render: Callable[[str], SafeString]) -> SafeString:
        """Return the HTML of a text; renders it unless it was rendered lately."""
        with self._lock:
            if text in self._found:
                self._found.move_to_end(text)
                return self._found[text]
        html = render(text)
        with self._lock:
            if text not in self._found:
                self._found[text] = html
                self._characters += len(text) + len(html)
            while self._characters > self._most:
                old, old_html = self._found.popitem(last=False)
                self._characters -= len(old) + len(old_html)
        return html


# A page of fifty messages renders the new ones only.
_kept = Kept()
