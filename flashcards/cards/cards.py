"""Cards: create, edit, delete, restore, suspend, bury and get them.

All functions name the owner; times come in as arguments. Refusals are `UserError`s.
"""

import dataclasses
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from chat.conversations.conversations import mark_cards_made
from chat.models import Message
from flashcards import store
from flashcards.cards import jobs
from flashcards.cards.change import add_cards, change_card
from flashcards.domain.card_sides import card_ordinals
from flashcards.domain.records import Flashcard, NewCard
from flashcards.domain.validation import check_words, clean
from flashcards.models import DraftBatch
from flashcards.store import Change, cards

# Changing cards


def create_cards(
    *,
    owner_id: UUID,
    cards: Sequence[NewCard],
    now: datetime,
    message: Message | None = None,
    batch: DraftBatch | None = None,
) -> list[Flashcard]:
    """Create the cards of notes, and flag the message they were made from, in one transaction.

    A reversed note gives two cards, a cloze one for each number in it. Raises BadCard.
    """
    for card in cards:
        check_words(card.question, card.answer, card.extra, card.kind)
    notes = [(card, card.note_id or uuid.uuid4()) for card in cards]
    each = [
        (card, note_id, ordinal)
        for card, note_id in notes
        for ordinal in card_ordinals(card.kind, card.question) or [1]
    ]
    created = [
        Flashcard(
            id=uuid.uuid4(),
            owner_id=owner_id,
            note_id=note_id,
            kind=card.kind,
            ordinal=ordinal,
            question=clean(card.question),
            answer=clean(card.answer),
            extra=clean(card.extra),
            tags=card.tags,
            deck_ids=card.deck_ids,
            message_id=card.source.message_id if card.source else None,
            document_id=card.source.document_id if card.source else None,
            source_start=card.source.start if card.source else None,
            source_end=card.source.end if card.source else None,
            source_hash=card.source.hash if card.source else "",
            # A microsecond apart, so that new cards are shown in the order of creation.
            due=now + timedelta(microseconds=position),
            created_at=now + timedelta(microseconds=position),
            edited_at=now,
        )
        for position, (card, note_id, ordinal) in enumerate(each)
    ]
    with transaction.atomic():
        if created:
            add_cards(owner_id, map(Change, created))
        if message is not None and created:
            mark_cards_made(message, now)
        if batch is not None:
            batch.status = DraftBatch.Status.DONE
            batch.updated_at = now
            batch.save(update_fields=["status", "updated_at"])
    return created


def edit_card(
    *,
    owner_id: UUID,
    card_id: UUID,
    question: str,
    answer: str,
    extra: str = "",
    now: datetime,
) -> Flashcard:
    """Change a card's words; its schedule stays. Raises BadCard or DoesNotExist."""

    def edit(card: Flashcard) -> Flashcard:
        check_words(question, answer, extra, card.kind)
        return dataclasses.replace(
            card,
            question=clean(question),
            answer=clean(answer),
            extra=clean(extra),
            edited_at=now,
        )

    return change_card(owner_id, card_id, edit, now=now).after


def delete_card(*, owner_id: UUID, card_id: UUID, now: datetime) -> Flashcard:
    """Put a card into the trash. Raises DoesNotExist."""
    return change_card(
        owner_id, card_id, lambda card: dataclasses.replace(card, deleted_at=now)
    ).after


def restore_card(*, owner_id: UUID, card_id: UUID) -> Flashcard:
    """Take a card out of the trash, unchanged. Raises DoesNotExist."""
    return change_card(
        owner_id,
        card_id,
        lambda card: dataclasses.replace(card, deleted_at=None),
        include_deleted=True,
    ).after


def set_suspended(*, owner_id: UUID, card_id: UUID, suspended: bool) -> Flashcard:
    """Keep a card out of review until it is resumed, or resume it. Raises DoesNotExist."""
    return change_card(
        owner_id, card_id, lambda card: dataclasses.replace(card, suspended=suspended)
    ).after


def set_tags(
    *, owner_id: UUID, card_id: UUID, tags: Iterable[str], now: datetime | None = None
) -> Flashcard:
    """Replace a card's tags, each once. Raises DoesNotExist.

    With `now` it is an edit that goes into the card's history.
    """
    kept = tuple(dict.fromkeys(tag for tag in map(clean, tags) if tag))
    return change_card(
        owner_id, card_id, lambda card: dataclasses.replace(card, tags=kept), now=now
    ).after


def bury_card(*, owner_id: UUID, card_id: UUID, until: datetime) -> Flashcard:
    """Keep a card out of review until a time. Raises DoesNotExist."""
    return change_card(
        owner_id, card_id, lambda card: dataclasses.replace(card, buried_until=until)
    ).after


def delete_for_owner(*, owner_id: UUID) -> None:
    """Erase every card and review of an owner, in both stores."""
    with transaction.atomic():
        store.erase_owner(owner_id)
        jobs.request_checkpoint()


# Finding


def get_card(*, owner_id: UUID, card_id: UUID, include_deleted: bool = False) -> Flashcard:
    """Return a card of the owner. Raises Flashcard.DoesNotExist."""
    return store.view(owner_id).card(card_id, with_deleted=include_deleted)


def cards_from_message(*, owner_id: UUID, message_id: UUID) -> list[Flashcard]:
    """Return the cards made from a message, oldest first."""
    found = cards.for_owner(owner_id).filter(message_id=message_id)
    return list(found.order_by("created_at"))


def count_cards(*, owner_id: UUID) -> int:
    return cards.for_owner(owner_id).count()
