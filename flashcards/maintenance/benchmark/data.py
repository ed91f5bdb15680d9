"""Cards about 2,000 topics, with reviews folded by FSRS and vectors that lie near their topic's.

The same for the same seed.
"""

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from flashcards import scheduling
from flashcards.domain.records import Flashcard, Rating, ReviewLog

TOPICS = 2_000
# The noise on a topic's vector: cards of a topic have a cosine of about 0.8.
SPREAD = 0.5
# The greatest age of a card, and the most reviews of one.
OLDEST_DAYS = 1_000
MOST_REVIEWS = 12
# The learner has paused for so long, so that cards are due.
AWAY = timedelta(days=3)
MODEL = "benchmark"
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


class Data:
    """Generates cards, their histories and their vectors."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)  # noqa: S311 - the same data for the same seed
        self.numbers = np.random.default_rng(seed)
        self.words = [f"{a}{b}" for a in _SYLLABLES for b in _SYLLABLES]
        self.centres = _unit(self.numbers.standard_normal((TOPICS, 896)))

    def id(self) -> uuid.UUID:
        return uuid.UUID(int=self.draw.getrandbits(128), version=4)

    def text(self, words: int) -> str:
        return " ".join(self.draw.choices(self.words, k=words))

    def card(self, owner_id: uuid.UUID, number: int) -> Flashcard:
        """Return a new card, created at a random time in the last three years."""
        day = NOW - timedelta(days=self.draw.randrange(1, OLDEST_DAYS))
        made = day.replace(hour=19, microsecond=number % 1_000_000)
        return Flashcard(
            id=self.id(),
            owner_id=owner_id,
            note_id=self.id(),
            question=f"{self.text(9)} {number}?",
            answer=self.text(12),
            embedding_model=MODEL,
            due=made,
            created_at=made,
            edited_at=made,
        )

    def studied(
        self, owner_id: uuid.UUID, *, cards: int, reviews: int
    ) -> tuple[list[Flashcard], list[ReviewLog]]:
        """Return so many cards and about so many reviews of them."""
        made, logs = [], list[ReviewLog]()
        each = reviews / max(cards, 1)
        for number in range(cards):
            card = self.card(owner_id, number)
            at = card.created_at
            # A young card has few reviews, an old one more.
            for _ in range(min(int(each * (number + 1)) - len(logs), MOST_REVIEWS)):
                if at > NOW - AWAY:
                    break
                rating = Rating(self.draw.choices((1, 2, 3, 4), (10, 10, 70, 10))[0])
                card, log = scheduling.review(
                    card, rating, at, review_id=self.id(), duration_ms=4_000
                )
                logs.append(log)
                at = self._study_time(at, card.due)
            made.append(card)
        return made, logs

    def _study_time(self, now: datetime, due: datetime) -> datetime:
        """Return when a learner who studies at four hours of the day reviews a card."""
        if due - now < timedelta(hours=1):
            return due
        at = due.replace(hour=self.draw.choice((8, 13, 19, 20)), minute=self.draw.randrange(60))
        return at if at >= due else at + timedelta(days=1)

    def near(self, topics: Any) -> Any:
        """Return (n, 896) float32 of unit length, each near the topic of that number."""
        noise = self.numbers.standard_normal((len(topics), 896)) / np.sqrt(896)
        return _unit(self.centres[topics] + SPREAD * noise)


def hits(vectors: Any, query: Any, found: list[int], neighbours: int) -> int:
    """Return how many of the true nearest were found; `found` are indexes of `vectors`."""
    nearest = np.argpartition(-(vectors @ query), neighbours)[:neighbours].tolist()
    return len(set(nearest) & set(found))


def _unit(vectors: Any) -> Any:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("f4")


_SYLLABLES = [a + b for a in "bcdfglmnprst" for b in ("a", "e", "i", "o", "u", "an", "el", "or")]
