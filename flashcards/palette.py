"""Cards and decks for the palette."""

import uuid

from django.urls import reverse
from django.utils.http import urlencode

from flashcards import decks, faces, services
from flashcards.browsing.syntax import InDeck
from memoryloop.palette import PaletteItem


def find_decks(*, owner_id: uuid.UUID, text: str, limit: int) -> list[PaletteItem]:
    """Return this owner's decks whose names have all the words; none for no words."""
    wanted = text.lower().split()
    found = [name for name in decks.names(owner_id) if all(word in name.lower() for word in wanted)]
    url = reverse("flashcards:cards")
    return [
        PaletteItem("Decks", name, f"{url}?{urlencode({'q': str(InDeck(name))})}", "decks")
        for name in (found[:limit] if wanted else ())
    ]


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
