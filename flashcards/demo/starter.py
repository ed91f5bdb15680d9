"""What a new learner can begin with who has no model yet: a deck, and a text to make cards from."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from flashcards.cards import decks
from flashcards.cards.cards import create_cards
from flashcards.demo import content
from flashcards.domain.records import NewCard
from flashcards.models import Deck

DECK = "World capitals"
SAMPLE_TEXT = """\
Photosynthesis is the process by which plants turn light, water and carbon dioxide into sugar \
and oxygen. It takes place in the chloroplasts of plant cells. Chlorophyll is the green pigment \
that absorbs the light.

Jan Ingenhousz discovered in 1779 that plants release oxygen only in sunlight. Melvin Calvin was \
an American chemist who traced the path of carbon in photosynthesis. He was awarded the Nobel \
Prize in Chemistry in 1961.

The stomata are small pores through which leaves take in carbon dioxide. About half of the oxygen \
on Earth is produced by algae and bacteria in the oceans. Leaves look green because \
chlorophyll reflects green light."""


def starter_deck(owner_id: UUID) -> Deck | None:
    return Deck.objects.filter(owner_id=owner_id, search="").named(DECK)


def add_starter_deck(*, owner_id: UUID, now: datetime) -> tuple[Deck, int]:
    """Return the starter deck and how many cards were added: none where there is such a deck."""
    if deck := starter_deck(owner_id):
        return deck, 0
    with transaction.atomic():
        deck = decks.create_deck(owner_id=owner_id, name=DECK, now=now)
        chosen = next(each for each in content.lists() if "capitals" in each[0].tags)
        made = create_cards(
            owner_id=owner_id,
            cards=[
                NewCard(
                    question=card.question, answer=card.answer, tags=card.tags, deck_ids=(deck.id,)
                )
                for card in chosen
            ],
            now=now,
        )
    return deck, len(made)
