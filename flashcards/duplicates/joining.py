"""Joining: one fact that is asked in both directions becomes one note, whose cards are siblings.

Siblings change together, and one of them comes up a day. Two cards are joined only where each has
for its question what the other has for its answer: the words of one then do for both.
"""

import dataclasses
import uuid
from datetime import datetime
from uuid import UUID

from django.db import transaction

from flashcards.cards import history, notes
from flashcards.cards.change import read_locked, write_changed
from flashcards.cards.revert import with_words
from flashcards.domain.records import Flashcard, Kind
from flashcards.domain.validation import CardError
from flashcards.duplicates.card_text import CardText, text_of
from flashcards.duplicates.features import jaccard
from flashcards.duplicates.words import language_of, words_of
from flashcards.store import cards

# So much of the words of a question must be the other card's answer, and the reverse.
SWAPPED = 0.75


class NotJoined(CardError):
    """Two cards cannot become one note."""


def are_swapped(one: CardText, other: CardText) -> bool:
    """Tell whether the question of each is the answer of the other, but for small words."""
    language = language_of(f"{one.whole} {other.whole}") or "en"

    def alike(a: str, b: str) -> bool:
        return jaccard(words_of(a, language).stems, words_of(b, language).stems) >= SWAPPED

    return alike(one.ask, other.answer) and alike(one.answer, other.ask)


def ask_both_ways(*, owner_id: UUID, card_id: UUID, now: datetime) -> Flashcard:
    """Make a basic card's note a reversed one, and return the card that this adds.

    Raises DoesNotExist, or NotJoined if the note is not a basic one.
    """
    card = cards.for_owner(owner_id).get(id=card_id)
    if card.kind != Kind.BASIC:
        raise NotJoined("This card cannot be asked the other way round.")
    edited = _edited(card, Kind.REVERSED, now)
    return next(each for each in edited.cards if each.ordinal == 2)


def ask_one_way(*, owner_id: UUID, card_id: UUID, now: datetime) -> None:
    """Undo `ask_both_ways`: the card that it added goes into the trash. Raises DoesNotExist."""
    card = cards.for_owner(owner_id).get(id=card_id)
    if card.kind == Kind.REVERSED:
        _edited(card, Kind.BASIC, now)


@transaction.atomic
def join(*, owner_id: UUID, card_id: UUID, other_id: UUID, now: datetime) -> Flashcard:
    """Make two cards the siblings of one note, in the words of the first; return that one.

    Both keep their schedules; both get the tags of either. Raises DoesNotExist, NotJoined.
    """
    found = {card.id: card for card in read_locked(owner_id, [card_id, other_id])}
    if len(found) < 2:
        raise Flashcard.DoesNotExist("There is no such card.")
    first, second = found[card_id], found[other_id]
    for card in (first, second):
        siblings = cards.for_owner(owner_id).filter(note_id=card.note_id).count()
        if card.kind != Kind.BASIC or siblings > 1:
            raise NotJoined("Only two cards that have no siblings can be joined.")
    if not are_swapped(text_of(first), text_of(second)):
        raise NotJoined("These cards do not have each other's question for their answer.")
    tags = tuple(dict.fromkeys([*first.tags, *second.tags]))
    extra = first.extra or second.extra
    kept = dataclasses.replace(
        first, kind=Kind.REVERSED, ordinal=1, tags=tags, extra=extra, edited_at=now
    )
    turned = dataclasses.replace(
        second,
        note_id=first.note_id,
        kind=Kind.REVERSED,
        ordinal=2,
        question=first.question,
        answer=first.answer,
        extra=extra,
        tags=tags,
        edited_at=now,
    )
    write_changed(owner_id, found.values(), [kept, turned], now=now)
    return kept


@transaction.atomic
def separate(*, owner_id: UUID, card_id: UUID, other_id: UUID, now: datetime) -> None:
    """Undo `join`: both are notes of their own, with the words and tags from before.

    Raises DoesNotExist, or NotJoined if they are no siblings any more.
    """
    found = {card.id: card for card in read_locked(owner_id, [card_id, other_id])}
    if len(found) < 2:
        raise Flashcard.DoesNotExist("There is no such card.")
    first, second = found[card_id], found[other_id]
    if first.note_id != second.note_id or first.kind != Kind.REVERSED:
        raise NotJoined("These cards are not joined any more.")
    apart = [
        dataclasses.replace(_as_before(first, now), kind=Kind.BASIC, ordinal=1),
        dataclasses.replace(
            _as_before(second, now), kind=Kind.BASIC, ordinal=1, note_id=uuid.uuid4()
        ),
    ]
    write_changed(owner_id, found.values(), apart, now=now)


def _as_before(card: Flashcard, now: datetime) -> Flashcard:
    """Return a card with the words that it had before it was joined, if that changed them."""
    joined = history.edits_for_owner(card.owner_id).filter(
        card_id=card.id, edited_at=card.edited_at
    )
    edit = joined.first()
    return with_words(card, edit.before, now) if edit is not None else card


def _edited(card: Flashcard, kind: Kind, now: datetime) -> notes.Edited:
    return notes.edit_note(
        owner_id=card.owner_id,
        note_id=card.note_id,
        question=card.question,
        answer=card.answer,
        extra=card.extra,
        kind=kind,
        now=now,
    )
