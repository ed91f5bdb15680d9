"""Passages: find the words that a learner selected on a page in the text behind it."""

from flashcards.drafting.candidates import locate

# The words before the selection decide between several places with the same words.
BEFORE_CHARACTERS = 120
# A long selection is searched by its two ends.
END_CHARACTERS = 160
SELECTION_MAX_CHARACTERS = 50_000
# In a longer text the search is narrowed by a piece of so many words.
LONG_CHARACTERS = 60_000
PIECE_WORDS = 5


def find(text: str, words: str, before: str = "") -> tuple[int, int] | None:
    """Return the offsets of the selected words, which a page shows without Markdown's markup.

    `before` are the words before them. None if they are not found.
    """
    words, lead = words.strip(), before.strip()[-BEFORE_CHARACTERS:]
    if not words:
        return None
    first, last = _near(text, words)
    found = _find(text[first:last], words, lead)
    return (first + found[0], first + found[1]) if found else None


def _near(text: str, words: str) -> tuple[int, int]:
    """Return the part of a long text that has a piece of the words, if only one has."""
    if len(text) <= LONG_CHARACTERS:
        return 0, len(text)
    listed = words.split()
    reach = 3 * len(words) + 1_000
    for at in range(0, max(1, len(listed) - PIECE_WORDS + 1), PIECE_WORDS):
        piece = " ".join(listed[at : at + PIECE_WORDS])
        place = text.find(piece)
        if place >= 0 and text.find(piece, place + 1) < 0:
            return max(0, place - reach), place + reach
    return 0, len(text)


def _find(text: str, words: str, lead: str) -> tuple[int, int] | None:
    start_at = 0
    if lead:
        led = locate(f"{lead} {words[:END_CHARACTERS]}", text)
        ahead = locate(lead, text[led[0] :]) if led else None
        if led and ahead:
            start_at = led[0] + ahead[1]
    for first in dict.fromkeys((start_at, 0)):
        found = _whole(text[first:], words)
        if found is not None:
            return first + found[0], first + found[1]
    return None


def _whole(text: str, words: str) -> tuple[int, int] | None:
    if len(words) >= 2 * END_CHARACTERS and words not in text:
        head = locate(words[:END_CHARACTERS].rpartition(" ")[0], text)
        tail = locate(words[-END_CHARACTERS:].partition(" ")[2], text[head[1] :]) if head else None
        # Markup and link targets make the text longer, to a limit.
        if head and tail and tail[1] <= 2 * len(words) + END_CHARACTERS:
            return head[0], head[1] + tail[1]
    return locate(words, text)
