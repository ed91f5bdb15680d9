"""Leeches: cards that are forgotten again and again, and want to be changed, not repeated."""

import dataclasses
from uuid import UUID

from flashcards.domain.records import Flashcard
from flashcards.store import Query, cards

LEECH = "leech"
# As Anki has it: at eight lapses, and a reminder half as many later.
FIRST_AT_LAPSES = 8
AGAIN_EVERY = 4


def is_leech(card: Flashcard) -> bool:
    return LEECH in card.tags


def leeches_of(owner_id: UUID) -> Query[Flashcard]:
    """Return a learner's leeches, those forgotten most often first."""
    leeches = cards.for_owner(owner_id).filter(tags__contains=LEECH)
    return leeches.order_by("-lapses", "created_at")


def tags_of(card: Flashcard, *, marked: bool) -> tuple[str, ...]:
    """Return the card's tags with the mark of a leech, or without it."""
    others = tuple(tag for tag in card.tags if tag != LEECH)
    return (*others, LEECH) if marked else others


def marked(card: Flashcard) -> Flashcard:
    """Return a card that has just lapsed, tagged if this lapse made it a leech."""
    beyond = card.lapses - FIRST_AT_LAPSES
    if beyond < 0 or beyond % AGAIN_EVERY or is_leech(card):
        return card
    return dataclasses.replace(card, tags=(*card.tags, LEECH))


def unmarked(before: Flashcard, after: Flashcard) -> Flashcard:
    """Return a card whose review was taken back, without the tag if that review had given it."""
    if before.lapses < FIRST_AT_LAPSES or after.lapses >= FIRST_AT_LAPSES:
        return after
    return dataclasses.replace(after, tags=tuple(tag for tag in after.tags if tag != LEECH))
