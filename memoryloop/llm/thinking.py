"""Keep a reasoning model's thoughts out of its answer."""

_OPEN = "<think>"
_CLOSE = "</think>"


class ThinkFilter:
    """Drop `<think>…</think>` at the head of a streamed answer, wherever the pieces are cut.

    Later on in an answer the tag is text: a learner may ask what it means.
    """

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False
        self._answering = False

    def feed(self, text: str) -> str:
        """Return what of the answer is certain now; may be empty."""
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
        """Return what was held back and turned out to be the answer."""
        held, self._held = self._held, ""
        return "" if self._thinking else held
