"""Cards for tests, made the way the application makes them."""

import uuid
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from flashcards.cards.cards import create_cards
from flashcards.domain.records import Flashcard, NewCard, Rating
from flashcards.review.ratings import review_card

PLAIN = NewCard(question="What is the capital of France?", answer="Paris")


def give_cards(user: User, *cards: NewCard, now: datetime | None = None) -> list[Flashcard]:
    """Return cards just created for a learner, one plain card if none is named."""
    made_at = now or timezone.now() - timedelta(minutes=1)
    return create_cards(owner_id=user.id, cards=cards or (PLAIN,), now=made_at)


def give_many(user: User, number: int) -> list[Flashcard]:
    """Return so many different cards just created for a learner."""
    cards = [
        NewCard(question=f"What is {n} times 7?", answer=str(7 * n)) for n in range(1, number + 1)
    ]
    return give_cards(user, *cards)


def answer(card: Flashcard, rating: Rating = Rating.GOOD, *, now: datetime) -> Flashcard:
    """Return the card after its owner rated it at a time."""
    reviewed = review_card(
        owner_id=card.owner_id,
        card_id=card.id,
        review_id=uuid.uuid4(),
        sequence=card.sequence,
        rating=rating,
        now=now,
        duration_ms=4_000,
    )
    return reviewed.card
