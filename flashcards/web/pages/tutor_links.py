"""Links that a conversation about cards shows: to the cards, and back to where it was opened."""

from collections.abc import Sequence
from uuid import UUID

from django.urls import NoReverseMatch, reverse

from chat.answers.open_about import Link
from chat.models import Conversation
from flashcards.domain import card_sides
from flashcards.domain.records import Flashcard

LABEL_CHARACTERS = 60


def card_url(card_id: UUID) -> str:
    return reverse("flashcards:card", args=[card_id])


def explain_links(
    card: Flashcard, conversation: Conversation, *, from_review: bool = False
) -> list[Link]:
    """Return the links of a conversation that explains a card; the forms lead back to it."""
    here = f"?next={conversation.get_absolute_url()}"
    edit = reverse("flashcards:edit_card", args=[card.id])
    links = [Link("Edit the card", f"{edit}{here}", "edit")]
    try:
        split = reverse("flashcards:split_card", args=[card.id])
    except NoReverseMatch:
        pass
    else:
        links.append(Link("Split the card", f"{split}{here}", "cards"))
    links.append(Link("The card", card_url(card.id), "info"))
    if from_review:
        links.append(Link("Back to the review", reverse("flashcards:review"), "arrow-left"))
    return links


def discuss_links(cards: Sequence[Flashcard]) -> list[Link]:
    """Return the links of a conversation about the cards that were hard today."""
    links = [
        Link(card_sides.summary(card)[:LABEL_CHARACTERS], card_url(card.id), "info")
        for card in cards
    ]
    return [*links, Link("Back to today", reverse("flashcards:today"), "arrow-left")]
