"""The thinking filter: a reasoning model's `<think>` block is left out of its answer."""

_OPEN = "<think>"
_CLOSE = "</think>"


class ThinkFilter:
    """Drop `<think>…</think>` at the start of a streamed answer, however the stream is cut.

    Later in an answer the tag is ordinary text: a learner may ask about it.
    """

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False
        self._answering = False

    def feed(self, text: str) -> str:
        """Take the next text; return what certainly belongs to the answer, maybe ""."""
        if self._answering:
            return text
        self._held += text
        while True:
            if self._thinking:
                _, found, rest = self._held.partition(_CLOSE)
                if not found:
                    # The closing tag may be cut: keep as much as can be its beginning.
                    self._held = self._held[-len(_CLOSE) + 1 :]
                    return ""
                self._held, self._thinking = rest, False
            self._held = self._held.lstrip()
            if self._held.startswith(_OPEN):
                self._held, self._thinking = self._held[len(_OPEN) :], True
                continue
            if _OPEN.startswith(self._held):
                return ""
            self._answering = True
            held, self._held = self._held, ""
            return held

    def close(self) -> str:
        """Return the text that was held back and belongs to the answer."""
        held, self._held = self._held, ""
        return "" if self._thinking else held
