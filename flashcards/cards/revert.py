"""Bring back the words that a card had before an edit; doing so is an edit itself."""

import dataclasses
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from flashcards import store
from flashcards.cards import history, jobs
from flashcards.domain.records import Flashcard
from flashcards.domain.validation import CardError
from flashcards.models import CardEdit
from flashcards.store import Change, cards


class NothingToRevert(CardError):
    """The cards have these words already, or are gone."""


def revert(*, owner_id: UUID, card_id: UUID, edit_id: UUID, now: datetime) -> list[Flashcard]:
    """Give a card, and the siblings changed with it, the words from before an edit.

    Schedules stay; siblings that are in the bin stay there as they are. Returns the cards that
    changed. Raises CardEdit.DoesNotExist, also for a stranger's, or NothingToRevert.
    """
    edits = history.edits_for_owner(owner_id)
    edit = edits.get(id=edit_id, card_id=card_id)
    earlier = {e.card_id: e.before for e in edits.filter(change_id=edit.change_id)}
    with transaction.atomic():
        store.lock_owner(owner_id)
        found = cards.for_owner(owner_id).in_bulk(list(earlier))
        before = [card for card in found.values() if history.content(card) != earlier[card.id]]
        if not before:
            raise NothingToRevert("The card has these words already.")
        after = [with_words(card, earlier[card.id], now) for card in before]
        store.write(Change(card) for card in after)
        history.record(
            owner_id=owner_id, before=before, after=after, now=now, reverts=edit.change_id
        )
        jobs.request_embedding(owner_id)
    return after


def newest_edit(*, owner_id: UUID, card_id: UUID) -> CardEdit | None:
    """Return the last edit of a card, which is what an Undo takes back."""
    return history.edits_for_owner(owner_id).filter(card_id=card_id).first()


def with_words(card: Flashcard, words: dict[str, Any], now: datetime) -> Flashcard:
    """Return the card with other words and tags; its vector goes where they changed it."""
    after = dataclasses.replace(
        card,
        question=words["question"],
        answer=words["answer"],
        extra=words["extra"],
        tags=tuple(words["tags"]),
        edited_at=now,
    )
    if after.text_hash != card.text_hash:
        after = dataclasses.replace(after, embedding_model="")
    return after
