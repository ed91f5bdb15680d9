"""Near cards: which cards are nearest to an idea or a line, and how well each fits.

A card is judged by what it means and by the words of the text that it has, as the tutor judges
what bears on a question. `python -m tests.benchmarks.coverage` and `goal_lines` measure how well.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from flashcards import store
from flashcards.domain.records import Flashcard
from flashcards.search.evidence import COMMON_WEIGHT, Searched
from flashcards.store import Numbers, cards
from memoryloop import search_words
from memoryloop.embeddings import embedder_named

# How much it counts that a card has the words of the text, beside what it means.
WORDS_WEIGHT = 0.5
_CARDS_AT_ONCE = 4_096


@dataclass(frozen=True)
class Near:
    card: Flashcard
    # Of the vectors of the text and the card; 0 where meaning was not compared.
    cosine: float
    # How well the card fits: 1.5 at most, 0 or less for what is unrelated.
    fit: float


@dataclass(frozen=True)
class Found:
    # For each text the nearest cards, those that fit best first.
    near: list[list[Near]]
    # The cosine distance from which texts are unrelated for the model.
    unrelated: float
    # The cards that were asked for besides, as far as they are there.
    also: dict[UUID, Flashcard]


def find(
    owner_id: UUID, texts: Sequence[str], *, candidates: int, also: Iterable[UUID] = ()
) -> Found:
    """Return the nearest cards of each text, at most `candidates`. Raises EmbeddingError.

    Two SQL queries, two reads of the store and a run of the embedding model over the texts.
    """
    serving = store.read_vector_sets().serving
    ids, vectors = store.vectors(owner_id)
    if not ids or not texts:
        return Found([[] for _ in texts], serving.unrelated, read_cards(owner_id, also))
    asked = embedder_named(serving.model).embed(texts)
    places, cosines = _nearest(asked, vectors, candidates)
    asked_for = set(also)
    wanted = asked_for | {ids[place] for place in np.unique(places).tolist()}
    known = read_cards(owner_id, wanted)
    near = []
    for text, nearest, likeness in zip(texts, places.tolist(), cosines.tolist(), strict=True):
        cosine_of = {ids[place]: cosine for place, cosine in zip(nearest, likeness, strict=True)}
        near.append(_judged(text, known, cosine_of, serving.unrelated))
    return Found(near, serving.unrelated, {each: known[each] for each in asked_for & set(known)})


def read_cards(owner_id: UUID, card_ids: Iterable[UUID]) -> dict[UUID, Flashcard]:
    wanted = sorted(card_ids)
    return dict(cards.for_owner(owner_id).in_bulk(wanted)) if wanted else {}


def fit(text: str, card: Flashcard, *, cosine: float, unrelated: float) -> float:
    """Return how well a card fits a text: 1.5 at most, 0 or less for what is unrelated."""
    return _fit(_searched(text, {card.id: cosine}, unrelated), card)


def one_of_each_note(ranked: Iterable[Near]) -> list[Near]:
    """Return the first card of each note, in their order."""
    best: dict[UUID, Near] = {}
    for each in ranked:
        best.setdefault(each.card.note_id, each)
    return list(best.values())


def _judged(
    text: str, known: Mapping[UUID, Flashcard], cosine_of: Mapping[UUID, float], unrelated: float
) -> list[Near]:
    searched = _searched(text, cosine_of, unrelated)
    found = [
        Near(known[each], cosine, _fit(searched, known[each]))
        for each, cosine in cosine_of.items()
        if each in known
    ]
    return sorted(found, key=lambda each: (-each.fit, str(each.card.id)))


def _searched(text: str, cosine_of: Mapping[UUID, float], unrelated: float) -> Searched:
    terms = search_words.terms(text)
    weights = {term.word: COMMON_WEIGHT if term.is_common else 1.0 for term in terms}
    distances = {each: 1 - cosine for each, cosine in cosine_of.items()}
    # The phrase and words spelt alike do not count.
    return Searched("", terms, weights, frozenset(), distances, unrelated)


def _fit(searched: Searched, card: Flashcard) -> float:
    evidence = searched.evidence(card)
    return 0.0 if evidence is None else evidence.nearness + WORDS_WEIGHT * evidence.cover


def _nearest(asked: Numbers, vectors: Numbers, most: int) -> tuple[Numbers, Numbers]:
    """Return (texts, at most `most`) places of the nearest cards, and their cosines.

    A part of the cards at a time: all cosines of 300 lines and 100,000 cards take 120 MB.
    """
    places = np.empty((len(asked), 0), dtype=np.int64)
    cosines = np.empty((len(asked), 0), dtype=np.float32)
    for start in range(0, len(vectors), _CARDS_AT_ONCE):
        part = asked @ vectors[start : start + _CARDS_AT_ONCE].astype(np.float32).T
        here = np.broadcast_to(np.arange(start, start + part.shape[1]), part.shape)
        cosines = np.concatenate([cosines, part], axis=1)
        places = np.concatenate([places, here], axis=1)
        if cosines.shape[1] > most:
            best = np.argpartition(-cosines, most, axis=1)[:, :most]
            cosines = np.take_along_axis(cosines, best, axis=1)
            places = np.take_along_axis(places, best, axis=1)
    return places, cosines
