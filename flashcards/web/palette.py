"""The flashcards in the palette: their pages, cards, decks and files."""

import uuid

from django.urls import reverse
from django.utils.http import urlencode

from flashcards.domain import card_sides
from flashcards.domain.query.syntax import InDeck
from flashcards.models import Deck
from flashcards.search import documents
from flashcards.search import find_cards as one_search
from flashcards.search.evidence import Found as By
from memoryloop import names, search_words
from memoryloop.folding import fold
from memoryloop.web.palette import PaletteItem, PalettePage

REVIEW = "Review"
# What is said of a card that was found by something else than its words.
MEANS = {By.WORDS: "", By.SPELLING: "spelt alike", By.MEANING: "near in meaning"}
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
        "Insight",
        "flashcards:insight",
        "insight",
        "statistics stats insights progress retention graphs charts calendar heatmap forecast "
        "intervals stability difficulty hours time history",
    ),
    PalettePage(
        "Weekly report",
        "flashcards:insight_week",
        "insight",
        "week report mail email summary newsletter unsubscribe",
    ),
    PalettePage(
        "Fit to your memory",
        "flashcards:insight_memory",
        "insight",
        "fsrs parameters optimize optimise weights memory insight calibration log loss forgetting",
    ),
    PalettePage(
        "Plan a year",
        "flashcards:insight_plan",
        "insight",
        "plan simulator simulate workload compare retention minutes a day what if new cards limits",
    ),
    PalettePage(
        "Today", "flashcards:today", "sun", "progress streak done hard week days tomorrow summary"
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
    """Return this owner's decks whose names have all the words, or words alike; none for none.

    Each to look at, and then each to review: "review latin" finds the second.
    """
    wanted = [term for term in search_words.terms(text) if term.word != fold(REVIEW)]
    if not wanted:
        return []
    decks = sorted(Deck.objects.filter(owner_id=owner_id), key=lambda deck: fold(deck.name))
    fits = [(names.fit(wanted, deck.name), deck) for deck in decks]
    ranked = sorted((pair for pair in fits if pair[0]), key=lambda pair: -pair[0])
    found = [deck for _, deck in ranked][:limit]
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


def find_documents(*, owner_id: uuid.UUID, text: str, limit: int) -> list[PaletteItem]:
    """Return this owner's files by their names and by words in them; none for no words."""
    return [
        PaletteItem("Files", document.name, reverse("flashcards:make", args=[document.id]), "book")
        for document in documents.find(owner_id=owner_id, text=text, limit=limit)
    ]


def find_cards(*, owner_id: uuid.UUID, text: str, limit: int) -> list[PaletteItem]:
    """Return this owner's cards that fit best, each by what it was found; none for no words."""
    # A note may have several cards that fit alike: one of them is listed.
    several = one_search.find_cards(owner_id=owner_id, text=text, limit=2 * limit)
    found = one_search.one_of_each_note(several)[:limit]
    likely = [each for each in found if each.score >= one_search.LIKELY]
    return [
        PaletteItem(
            "Cards",
            card_sides.title(each.card),
            reverse("flashcards:card", args=[each.card.id]),
            "cards",
            MEANS[each.by],
        )
        # Whatever is near is better than nothing.
        for each in likely or [each for each in found if each.score >= one_search.WORTH_A_LOOK]
    ]
