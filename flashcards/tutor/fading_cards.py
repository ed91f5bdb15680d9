"""Fading cards: the cards about a topic that the learner is about to forget, for a prompt."""

import logging
import re
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flashcards import scheduling
from flashcards.cards import embedding
from flashcards.domain.card_sides import back, front
from flashcards.domain.records import Flashcard
from flashcards.store import cards
from memoryloop.embeddings import EmbeddingError
from memoryloop.folding import fold
from memoryloop.llm.base import Found
from memoryloop.words import unspaced, without_unspaced

logger = logging.getLogger(__name__)

# With MiniLM unrelated sentences are 0.8 or more apart, a question and its answer 0.2 to 0.6.
MAX_DISTANCE = 0.62
# Of the cards near the topic, the ones with the lowest retrievability are taken.
CANDIDATES_PER_CARD = 4
# Of cards that the worker has not embedded yet, the newest so many are searched by their words.
UNEMBEDDED_MOST = 200
_WORD = re.compile(r"\w{4,}")


def fading_cards(
    *, owner_id: UUID, text: str, now: datetime, limit: int, card_url: Callable[[UUID], str]
) -> list[Found]:
    """Return the owner's cards near a text, lowest retrievability first."""
    # Words first: meanwhile another thread embeds the text.
    by_words = _sharing_words(owner_id, text)
    by_meaning = _near_in_meaning(owner_id, text, limit * CANDIDATES_PER_CARD)
    cards = {card.id: card for card in [*by_meaning, *by_words]}
    ranked = sorted(
        cards.values(),
        key=lambda card: (_chance(card, now) is None, _chance(card, now) or 0.0, str(card.id)),
    )
    return [
        Found(
            kind="card",
            title=front(card),
            text=back(card),
            url=card_url(card.id),
            why=_why(card, now),
        )
        for card in ranked[:limit]
    ]


def _near_in_meaning(owner_id: UUID, text: str, limit: int) -> list[Flashcard]:
    try:
        return embedding.similar_cards(
            owner_id=owner_id, text=text, limit=limit, max_distance=MAX_DISTANCE
        )
    except EmbeddingError:
        logger.warning("Cards cannot be found by meaning now.", exc_info=True)
        return []


def _sharing_words(owner_id: UUID, text: str) -> list[Flashcard]:
    """Return cards without an embedding that share two longer words with the text."""
    words = _words(text)
    waiting = cards.for_owner(owner_id).filter(embedding_model="")
    return [
        card
        for card in waiting.order_by("-created_at")[:UNEMBEDDED_MOST]
        if len(words & _words(card.embedding_text)) >= 2
    ]


def _words(text: str) -> set[str]:
    """Return a text's longer words; of scripts without spaces between words three letters each."""
    folded = fold(text)
    parts = (run[at : at + 3] for run in unspaced(folded) for at in range(len(run) - 2))
    return {*_WORD.findall(without_unspaced(folded)), *parts}


def _chance(card: Flashcard, now: datetime) -> float | None:
    return scheduling.retrievability(card, now)


def _why(card: Flashcard, now: datetime) -> str:
    chance = _chance(card, now)
    if chance is None:
        return "a new card, not reviewed yet"
    return f"{'fading: ' if chance < 0.9 else ''}{chance:.0%} likely to be recalled now"
