"""The flashcards in the palette: their pages, cards and decks."""

import uuid

from django.urls import reverse
from django.utils.http import urlencode

from flashcards.cards.cards import search_cards
from flashcards.domain import card_sides
from flashcards.domain.query.syntax import InDeck
from flashcards.models import Deck
from memoryloop.folding import fold
from memoryloop.web.palette import PaletteItem, PalettePage

REVIEW = "Review"
PAGES = (
    PalettePage("Review", "flashcards:review", "review", "due study repeat learn practice start"),
    PalettePage(
        "Study modes",
        "flashcards:study_modes",
        "review",
        "custom study ways cram practice practise exam test minutes search ahead filtered",
    ),
    PalettePage(
        "Cards", "flashcards:cards", "cards", "browse browser search list flashcards notes"
    ),
    PalettePage("Decks", "flashcards:decks", "decks", "subjects folders tree smart saved search"),
    PalettePage(
        "Import cards", "flashcards:imports", "plus", "anki apkg csv tsv text bring move upload"
    ),
    PalettePage(
        "Export cards", "flashcards:exports", "download", "anki apkg csv table download backup"
    ),
    PalettePage("New card", "flashcards:new_card", "plus", "write add create make note"),
    PalettePage(
        "Today",
        "flashcards:today",
        "sun",
        "statistics stats progress insight insights streak graph chart calendar heatmap done hard "
        "week days tomorrow forecast retention",
    ),
    PalettePage(
        "Catch-up plan", "flashcards:backlog", "clock", "catching up backlog overdue behind holiday"
    ),
    PalettePage("Leeches", "flashcards:leeches", "warning", "hard difficult forgotten again"),
    PalettePage("Duplicates", "flashcards:duplicates", "copy", "same double twice similar"),
    PalettePage("Trash", "flashcards:trash", "trash", "deleted bin restore undelete recycle"),
    PalettePage(
        "Files", "flashcards:documents", "book", "documents pdf text markdown upload sources"
    ),
    PalettePage(
        "Review settings",
        "flashcards:study_settings",
        "settings",
        "study options limits new cards per day retention steps order schedule scheduler",
    ),
    PalettePage(
        "Tour", "flashcards:tour", "play", "help tutorial introduction getting started guide how"
    ),
)


def find_decks(*, owner_id: uuid.UUID, text: str, limit: int) -> list[PaletteItem]:
    """Return this owner's decks whose names have all the words; none for no words.

    Each to look at, and then each to review: "review latin" finds the second.
    """
    wanted = [word for word in fold(text).split() if word != fold(REVIEW)]
    decks = sorted(Deck.objects.filter(owner_id=owner_id), key=lambda deck: fold(deck.name))
    found = [deck for deck in decks if all(word in fold(deck.name) for word in wanted)][:limit]
    if not wanted:
        return []
    url = reverse("flashcards:cards")
    looked_at = [
        PaletteItem(
            "Decks", deck.name, f"{url}?{urlencode({'q': str(InDeck(deck.name))})}", "decks"
        )
        for deck in found
    ]
    reviewed = [
        PaletteItem(
            "Decks",
            f"{REVIEW} {deck.name}",
            reverse("flashcards:review_deck", args=[deck.id]),
            "review",
        )
        for deck in found
    ]
    return reviewed if fold(REVIEW) in fold(text).split() else [*looked_at, *reviewed]


def find_cards(*, owner_id: uuid.UUID, text: str, limit: int) -> list[PaletteItem]:
    """Return this owner's cards with all the words, the newest first; none for no words."""
    if not text:
        return []
    cards = search_cards(owner_id=owner_id, text=text)[:limit]
    return [
        PaletteItem(
            "Cards", card_sides.summary(card), reverse("flashcards:card", args=[card.id]), "cards"
        )
        for card in cards
    ]
