"""What the page of somebody who watches an answer shows, and the events that keep it up to date."""

import re
import time

import orjson

from memoryloop import markdown

# Rendering for all who watch takes at most this part of the event loop's time: a page is rendered
# less often then, and shows words as they came meanwhile.
RENDERING_SHARE = 0.25
# But that is no longer than this.
MAX_RENDER_SECONDS = 2.0
# A render that makes the others wait for less than this is none to be careful about.
_UNNOTICED_SECONDS = 0.02

# Words and what stands between them: no sign that Markdown gives a meaning to within a line.
_PLAIN = re.compile(r"(?:[^\W_]|[ ,.;:'\"?!%()’‘“”–—…-])*")
# A line that says enough to be what it is: neither a list's number nor a heading's sign any more.
_BEGUN_LINE = re.compile(r"[^\W\d_]{2}")
_LONE_MARKS = ("```", "~~~", "$$")
_PAIRED_MARKS = (("\\(", "\\)"), ("\\[", "\\]"), ("[", "]"), ("<", ">"))

_watching = 0


class Page:
    """What the page of one watcher shows: finished blocks and the open one. Use within `with`."""

    def __init__(self) -> None:
        self._open = ""
        # Spaces that the rendered block lost at its end, and that words which follow need.
        self._space = ""
        # Whether plain words change nothing of the rendered block but its length.
        self._settled = False
        self._rests_until = 0.0

    def __enter__(self) -> "Page":
        global _watching
        _watching += 1
        return self

    def __exit__(self, *_exception: object) -> None:
        global _watching
        _watching -= 1

    def restart(self, text: str) -> bytes:
        """Return the event that shows a text from its beginning."""
        self._open = ""
        html, tail = self._take(text)
        return event("reset", html=html, tail=tail)

    def add(self, text: str) -> bytes:
        """Return the events that show a text's continuation."""
        plain = self._settled and _PLAIN.fullmatch(text)
        if plain or time.monotonic() < self._rests_until:
            self._open += text
            self._settled = bool(plain)
            shown, self._space = self._space + text, ""
            return event("text", text=shown)
        html, tail = self._take(text)
        events = event("append", html=html) if html else b""
        return events + event("tail", html=tail)

    def _take(self, text: str) -> tuple[str, str]:
        # Of this thread, so that waiting for other threads does not count as rendering.
        started = time.thread_time()
        finished, self._open = markdown.split_blocks(self._open + text)
        html = markdown.render("".join(finished)) if finished else ""
        tail = markdown.render(self._open, unfinished=True) if self._open.strip() else ""
        self._space = self._open[len(self._open.rstrip(" ")) :] if tail else ""
        self._settled = bool(tail) and is_settled(self._open)
        fair = (time.thread_time() - started) * _watching / RENDERING_SHARE
        if fair > _UNNOTICED_SECONDS:
            self._rests_until = time.monotonic() + min(fair, MAX_RENDER_SECONDS)
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
