"""Reverting an edit: give a card its earlier words again, which is an edit itself."""

import dataclasses
from datetime import datetime
from typing import Any
from uuid import UUID

from flashcards.cards import history
from flashcards.cards.change import change_cards
from flashcards.domain.records import Flashcard
from flashcards.domain.validation import CardError
from flashcards.models import CardEdit


class NothingToRevert(CardError):
    """The cards have these words already, or are gone."""


def revert(*, owner_id: UUID, card_id: UUID, edit_id: UUID, now: datetime) -> list[Flashcard]:
    """Give a card, and the siblings edited with it, the words from before an edit.

    Schedules stay; siblings in the trash are left out. Returns the cards that changed. Raises
    CardEdit.DoesNotExist, also for edits of others, or NothingToRevert.
    """
    edits = history.edits_for_owner(owner_id)
    edit = edits.get(id=edit_id, card_id=card_id)
    earlier = {e.card_id: e.before for e in edits.filter(change_id=edit.change_id)}

    def give_back(card: Flashcard) -> Flashcard | None:
        words = earlier[card.id]
        return with_words(card, words, now) if history.content(card) != words else None

    changed = change_cards(owner_id, list(earlier), give_back, now=now, reverts=edit.change_id)
    if not changed:
        raise NothingToRevert("The card already has this text.")
    return [each.after for each in changed]


def newest_edit(*, owner_id: UUID, card_id: UUID) -> CardEdit | None:
    """Return the last edit of a card, which Undo reverts."""
    return history.edits_for_owner(owner_id).filter(card_id=card_id).first()


def with_words(card: Flashcard, words: dict[str, Any], now: datetime) -> Flashcard:
    """Return the card with other words and tags."""
    return dataclasses.replace(
        card,
        question=words["question"],
        answer=words["answer"],
        extra=words["extra"],
        tags=tuple(words["tags"]),
        edited_at=now,
    )
