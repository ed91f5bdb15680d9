"""Neighbours: the learner's cards nearest in meaning to one of their cards."""

import logging
from uuid import UUID

from flashcards.cards import embedding
from flashcards.domain.records import Flashcard
from memoryloop.embeddings import EmbeddingError

logger = logging.getLogger(__name__)

NEIGHBOURS = 6


def neighbours_of(*, owner_id: UUID, card: Flashcard, limit: int = NEIGHBOURS) -> list[Flashcard]:
    """Return the owner's other cards nearest in meaning, nearest first.

    Returns none while the model cannot be run; cards without a vector yet are left out.
    """
    try:
        found = embedding.similar_cards(
            owner_id=owner_id,
            text=card.embedding_text,
            limit=limit + 1,
            max_distance=embedding.unrelated(),
        )
    except EmbeddingError:
        logger.warning("The neighbours of a card cannot be found now.", exc_info=True)
        return []
    return [near for near in found if near.id != card.id][:limit]
