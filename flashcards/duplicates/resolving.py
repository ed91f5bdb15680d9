"""Resolving: what is done about two cards, or a draft and a card, that have something in common."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from flashcards.cards.change import change_card
from flashcards.domain.records import ANSWER_MAX_CHARACTERS, Flashcard, Kind
from flashcards.domain.validation import CardError, check_words, clean
from flashcards.duplicates.card_text import drafted
from flashcards.duplicates.features import distinct_words
from flashcards.duplicates.words import words_of
from flashcards.models import NotDuplicates
from flashcards.store import cards


class TooLong(CardError):
    """A merged card would exceed the limit of a card."""


def replace(
    *, owner_id: UUID, card_id: UUID, question: str, answer: str, kind: str, now: datetime
) -> Flashcard:
    """Give a card a draft's words; its schedule and its history stay. Raises DoesNotExist, BadCard.

    A card of several siblings, or of another kind, keeps its kind: the draft is then merged.
    """

    def change(card: Flashcard) -> Flashcard:
        check_words(question, answer, card.extra, card.kind)
        return dataclasses.replace(card, question=clean(question), answer=clean(answer))

    current = cards.for_owner(owner_id).get(id=card_id)
    siblings = cards.for_owner(owner_id).filter(note_id=current.note_id).count()
    if siblings > 1 or current.kind != kind or kind == Kind.CLOZE:
        return merge(owner_id=owner_id, card_id=card_id, question=question, answer=answer, now=now)
    return _edited(owner_id, card_id, change, now)


def merge(*, owner_id: UUID, card_id: UUID, question: str, answer: str, now: datetime) -> Flashcard:
    """Add a draft to a card's note, unless the card has its words. Raises TooLong, DoesNotExist."""
    shown = drafted(question, answer)

    def change(card: Flashcard) -> Flashcard:
        present = words_of(f"{card.question} {card.answer} {card.extra}").stems
        if words_of(shown.whole).stems <= present:
            return card
        addition = f"{shown.ask}\n{shown.answer}".strip()
        extra = clean(f"{card.extra}\n\n{addition}" if card.extra else addition)
        if len(extra) > ANSWER_MAX_CHARACTERS:
            raise TooLong("Together they are too long for one card: keep both, or drop one.")
        return dataclasses.replace(card, extra=extra)

    return _edited(owner_id, card_id, change, now)


def contrast(a: tuple[str, str], b: tuple[str, str]) -> tuple[str, str]:
    """Return the question and answer of a card that asks for the difference of two others."""
    one, other = drafted(*a), drafted(*b)
    first, second = distinct_words(one, other)
    if not first or not second or max(len(first.split()), len(second.split())) > 4:
        first, second = f"“{one.ask}”", f"“{other.ask}”"
    return (
        f"What is the difference between {first} and {second}?",
        f"- {first}: {one.answer or one.ask}\n- {second}: {other.answer or other.ask}",
    )


def mark_not_duplicates(*, owner_id: UUID, card_ids: Sequence[UUID], now: datetime) -> None:
    """Store that no two of these cards are duplicates; cards of others are ignored."""
    known = cards.for_owner(owner_id).with_deleted().in_bulk(list(card_ids))
    ids = sorted(known, key=str)
    NotDuplicates.objects.bulk_create(
        [
            NotDuplicates(owner_id=owner_id, first_id=first, second_id=second, said_at=now)
            for number, first in enumerate(ids)
            for second in ids[number + 1 :]
        ],
        ignore_conflicts=True,
    )


def marked_pairs(owner_id: UUID) -> set[tuple[UUID, UUID]]:
    """Return the pairs that the owner marked as no duplicates, the lesser id first."""
    pairs = NotDuplicates.objects.filter(owner_id=owner_id)
    return set(pairs.values_list("first_id", "second_id"))


def _edited(
    owner_id: UUID, card_id: UUID, change: Callable[[Flashcard], Flashcard], now: datetime
) -> Flashcard:
    def edit(card: Flashcard) -> Flashcard | None:
        after = change(card)
        return dataclasses.replace(after, edited_at=now) if after != card else None

    return change_card(owner_id, card_id, edit, now=now).after
