"""Candidates: proposed cards, compared with each other and located in their text."""

import difflib
import enum
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flashcards.domain.cloze import deletions
from flashcards.domain.records import Kind
from memoryloop.folding import fold

CANDIDATES_MAX = 50
# A model's drafts of one text: as many facts as the longest message has.
DRAFTS_MAX = 400
# Prose has an idea worth a card for so many words, by the texts with their facts in
# tests/benchmarks/data. A dense one has twice as many: so many are taken at most.
WORDS_A_FACT = 24
MORE_THAN_EXPECTED = 2
# How much of a quote must be found in the text before its place counts as found.
QUOTE_SIMILARITY = 0.8
# The fuzzy search compares so many places at most: its cost is bounded.
FUZZY_PLACES = 12

_WORD = re.compile(r"\w+")


class Check(enum.StrEnum):
    """What a model said of a card's support in its text. Without one, rules tell.

    A gap that rules chose is unsure: nobody knows whether it hides what matters.
    """

    NONE = ""
    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A proposed card. `start` and `end` are the offsets of its source words in the text."""

    question: str
    answer: str = ""
    kind: Kind = Kind.BASIC
    start: int | None = None
    end: int | None = None
    # Its number among the cards of its section, in the order of the text.
    place: int = 0
    check: Check = Check.NONE


def cards_expected(words: int) -> int:
    """Return about how many cards so many words should give."""
    return max(1, math.ceil(words / WORDS_A_FACT))


def cards_most(words: int) -> int:
    """Return how many cards from so many words are taken at most; a few from a short text."""
    return max(8, math.ceil(cards_expected(words) * MORE_THAN_EXPECTED))


def normalise(question: str, answer: str) -> str:
    """Return a key that is equal for two candidates that differ in case and punctuation only."""
    text = fold(f"{question} | {answer}")
    parts: list[str] = []
    done = 0
    for gap in deletions(text):
        parts += [text[done : gap.start], " ", gap.words, " "]
        done = gap.end
    return " ".join(_WORD.findall("".join([*parts, text[done:]])))


class Seen:
    """The cards that were already proposed or made, to leave out repeated ones."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._keys = {normalise(question, answer) for question, answer in pairs}

    def add(self, candidate: Candidate) -> bool:
        """Return whether the candidate is new, and remember it."""
        key = normalise(candidate.question, candidate.answer)
        if not key or key in self._keys:
            return False
        self._keys.add(key)
        return True


def without_duplicates(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    seen = Seen()
    return (candidate for candidate in candidates if seen.add(candidate))


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """Return the offsets of a quote in the text: exact, then word by word, then similar.

    The first two cost one pass; the last compares a bounded number of places.
    """
    quote = quote.strip()
    if not quote or not text:
        return None
    start = text.find(quote)
    if start >= 0:
        return start, start + len(quote)
    words = [(match.group().casefold(), match.span()) for match in _WORD.finditer(text)]
    wanted = [word.casefold() for word in _WORD.findall(quote)]
    if not wanted or not words:
        return None
    # Word by word: spaces, case, quotation marks and emphasis may differ.
    heads = [at for at, (word, _) in enumerate(words) if word == wanted[0]]
    plain = [word for word, _ in words]
    for at in heads:
        if plain[at : at + len(wanted)] == wanted:
            return words[at][1][0], words[at + len(wanted) - 1][1][1]
    return _locate_similar(wanted, plain, words)


def _locate_similar(
    wanted: list[str], plain: list[str], words: list[tuple[str, tuple[int, int]]]
) -> tuple[int, int] | None:
    """Return the run of words most similar to the wanted ones, if it is similar enough."""
    length = len(wanted)
    if length < 3 or length > 400:
        return None
    bag = set(wanted)
    hits = [word in bag for word in plain]
    # How many wanted words each window of the quote's length has.
    count = sum(hits[:length])
    counts = [count]
    for at in range(length, len(plain)):
        count += hits[at] - hits[at - length]
        counts.append(count)
    likely = sorted(range(len(counts)), key=lambda at: (-counts[at], at))[:FUZZY_PLACES]
    best: tuple[float, int, int] | None = None
    for at in likely:
        if counts[at] < length * 0.6:
            break
        window = plain[at : at + length]
        ratio = difflib.SequenceMatcher(None, window, wanted, autojunk=False).ratio()
        if best is None or ratio > best[0]:
            best = ratio, at, min(at + length, len(words)) - 1
    if best is None or best[0] < QUOTE_SIMILARITY:
        return None
    return words[best[1]][1][0], words[best[2]][1][1]
