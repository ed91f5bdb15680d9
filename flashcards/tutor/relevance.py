"""Relevance: which of the cards that a search finds bear on a question, and which it asks for.

The search always finds something; the tutor is told only of what is to the point. The bounds were
found with the questions of tests/benchmarks/data/recall_questions.jsonl, some of which no card is
about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flashcards.domain.records import Flashcard
from flashcards.search.find_cards import FoundCard, find_cards

# How much it counts that a card has the question's words, beside what it means.
WORDS_WEIGHT = 0.5
# A card that fits less has nothing to do with the question, or is beside its point where another
# fits it this much better: the capital of another country.
LEAST, LEAST_OF_BEST = 0.22, 0.58
# A card that fits so well, and nearly as well as the best, is what is asked for.
ASKED, ASKED_OF_BEST = 0.6, 0.85


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


def choose(found: Sequence[FoundCard]) -> list[RelevantCard]:
    """Return those of the found cards that are relevant, the most relevant first."""
    ranked = sorted(
        ((relevance(each), each.card) for each in found),
        key=lambda pair: (-pair[0], str(pair[1].id)),
    )
    best = ranked[0][0] if ranked else 0.0
    chosen: dict[UUID, RelevantCard] = {}
    for value, card in ranked:
        if value >= max(LEAST, best * LEAST_OF_BEST):
            is_asked = value >= max(ASKED, best * ASKED_OF_BEST)
            # Siblings ask for the same in other ways.
            chosen.setdefault(card.note_id, RelevantCard(card, value, is_asked))
    return list(chosen.values())


def relevance(found: FoundCard) -> float:
    """Return how well a card fits: 0 or less for what is not near and has none of the words."""
    return found.evidence.nearness + WORDS_WEIGHT * found.evidence.spelt
