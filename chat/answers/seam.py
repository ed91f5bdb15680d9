"""The seam: where an answer that was cut off and what a model adds to it meet.

A model often begins with a word of its own, without the space before it, or repeats the words that
it was cut off after.
"""

# A longer run without a space is a formula, an address or a script without spaces: it is kept.
_WORD_CHARACTERS = 60
# How far back a repetition is looked for, and how long it is at least.
_LOOKED_BACK = 600
_LEAST_REPEATED = 12
# Letters from here on belong to scripts that are written without spaces.
_EAST_ASIAN = "\u2e80"


def whole_words(text: str) -> str:
    """Return a text without the word at its end, which may be half of one."""
    kept = text.rstrip()
    if kept != text:
        return text
    start = max(text.rfind(space) for space in (" ", "\n", "\t")) + 1
    word = text[start:]
    if not start or len(word) > _WORD_CHARACTERS or any(letter >= _EAST_ASIAN for letter in word):
        return text
    return text[:start]


class Seam:
    """Join what comes to a text: without words that it repeats, and with one space between."""

    def __init__(self, before: str) -> None:
        self._before = before
        self._tail = before[-_LOOKED_BACK:]
        self._held: str | None = ""

    def feed(self, text: str) -> str:
        """Take the next text; return what certainly is new, maybe ""."""
        if self._held is None:
            return text
        self._held += text
        held = self._trimmed(self._held)
        if len(held) < _LEAST_REPEATED:
            return ""
        places = [
            at for at in range(len(self._tail) - _LEAST_REPEATED + 1)
            if self._tail.startswith(held[:_LEAST_REPEATED], at)
        ]  # fmt: skip
        for at in places:
            if held.startswith(self._tail[at:]):
                # Here the repetition reaches the end of the text.
                self._held = None
                return held[len(self._tail) - at :]
            if self._tail.startswith(held, at):
                return ""
        self._held = None
        return held

    def close(self) -> str:
        """Return the text that was held back."""
        held, self._held = self._held, None
        return "" if held is None or held in self._tail else self._trimmed(held)

    def _trimmed(self, text: str) -> str:
        text = text.removeprefix("…").removeprefix("...")
        if self._before.endswith("\n"):
            return text.lstrip("\n")
        return text.lstrip(" ") if self._before.endswith((" ", "\t")) else text
