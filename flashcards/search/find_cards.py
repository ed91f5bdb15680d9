"""The one search: a learner's cards by words, by likeness of spelling and by meaning, as one list.

The store names candidates by its indexes; here each gets a score from what it has of the search.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from flashcards import store
from flashcards.cards import embedding
from flashcards.domain.records import Flashcard
from flashcards.search.evidence import FARTHEST, Evidence, Found, Searched
from memoryloop import search_words
from memoryloop.embeddings import EmbeddingError

# A longer text is cut: a search has no more words than this that tell.
LONGEST_CHARACTERS = 2_000
# Cards that the store names by their words, and by their meaning, for each that is asked for.
DEPTH = 3
CANDIDATES_LEAST = 40
# Scores from which a card is likely what was meant, and from which it is worth a look where no card
# has all of the words. Of 222 searches 19 in 20 have a right card above the second; few of those do
# that no card is about.
LIKELY, WORTH_A_LOOK = 0.05, 0.01


@dataclass(frozen=True, slots=True)
class FoundCard:
    """A card that was found. `score` is how likely it is the card that was meant, 0 to 1."""

    card: Flashcard
    score: float
    # What speaks for it most.
    by: Found
    evidence: Evidence


def find_cards(*, owner_id: UUID, text: str, limit: int) -> list[FoundCard]:
    """Return the owner's cards that fit a text best, the best first; none for a text of no word.

    Anything may be typed: words of a card, some of them misspelt, what it says in other words or
    in another language, a question. Takes three SQL queries and two reads of the store at once;
    cards without a vector yet, and all where the model does not run, are found by their words
    alone.
    """
    text = text[:LONGEST_CHARACTERS]
    terms = search_words.terms(text)
    if not text.strip() or limit <= 0:
        return []
    depth = max(CANDIDATES_LEAST, limit * DEPTH)
    words = store.search_words(owner_id, terms, limit=depth)
    near, unrelated = _near(owner_id, text, depth)
    matches = words.result()
    candidates = {card.id: card for card in matches.cards}
    candidates.update((card.id, card) for _, card in near)
    distances = {card.id: distance for distance, card in near}
    searched = Searched.of(text, terms, matches.counts, len(candidates), distances, unrelated)
    found = []
    for card in candidates.values():
        evidence = searched.evidence(card)
        if evidence is not None:
            found.append(FoundCard(card, evidence.score, evidence.by, evidence))
    # Among equals the newest comes first.
    found.sort(key=lambda each: (each.score, each.card.created_at), reverse=True)
    return found[:limit]


def one_of_each_note(found: Iterable[FoundCard]) -> list[FoundCard]:
    """Return the best card of each note: its siblings say the same."""
    best: dict[UUID, FoundCard] = {}
    for each in found:
        best.setdefault(each.card.note_id, each)
    return list(best.values())


def _near(owner_id: UUID, text: str, limit: int) -> tuple[list[tuple[float, Flashcard]], float]:
    """Return the nearest cards in meaning behind their distances, and what is unrelated."""
    try:
        near = store.nearest_cards(owner_id, embedding.asked(text), limit=limit)
        return near, embedding.unrelated()
    except EmbeddingError:
        return [], FARTHEST
