"""Validation: the rules for the words of a card, and the errors when they are broken."""

from flashcards.domain.card_sides import card_ordinals
from flashcards.domain.records import ANSWER_MAX_CHARACTERS, QUESTION_MAX_CHARACTERS, Kind
from memoryloop.errors import UserError
from memoryloop.storable import storable

# A text with more gaps is more than one note.
CARDS_A_NOTE = 50


class CardError(UserError):
    """Something that a learner asked of a card cannot be done."""


class BadCard(CardError):
    """A card's words are missing or too long."""


def check_words(question: str, answer: str, extra: str, kind: Kind) -> None:
    """Raises BadCard unless the words make a card."""
    if not question.strip():
        raise BadCard("A card needs a question: write what you want to be asked.")
    if len(card_ordinals(kind, question)) > CARDS_A_NOTE:
        raise BadCard(f"A note can have {CARDS_A_NOTE} cards: use fewer numbers for its gaps.")
    if not answer.strip() and kind is not Kind.CLOZE:
        raise BadCard("A card needs an answer: write what you want to remember.")
    if len(question) > QUESTION_MAX_CHARACTERS:
        raise BadCard(
            f"The question has {len(question):,} characters; "
            f"the maximum is {QUESTION_MAX_CHARACTERS:,}."
        )
    for name, text in (("answer", answer), ("note", extra)):
        if len(text) > ANSWER_MAX_CHARACTERS:
            raise BadCard(
                f"The {name} has {len(text):,} characters; "
                f"the maximum is {ANSWER_MAX_CHARACTERS:,}."
            )


def clean(text: str) -> str:
    """Return the text as it can be stored, without spaces around it."""
    return storable(text).strip()
