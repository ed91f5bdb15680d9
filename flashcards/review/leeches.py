"""Leeches: cards that are forgotten again and again, and should be rewritten, not repeated."""

import dataclasses
from uuid import UUID

from flashcards.domain.records import Flashcard
from flashcards.store import Query, cards

LEECH = "leech"
# Anki's rule: at eight lapses, and again after every four more.
FIRST_AT_LAPSES = 8
AGAIN_EVERY = 4


def is_leech(card: Flashcard) -> bool:
    return LEECH in card.tags


def leeches_of(owner_id: UUID) -> Query[Flashcard]:
    """Return a learner's leeches, most often forgotten first."""
    leeches = cards.for_owner(owner_id).filter(tags__contains=LEECH)
    return leeches.order_by("-lapses", "created_at")


def tags_of(card: Flashcard, *, marked: bool) -> tuple[str, ...]:
    """Return the card's tags with the leech tag, or without it."""
    others = tuple(tag for tag in card.tags if tag != LEECH)
    return (*others, LEECH) if marked else others


def marked(card: Flashcard) -> Flashcard:
    """Return a card that has just lapsed, with the leech tag if this lapse made it one."""
    beyond = card.lapses - FIRST_AT_LAPSES
    if beyond < 0 or beyond % AGAIN_EVERY or is_leech(card):
        return card
    return dataclasses.replace(card, tags=(*card.tags, LEECH))


def unmarked(before: Flashcard, after: Flashcard) -> Flashcard:
    """Return a card after an undo, without the leech tag if the undone review had added it."""
    if before.lapses < FIRST_AT_LAPSES or after.lapses >= FIRST_AT_LAPSES:
        return after
    return dataclasses.replace(after, tags=tuple(tag for tag in after.tags if tag != LEECH))
