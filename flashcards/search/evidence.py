"""Evidence: what a card has of what was searched for, and how likely it is what was meant."""

import enum
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from flashcards.domain.records import Flashcard
from flashcards.domain.search_text import search_text
from memoryloop import search_words
from memoryloop.search_words import Term
from memoryloop.spelling import likeness


class Found(enum.StrEnum):
    """By what a card was found."""

    WORDS = "words"
    SPELLING = "spelling"
    MEANING = "meaning"


# What a word counts that is there as a form of what was typed, or begins with it; as typed it is 1.
FORM, BEGINNING = 0.9, 0.8
COMMON_WEIGHT = 0.1
# All words, some as forms.
WHOLE = 0.85
# What each evidence counts, by tests/benchmarks/fit_finding.py, but for the phrase: it leads.
FEATURES = ("spelt", "whole", "phrase", "nearness", "nearness alone")
CONSTANT, WEIGHTS = -4.66, (5.5, 0.52, 1.0, 2.31, 4.26)
# What is farther away than this is as good as unrelated.
LEAST_NEARNESS = -0.5
FARTHEST = 1.0
_WRITTEN = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a card has of a search, each 1 at most; the last two may be below 0."""

    # Of the words that were typed, by their weights, those that the card has.
    cover: float
    # The same, with what only is spelt alike.
    spelt: float
    # Whether the words stand in the card as they were typed, one behind the other.
    phrase: float
    # The cosine of the angle between the vectors of what was typed and of the card.
    cosine: float
    # The same as a part of the way from what is unrelated for the model, 0, to the same, 1.
    nearness: float
    # Words that no card has, and what stands in this one that is spelt alike.
    alike: tuple[tuple[str, str], ...] = ()

    @property
    def features(self) -> tuple[float, ...]:
        """Return what the score is made of, in the order of WEIGHTS."""
        whole = float(self.cover >= WHOLE)
        near = max(self.nearness, LEAST_NEARNESS)
        return self.spelt, whole, self.phrase, near, near * (1.0 - self.spelt)

    @property
    def score(self) -> float:
        """Return how likely it is the card that was meant, 0 to 1."""
        weighed = sum(w * value for w, value in zip(WEIGHTS, self.features, strict=True))
        return 1 / (1 + math.exp(-(CONSTANT + weighed)))

    @property
    def by(self) -> Found:
        if self.cover >= 0.5:
            return Found.WORDS
        return Found.SPELLING if self.spelt >= 0.5 else Found.MEANING


@dataclass
class Searched:
    """What was typed: its words with their weights, and how near in meaning cards are to it."""

    phrase: str
    terms: Sequence[Term]
    weights: Mapping[str, float]
    unknown: frozenset[str]
    distances: Mapping[UUID, float]
    # The cosine distance from which texts are unrelated for the model.
    unrelated: float

    @classmethod
    def of(
        cls,
        text: str,
        terms: Sequence[Term],
        counts: Mapping[str, int],
        total: int,
        distances: Mapping[UUID, float],
        unrelated: float,
    ) -> "Searched":
        """Weigh the words: the fewer cards have one, the more it tells."""
        total = max([total, *counts.values()])
        weights = {
            term.word: COMMON_WEIGHT
            if term.is_common or term.word not in counts
            else math.log1p(total / (counts[term.word] + 0.5))
            for term in terms
        }
        unknown = frozenset(t.word for t in terms if not t.is_common and not counts.get(t.word))
        phrase = " ".join(search_words.words(text))
        return cls(phrase, terms, weights, unknown, distances, unrelated)

    @cached_property
    def farthest(self) -> float:
        """Return the distance that cards have at least which are not among the nearest."""
        return max(self.distances.values(), default=FARTHEST)

    def evidence(self, card: Flashcard) -> Evidence | None:
        """Return what a card has of it; None for nothing at all."""
        text = search_text(card)
        words = search_words.words(text)
        keys = frozenset(search_words.keys(text))
        there, whole = set(words), sum(self.weights.values()) or 1.0
        cover = spelt = 0.0
        alike: list[tuple[str, str]] = []
        for term in self.terms:
            has = _has(term, there, keys)
            cover += self.weights[term.word] * has
            similar = has
            if not has and term.word in self.unknown:
                similar, word = max((likeness(term.word, word), word) for word in there or {""})
                if similar:
                    alike.append((term.word, word))
            spelt += self.weights[term.word] * similar
        if not spelt and card.id not in self.distances:
            return None
        phrase = float(f" {self.phrase} " in f" {' '.join(words)} ") if self.phrase else 0.0
        distance = self.distances.get(card.id, self.farthest)
        return Evidence(
            cover / whole,
            spelt / whole,
            phrase,
            1.0 - distance,
            1.0 - distance / self.unrelated,
            tuple((typed, _as_written(word, text)) for typed, word in alike),
        )


def _has(term: Term, words: "set[str]", keys: "frozenset[str]") -> float:
    """Return how much of a word is in a text: 1 as typed, less as a form, a beginning, a part."""
    if len(term.groups) > 1 or len(term.word) == 1:
        found = sum(1 for group in term.groups if not group.isdisjoint(keys))
        return found / len(term.groups)
    if term.word in keys:
        return 1.0
    if term.is_in(keys):
        return FORM
    if len(term.word) >= 3 and any(word.startswith(term.word) for word in words):
        return BEGINNING
    return 0.0


def _as_written(word: str, text: str) -> str:
    """Return a plain word as it stands in a text."""
    return next((each for each in _WRITTEN.findall(text) if search_words.plain(each) == word), word)
