"""Cards for the palette."""

import uuid

from django.urls import reverse

from flashcards import faces, services
from memoryloop.palette import PaletteItem


def find_cards(*, owner_id: uuid.UUID, text: str, limit: int) -> list[PaletteItem]:
    """Return this owner's cards with all the words, the newest first; none for no words."""
    if not text:
        return []
    cards = services.search_cards(owner_id=owner_id, text=text)[:limit]
    return [
        PaletteItem(
            "Cards", faces.summary(card), reverse("flashcards:card", args=[card.id]), "cards"
        )
        for card in cards
    ]
