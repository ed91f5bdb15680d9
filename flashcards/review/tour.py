"""The tour: a new learner makes a card and reviews it.

Where somebody is in it is told by the card that was made in it, which has a tag. So it can be left
and gone on with, on another device too, and begins anew once that card is deleted.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flashcards.cards.cards import create_cards
from flashcards.domain import durations
from flashcards.domain.records import Flashcard, NewCard, Rating
from flashcards.review.learner import Learner
from flashcards.review.ratings import review_card
from flashcards.review.session import Choice
from flashcards.store import cards

TAG = "tour"
QUESTION = "How many hearts does an octopus have?"
ANSWER = "Three: two for its gills, and one for the rest of its body"


class Step(enum.StrEnum):
    MAKE = "make"
    REVIEW = "review"
    DONE = "done"


@dataclass(frozen=True)
class Tour:
    """How far a learner is, and the card of the tour once there is one."""

    step: Step
    card: Flashcard | None = None

    @property
    def number(self) -> int:
        return [*Step].index(self.step) + 1


def tour_of(owner_id: UUID) -> Tour:
    """Return how far a learner is. One read of the store."""
    made = cards.for_owner(owner_id).filter(tags__contains=TAG).order_by("-created_at")[:1]
    card = next(iter(made), None)
    if card is None:
        return Tour(Step.MAKE)
    return Tour(Step.DONE if card.reps else Step.REVIEW, card)


def make_card(*, owner_id: UUID, question: str, answer: str, now: datetime) -> Flashcard:
    """Return the card of the tour, made if there is none yet. Raises BadCard."""
    if known := tour_of(owner_id).card:
        return known
    (card,) = create_cards(
        owner_id=owner_id, cards=[NewCard(question=question, answer=answer, tags=(TAG,))], now=now
    )
    return card


def choices(card: Flashcard, now: datetime) -> Sequence[Choice]:
    """Return the four buttons with the interval that each would give."""
    spans = Learner.read(card.owner_id).preview(card, now)
    return [
        Choice(rating, rating.name.capitalize(), durations.interval(spans[rating]))
        for rating in Rating
    ]


def rate(*, owner_id: UUID, review_id: UUID, rating: Rating, now: datetime) -> Flashcard | None:
    """Rate the card of the tour for the first time; None if there is nothing to rate."""
    tour = tour_of(owner_id)
    if tour.card is None or tour.step is not Step.REVIEW:
        return None
    return review_card(
        owner_id=owner_id,
        card_id=tour.card.id,
        review_id=review_id,
        sequence=tour.card.sequence,
        rating=rating,
        now=now,
    ).card
