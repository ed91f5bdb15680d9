"""What a new learner can begin with: `{% load tour %}`."""

from uuid import UUID

from django import template

from flashcards.cards.cards import count_cards
from flashcards.demo import starter
from flashcards.review import tour

register = template.Library()

# Who has as many cards knows the way.
FEW_CARDS = 50


@register.simple_tag
def beginnings(owner_id: UUID) -> dict[str, object]:
    """Return how far the tour is, whether there is a starter deck, and the text to try."""
    return {
        "tour": tour.tour_of(owner_id),
        "has_deck": starter.starter_deck(owner_id) is not None,
        "text": starter.SAMPLE_TEXT,
        "knows": count_cards(owner_id=owner_id) >= FEW_CARDS,
    }
