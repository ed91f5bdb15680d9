"""The check of a typed answer: where it differs from the card's, and which rating that suggests.

Case, accents, punctuation and spaces do not matter. Whether other words mean the same is judged by
a model (answer_judge.py); without one, only how similar the two texts are is known.
"""

import enum
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from flashcards.domain import card_sides, cloze
from flashcards.domain.records import Flashcard, Kind, Rating
from memoryloop.embeddings import get_embedder
from memoryloop.embeddings.base import EmbeddingError
from memoryloop.markup import without_tags

TYPED_MAX_CHARACTERS = 1_000
# Longer answers are compared word by word: differences in letters would be unreadable.
LETTERS_MOST = 200
# More pairs of equal letters or words are not compared: that may take quadratic time and more.
PAIRS_MOST = 20_000
# From this similarity on it is a typo: one letter in five, and no digit.
TYPO = 0.8
# Cosine of the built-in model's vectors: the same meaning in other words is mostly above it.
ALIKE = 0.72
_WORD = re.compile(r"\w+|[^\w\s]")
_MARKS = re.compile(r"\*\*|(?<!_)__(?!_)|`|\$")
_ASIDE = re.compile(r"\s*\([^()]*\)")


@dataclass(frozen=True)
class Part:
    """A run of letters: in both texts, typed too much, or missing."""

    text: str
    kind: str = "same"


class Outcome(enum.StrEnum):
    """How a typed answer compares with the card's, by its letters."""

    NOTHING = "nothing"
    EXACT = "exact"
    # Only case, accents, punctuation, spaces or what is in brackets differ.
    SPELLING = "spelling"
    TYPO = "typo"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Comparison:
    """A typed answer laid over the card's, and the rating that it suggests."""

    typed: str
    expected: str
    parts: tuple[Part, ...]
    outcome: Outcome
    suggested: Rating

    @property
    def is_right(self) -> bool:
        """Return whether the words agree, so that their meaning needs no judgement."""
        return self.outcome in (Outcome.EXACT, Outcome.SPELLING)

    @property
    def has_extra(self) -> bool:
        return any(part.kind == "extra" for part in self.parts)

    @property
    def has_missing(self) -> bool:
        return any(part.kind == "missing" for part in self.parts)


class Likeness(enum.StrEnum):
    """How similar the meaning of a typed answer is, as far as rules can tell."""

    NUMBERS_DIFFER = "numbers"
    CLOSE = "close"
    NOT_CLOSE = "not_close"
    # The embedder failed.
    UNKNOWN = "unknown"


def expected_of(card: Flashcard) -> str:
    """Return the answer as somebody would type it: of a cloze the hidden words."""
    if card.kind == Kind.CLOZE:
        hidden = [each.words for each in cloze.hidden(card.question, card.ordinal)]
        return ", ".join(_plain(words) for words in hidden)
    return _plain(card_sides.back(card))


def compare(card: Flashcard, typed: str) -> Comparison:
    """Return how a typed answer differs from a card's."""
    typed = " ".join(typed.replace("\x00", "").split())[:TYPED_MAX_CHARACTERS]
    expected = expected_of(card)
    if not typed:
        return Comparison("", expected, (), Outcome.NOTHING, Rating.AGAIN)
    accepted = [expected, _ASIDE.sub("", expected)]
    if any(_key(typed) == _key(each) for each in accepted):
        outcome = Outcome.EXACT if typed == expected else Outcome.SPELLING
        return Comparison(typed, expected, (), outcome, Rating.GOOD)
    parts = tuple(_parts(typed, expected))
    likeness = _likeness(_key(typed), _key(expected))
    if likeness >= TYPO and _numbers(typed) == _numbers(expected):
        return Comparison(typed, expected, parts, Outcome.TYPO, Rating.HARD)
    return Comparison(typed, expected, parts, Outcome.DIFFERENT, Rating.AGAIN)


def by_rules(found: Comparison) -> tuple[Likeness, Rating]:
    """Return how similar the meaning is without asking a model, and the rating it suggests."""
    if _numbers(found.typed) != _numbers(found.expected):
        return Likeness.NUMBERS_DIFFER, Rating.AGAIN
    try:
        one, other = get_embedder().embed([found.typed, found.expected])
    except EmbeddingError:
        return Likeness.UNKNOWN, found.suggested
    if float(one @ other) >= ALIKE:
        return Likeness.CLOSE, max(found.suggested, Rating.HARD)
    return Likeness.NOT_CLOSE, found.suggested


def _numbers(text: str) -> list[str]:
    return sorted(re.findall(r"\d+", text))


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub("", without_tags(text)).split())


def _key(text: str) -> str:
    """Return a text without case, accents, punctuation and needless spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(re.findall(r"\w+", kept)) or " ".join(kept.split())


def _likeness(one: str, other: str) -> float:
    """Return how much two texts agree, 0 to 1; 0 for those that cannot be compared quickly."""
    if max(len(one), len(other)) > TYPED_MAX_CHARACTERS:
        return 0.0
    same, one, other = _without_ends(one, other)
    total = same * 2 + len(one) + len(other)
    if _pairs(one, other) > PAIRS_MOST:
        # Word by word, as there are fewer.
        one_words, other_words = one.split(), other.split()
        if _pairs(one_words, other_words) > PAIRS_MOST:
            return 0.0
        words = SequenceMatcher(None, one_words, other_words, autojunk=False)
        matched = sum(
            len(" ".join(one_words[block.a : block.a + block.size]))
            for block in words.get_matching_blocks()
        )
        return 2 * (same + matched) / total
    letters = SequenceMatcher(None, one, other, autojunk=False)
    matched = sum(block.size for block in letters.get_matching_blocks())
    return 2 * (same + matched) / total if total else 1.0


def _common(one: str, other: str) -> int:
    """Return how many letters two texts have in common at the beginning."""
    letters = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in letters if a != b), min(len(one), len(other)))


def _pairs(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many pairs of equal letters or words two texts have."""
    others = Counter(other)
    return sum(count * others[each] for each, count in Counter(one).items())


def _without_ends(one: str, other: str) -> tuple[int, str, str]:
    """Return the length of what two texts have in common at both ends, and the rest of each."""
    start = _common(one, other)
    one, other = one[start:], other[start:]
    end = _common(one[::-1], other[::-1])
    return start + end, one[: len(one) - end], other[: len(other) - end]


def _parts(typed: str, expected: str) -> Iterator[Part]:
    """Yield the two texts laid over each other; differences of case and accents count as none."""
    letters = max(len(typed), len(expected)) <= LETTERS_MOST
    one, other = (_units(text, letters=letters) for text in (typed, expected))
    gap = "" if letters else " "
    loose, other_loose = ([_loose(unit) for unit in units] for units in (one, other))
    if _pairs(loose, other_loose) > PAIRS_MOST:
        yield Part(_joined(one, gap), "extra")
        yield Part(_joined(other, gap), "missing")
        return
    matcher = SequenceMatcher(None, loose, other_loose, autojunk=False)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
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
