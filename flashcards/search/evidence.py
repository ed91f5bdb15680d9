"""Evidence: what a card has of what was searched for, and how likely it is what was meant."""

import enum
import math
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
FARTHEST = 1.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a card has of a search, each from 0 to 1."""

    # Of the words that were typed, by their weights, those that the card has.
    cover: float
    # The same, with what only is spelt alike.
    spelt: float
    # Whether the words stand in the card as they were typed, and whether all of it is in one side.
    phrase: float
    # Of the card's words, those that were typed.
    density: float
    # The cosine of the angle between the vectors of what was typed and of the card.
    cosine: float

    @property
    def score(self) -> float:
        weighed = self.spelt + 0.5 * self.phrase + 0.2 * self.density + 1.5 * self.cosine
        return 1 / (1 + math.exp(4 * (1.5 - weighed)))

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

    @classmethod
    def of(
        cls,
        text: str,
        terms: Sequence[Term],
        counts: Mapping[str, int],
        total: int,
        distances: Mapping[UUID, float],
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
        return cls(_phrase(text), terms, weights, unknown, distances)

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
        for term in self.terms:
            has = _has(term, there, keys)
            cover += self.weights[term.word] * has
            alike = has
            if not has and term.word in self.unknown:
                alike = max((likeness(term.word, word) for word in there), default=0.0)
            spelt += self.weights[term.word] * alike
        plain = _phrase(text)
        phrase = float(f" {self.phrase} " in f" {plain} ") if self.phrase else 0.0
        matched = sum(1 for word in there if any(word in t.keys for t in self.terms))
        density = matched / math.sqrt(len(there) * max(len(self.terms), 1)) if there else 0.0
        distance = self.distances.get(card.id, self.farthest)
        if not spelt and card.id not in self.distances:
            return None
        return Evidence(cover / whole, spelt / whole, phrase, min(density, 1.0), 1.0 - distance)


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


def _phrase(text: str) -> str:
    return " ".join(search_words.words(text))
