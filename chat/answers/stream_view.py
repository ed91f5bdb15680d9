"""The view of one streaming page: which events bring it up to date with an answer."""

import re
import time

import orjson

from memoryloop import markdown

# Rendering for all pages together takes at most this part of the event loop's time. Beyond it each
# page is rendered less often, and is sent unrendered words meanwhile.
RENDERING_SHARE = 0.25
# The longest time between two renderings of a page.
MAX_RENDER_SECONDS = 2.0
# A longer open block is rendered again only once it has grown by an eighth, and is sent unrendered
# words meanwhile: rendering a block while it grows takes time in proportion to it.
LONG_CHARACTERS = 2_000
_GROWTH = 8
# A pause shorter than this is not worth making.
_UNNOTICED_SECONDS = 0.02

# Words and punctuation that mean nothing in Markdown within a line.
_PLAIN = re.compile(r"(?:[^\W_]|[ ,.;:'\"?!%()’‘“”–—…-])*")
# A line that has begun with a word: it cannot become a list item or a heading any more.
_BEGUN_LINE = re.compile(r"[^\W\d_]{2}")
_LONE_MARKS = ("```", "~~~", "$$")
_PAIRED_MARKS = (("\\(", "\\)"), ("\\[", "\\]"), ("[", "]"), ("<", ">"))

_open_pages = 0


class Page:
    """The state of one streaming page: its open block. Use as a context manager."""

    def __init__(self) -> None:
        self._open = ""
        # The spaces at the end of the block, which its HTML lacks and which the next words need.
        self._space = ""
        # Whether plain words can be added to the rendered block as they are.
        self._settled = False
        self._next_render = 0.0
        # The length of the open block when it was rendered last.
        self._rendered = 0

    def __enter__(self) -> "Page":
        global _open_pages
        _open_pages += 1
        return self

    def __exit__(self, *_exception: object) -> None:
        global _open_pages
        _open_pages -= 1

    def is_slow(self, text: str) -> bool:
        """Tell whether showing a text may take so long that others should not wait for it."""
        return len(self._open) + len(text) > LONG_CHARACTERS and not self._can_wait(text)

    def restart(self, text: str) -> bytes:
        """Return the event that shows a text from its beginning."""
        self._open = ""
        html, tail = self._render(text)
        return event("reset", html=html, tail=tail)

    def add(self, text: str) -> bytes:
        """Return the events that show a text's continuation."""
        if self._can_wait(text):
            self._open += text
            self._settled = self._is_plain(text)
            shown, self._space = self._space + text, ""
            return event("text", text=shown)
        html, tail = self._render(text)
        events = event("append", html=html) if html else b""
        return events + event("tail", html=tail)

    def _is_plain(self, text: str) -> bool:
        return self._settled and bool(_PLAIN.fullmatch(text))

    def _can_wait(self, text: str) -> bool:
        """Tell whether a text can be shown unrendered until more of it has come."""
        grown = len(self._open) + len(text) - self._rendered
        is_early = self._rendered > LONG_CHARACTERS and grown * _GROWTH < self._rendered
        return is_early or time.monotonic() < self._next_render or self._is_plain(text)

    def _render(self, text: str) -> tuple[str, str]:
        """Add text; return the HTML of the blocks that it finished, and of the open one."""
        # The time of this thread, so that waiting for other threads does not count.
        started = time.thread_time()
        finished, self._open = markdown.split_blocks(self._open + text)
        html = markdown.render("".join(finished)) if finished else ""
        tail = markdown.render(self._open, unfinished=True) if self._open.strip() else ""
        self._rendered = len(self._open)
        self._space = self._open[len(self._open.rstrip(" ")) :] if tail else ""
        self._settled = bool(tail) and is_settled(self._open)
        pause = (time.thread_time() - started) * _open_pages / RENDERING_SHARE
        if pause > _UNNOTICED_SECONDS:
            self._next_render = time.monotonic() + min(pause, MAX_RENDER_SECONDS)
        return html, tail


def is_settled(block: str) -> bool:
    """Tell whether plain words added to an open block can be shown without rendering it anew."""
    if not _BEGUN_LINE.search(block, block.rfind("\n") + 1):
        return False
    if any(mark in block for mark in _LONE_MARKS):
        return False
    if block.count("`") % 2 or block.count("$") % 2:
        return False
    return all(block.count(opening) == block.count(end) for opening, end in _PAIRED_MARKS)


def event(name: str, **data: str) -> bytes:
    """Return one server-sent event. JSON has no line ends, so the data is one line."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))
