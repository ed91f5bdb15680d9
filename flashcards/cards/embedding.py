"""Embedding: give each card the vector of its text, and find the cards nearest to a text."""

import dataclasses
import math
from collections.abc import Callable
from uuid import UUID

from flashcards import store
from flashcards.cards import batch
from flashcards.cards.change import change_cards
from flashcards.domain.records import Flashcard
from flashcards.store import Change, cards
from memoryloop.embeddings import get_embedder

BATCH_CARDS = 256


def similar_cards(
    *, owner_id: UUID, text: str, limit: int, max_distance: float = 2.0
) -> list[Flashcard]:
    """Return the cards nearest in meaning to a text, nearest first; cosine distance, 0 to 2.

    Cards without a vector yet are absent. Raises EmbeddingError when the model cannot be run.
    """
    vector = get_embedder().embed([text])[0]
    return store.search_meaning(owner_id, vector, limit=limit, max_distance=max_distance)


def embed_cards(*, owner_id: UUID, limit: int = BATCH_CARDS) -> int:
    """Give up to `limit` cards without a vector one. Return how many got it. For the worker.

    The model runs before the owner is locked; a card edited meanwhile is left for the next call.
    """
    without = list(cards.for_owner(owner_id).filter(embedding_model="")[:limit])
    if not without:
        return 0
    embedder = get_embedder()
    vectors = embedder.embed([card.embedding_text for card in without])
    embedded = {
        card.id: (card.text_hash, vector) for card, vector in zip(without, vectors, strict=True)
    }

    def add_vector(card: Flashcard) -> Change | None:
        text_hash, vector = embedded[card.id]
        if card.text_hash != text_hash:
            return None
        named = dataclasses.replace(card, embedding_model=embedder.name)
        return Change(named, vector=vector)

    return len(change_cards(owner_id, list(embedded), add_vector))


def embed_all(
    *,
    owner_id: UUID,
    progress: Callable[[int], None] = lambda _: None,
    seconds: float = math.inf,
) -> bool:
    """Give every card of an owner a vector, for so long. Return whether some are left.

    `progress` gets how many cards each batch had. For the worker. Raises EmbeddingError.
    """

    def embed_next() -> bool:
        embedded = embed_cards(owner_id=owner_id)
        if embedded:
            progress(embedded)
        return embedded > 0

    return batch.run_batches(owner_id, embed_next, seconds=seconds)
