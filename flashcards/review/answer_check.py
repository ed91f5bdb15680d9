"""What a learner typed beside the answer: where they differ, and which rating that suggests.

Case, accents, punctuation and blanks do not matter. Whether other words mean the same is for a
model to say (judging.py); without one, how much alike the two are is all that is known.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from flashcards.domain import card_sides
from flashcards.domain.cloze import deletions
from flashcards.domain.records import Flashcard, Kind, Rating
from memoryloop.embeddings import get_embedder
from memoryloop.embeddings.base import EmbeddingError

TYPED_MAX_CHARACTERS = 1_000
# Longer answers are compared word by word: letters would be a thicket.
LETTERS_MOST = 200
# So much alike is a slip of the pen: one letter in five, and no digit.
SLIP = 0.8
# Cosine of the built-in model's vectors: the same said in other words is mostly above it.
ALIKE = 0.72
_WORD = re.compile(r"\w+|[^\w\s]")
_MARKS = re.compile(r"\*\*|__|`|\$")
_ASIDE = re.compile(r"\s*\([^()]*\)")


@dataclass(frozen=True)
class Part:
    """A run of letters: in both texts, typed too much, or missing."""

    text: str
    kind: str = "same"


@dataclass(frozen=True)
class Comparison:
    """What the page shows of an answer that was typed."""

    typed: str
    expected: str
    parts: tuple[Part, ...]
    sentence: str
    suggested: Rating
    # Whether the words agree, so that nobody needs to be asked what they mean.
    is_right: bool = False

    @property
    def has_extra(self) -> bool:
        return any(part.kind == "extra" for part in self.parts)

    @property
    def has_missing(self) -> bool:
        return any(part.kind == "missing" for part in self.parts)

    @property
    def spoken(self) -> str:
        """Return the difference for a screen reader."""
        said = [
            f"{name}: {', '.join(part.text.strip() or 'a space' for part in found)}"
            for name, kind in (("Missing", "missing"), ("Too much", "extra"))
            if (found := [part for part in self.parts if part.kind == kind])
        ]
        return f"{'. '.join(said)}." if said else ""


def expected_of(card: Flashcard) -> str:
    """Return the answer as somebody would type it: of a cloze the hidden words."""
    if card.kind == Kind.CLOZE:
        hidden = [each.words for each in deletions(card.question) if each.ordinal == card.ordinal]
        return ", ".join(_plain(words) for words in hidden)
    return _plain(card_sides.back(card))


def compare(card: Flashcard, typed: str) -> Comparison:
    """Return how what was typed differs from a card's answer."""
    typed = " ".join(typed.replace("\x00", "").split())[:TYPED_MAX_CHARACTERS]
    expected = expected_of(card)
    if not typed:
        return Comparison("", expected, (), "You typed nothing.", Rating.AGAIN)
    accepted = [expected, _ASIDE.sub("", expected)]
    if any(_key(typed) == _key(each) for each in accepted):
        exact = typed == expected
        sentence = "Correct." if exact else "Correct, apart from spelling or punctuation."
        return Comparison(typed, expected, (), sentence, Rating.GOOD, is_right=True)
    parts = tuple(_parts(typed, expected))
    likeness = _likeness(_key(typed), _key(expected))
    if likeness >= SLIP and _numbers(typed) == _numbers(expected):
        return Comparison(typed, expected, parts, "Almost: it looks like a typo.", Rating.HARD)
    return Comparison(typed, expected, parts, "Different words than the answer.", Rating.AGAIN)


def by_rules(found: Comparison) -> tuple[str, Rating]:
    """Return what can be said of the meaning without a model, and the rating it suggests."""
    if _numbers(found.typed) != _numbers(found.expected):
        return "Compared without a language model: the numbers differ.", Rating.AGAIN
    try:
        one, other = get_embedder().embed([found.typed, found.expected])
    except EmbeddingError:
        return "", found.suggested
    if float(one @ other) >= ALIKE:
        return (
            "Compared without a language model: close in meaning.",
            max(found.suggested, Rating.HARD),
        )
    return (
        "Compared without a language model: not close in meaning.",
        found.suggested,
    )


def _numbers(text: str) -> list[str]:
    return sorted(re.findall(r"\d+", text))


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub("", text).split())


def _key(text: str) -> str:
    """Return a text without what does not matter."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(re.findall(r"\w+", kept)) or " ".join(kept.split())


def _likeness(one: str, other: str) -> float:
    if max(len(one), len(other)) > TYPED_MAX_CHARACTERS:
        return 0.0
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _parts(typed: str, expected: str) -> Iterator[Part]:
    """Yield the two texts laid over each other; what only differs in writing is the same."""
    letters = max(len(typed), len(expected)) <= LETTERS_MOST
    one, other = (_units(text, letters=letters) for text in (typed, expected))
    loose, other_loose = ([_loose(unit) for unit in units] for units in (one, other))
    matcher = SequenceMatcher(None, loose, other_loose, autojunk=False)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        gap = "" if letters else " "
        if kind == "equal":
            yield Part(_joined(other[other_start:other_end], gap))
            continue
        if end > start:
            yield Part(_joined(one[start:end], gap), "extra")
        if other_end > other_start:
            yield Part(_joined(other[other_start:other_end], gap), "missing")


def _units(text: str, *, letters: bool) -> Sequence[str]:
    return list(text) if letters else _WORD.findall(text)


def _joined(units: Iterable[str], gap: str) -> str:
    return gap.join(units) + gap


def _loose(unit: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unit.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each)) or unit
