"""Relevance: which of the cards that a search finds bear on a question, and which it asks for.

The search always finds something; the tutor is told only of what is to the point. The bounds were
chosen by tests/benchmarks/fit_recall.py, with questions that a card is about and others that no
card is about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flashcards.domain.records import Flashcard
from flashcards.search.find_cards import FoundCard, find_cards

# How much it counts that a card has the question's words, beside what it means.
WORDS_WEIGHT = 0.5
# A card that fits so well, and nearly as well as the best, is what is asked for.
ASKED, ASKED_OF_BEST = 0.6, 0.85


@dataclass(frozen=True, slots=True)
class Bounds:
    """How well cards have to fit, as `relevance` says."""

    # Where the best card fits less, no card has to do with the question.
    best: float = 0.13
    # Any other card that is told of fits this well.
    least: float = 0.0
    # A card is beside the point that fits less than this share of the best, if it is also this far
    # behind: the capital of another country.
    of_best: float = 0.58
    behind: float = 0.2


BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class RelevantCard:
    """A card that bears on a question. `relevance` is 1.5 at most."""

    card: Flashcard
    relevance: float
    # Whether the question plainly asks for it.
    is_asked: bool


def relevant_cards(*, owner_id: UUID, text: str, limit: int) -> list[RelevantCard]:
    """Return the owner's cards that bear on a text, the most relevant first, one of each note."""
    found = find_cards(owner_id=owner_id, text=text, limit=limit)
    return choose(found)


def choose(found: Sequence[FoundCard], bounds: Bounds = BOUNDS) -> list[RelevantCard]:
    """Return those of the found cards that are relevant, the most relevant first."""
    ranked = sorted(
        ((relevance(each), each.card) for each in found),
        key=lambda pair: (-pair[0], str(pair[1].id)),
    )
    best = ranked[0][0] if ranked else 0.0
    if best < bounds.best:
        return []
    least = max(bounds.least, min(best * bounds.of_best, best - bounds.behind))
    chosen: dict[UUID, RelevantCard] = {}
    for value, card in ranked:
        if value >= least:
            is_asked = value >= max(ASKED, best * ASKED_OF_BEST)
            # Siblings ask for the same in other ways.
            chosen.setdefault(card.note_id, RelevantCard(card, value, is_asked))
    return list(chosen.values())


def relevance(found: FoundCard) -> float:
    """Return how well a card fits: 0 or less for what is not near and has none of the words."""
    return found.evidence.nearness + WORDS_WEIGHT * found.evidence.spelt
