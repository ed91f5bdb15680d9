"""Cards and meaning: give each card its vector, find the cards near a text."""

import dataclasses
from uuid import UUID

from django.db import transaction

from flashcards import store
from flashcards.domain.records import Flashcard
from flashcards.store import Change, cards
from flashcards.store.lance import codec
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

    The model runs before the lock is taken; a card edited meanwhile is left for the next round.
    """
    found = cards.for_owner(owner_id)
    without = list(found.filter(embedding_model="")[:limit])
    if not without:
        return 0
    embedder = get_embedder()
    vectors = embedder.embed([card.embedding_text for card in without])
    with transaction.atomic():
        store.lock_owner(owner_id)
        current = found.in_bulk([card.id for card in without])
        changes = [
            Change(
                dataclasses.replace(current[card.id], embedding_model=embedder.name),
                vector=codec.vector_to_bytes(vector),
            )
            for card, vector in zip(without, vectors, strict=True)
            if card.id in current and current[card.id].text_hash == card.text_hash
        ]
        store.write(changes)
    return len(changes)
