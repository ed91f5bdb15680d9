"""Sections: the parts of a text that one request for cards covers, as large as the model takes."""

from collections.abc import Iterable
from dataclasses import dataclass

from flashcards.drafting.prose import paragraphs
from memoryloop.llm.tokens import middle_left_out, most_tokens
from memoryloop.words import count_words

SECTION_WORDS = 600
# A paragraph longer than this is cut at a line or a space.
SECTION_CHARACTERS = 9_000
# The room of a small window that is not taken by the instructions: for the text, and for the
# questions that are not to be asked again. The rest is for the cards, which say a part of the text
# twice, in their answers and in their quotes.
_TEXT_SHARE = 0.3
_KNOWN_SHARE = 0.1
# The JSON Schema of cards and the words around a text.
FRAME_TOKENS = 450
_LEAST_TOKENS = 60
# Chinese and Japanese write no space after a sentence; Hindi and Urdu have full stops of their own.
_SENTENCE_ENDS = (". ", "\u3002", "\uff01", "\uff1f", "\u0964", "\u06d4")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a text that one request covers; `start` and `end` are offsets."""

    start: int
    end: int
    words: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each part goes into one request, in tokens; None for as much as there is."""

    text: int | None = None
    known: int | None = None

    @classmethod
    def of(cls, window: int | None, instructions: str) -> "Sizes":
        if window is None:
            return cls()
        left = window - most_tokens([instructions]) - FRAME_TOKENS
        return cls(
            max(_LEAST_TOKENS, int(left * _TEXT_SHARE)),
            max(_LEAST_TOKENS, int(left * _KNOWN_SHARE)),
        )

    def sections(self, text: str) -> list[Section]:
        """Return the sections of a text, each of which fits."""
        return sections(text, most_characters=self.characters(text))

    def cut(self, text: str) -> str:
        """Return a text, of which the middle is left out where it does not fit with others."""
        return text if self.text is None else middle_left_out(text, max(16, self.text // 2))

    def characters(self, text: str) -> int:
        """Return how many characters of a text fit, as many bytes as its characters have."""
        if self.text is None or not text:
            return SECTION_CHARACTERS
        bytes_each = len(text.encode("utf-8", "replace")) / len(text)
        return min(SECTION_CHARACTERS, max(1, int(self.text * 3 / bytes_each)))


def sections(text: str, *, most_characters: int = SECTION_CHARACTERS) -> list[Section]:
    """Return the sections of a text: about 600 words each, cut between paragraphs if possible.

    None is longer than `most_characters`, as far as its paragraphs can be cut.
    """
    found: list[Section] = []
    start = end = None
    words = 0
    for piece_start, piece_end in _pieces(text, most_characters):
        count = count_words(text[piece_start:piece_end])
        full = words + count > SECTION_WORDS * 1.2 and words >= SECTION_WORDS * 0.4
        if start is not None and end is not None and (full or piece_end - start > most_characters):
            found.append(Section(start, end, words))
            start, words = None, 0
        start = piece_start if start is None else start
        end = piece_end
        words += count
    if start is not None and end is not None:
        found.append(Section(start, end, words))
    return found


def _pieces(text: str, most: int) -> Iterable[tuple[int, int]]:
    """Yield the paragraphs; a very long one is cut into pieces."""
    for start, end in paragraphs(text):
        while end - start > most:
            window = text[start : start + most]
            at = max(window.rfind("\n"), *(window.rfind(mark) + 1 for mark in _SENTENCE_ENDS))
            if at < most // 2:
                at = window.rfind(" ")
            at = at if at > 0 else most
            yield start, start + at
            start += at
        yield start, end
