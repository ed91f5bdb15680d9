"""The cards that a text repeats or resembles while it is being written."""

import uuid

from accounts.models import User
from flashcards.cards.cards import get_card
from flashcards.domain.records import Flashcard
from flashcards.duplicates import overlaps

# A shorter question says too little to be compared.
QUESTION_MIN_CHARACTERS = 4


def of_written(
    user: User, *, question: str, answer: str, edited_card: str
) -> list[overlaps.Overlap]:
    """Return the cards that repeat a text, and the first that only resembles it.

    `edited_card` is the id of the card that is being edited, if there is one: its note is left out.
    """
    if len(question) < QUESTION_MIN_CHARACTERS or not (answer or "{{c" in question):
        return []
    (found,) = overlaps.find_overlaps(
        owner_id=user.id, drafts=[(question, answer)], leave_out=note_of(user, edited_card)
    )
    near = [one for one in found if one.verdict == overlaps.NEAR][:1]
    return [one for one in found if one.verdict == overlaps.SAME] + near


def note_of(user: User, card_id: str) -> list[uuid.UUID]:
    """Return the note of a card, if it is one of the learner's."""
    try:
        return [get_card(owner_id=user.id, card_id=uuid.UUID(card_id)).note_id]
    except (ValueError, Flashcard.DoesNotExist):
        return []
