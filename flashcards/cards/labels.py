"""Labels: the tags and the flag of a card."""

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from flashcards.cards.change import change_card
from flashcards.domain.records import Flashcard
from flashcards.domain.validation import CardError
from memoryloop.folding import fold
from memoryloop.storable import storable

# By number, as in Anki.
FLAGS = ("No flag", "Red", "Orange", "Green", "Blue", "Pink", "Turquoise", "Purple")
TAG_MAX_CHARACTERS = 100
TAGS_MOST = 1_000


class BadLabel(CardError):
    """A tag is too long, or there is no such flag."""


def set_labels(
    *, owner_id: UUID, card_id: UUID, tags: Iterable[str], flag: int, now: datetime
) -> Flashcard:
    """Replace the tags and the flag of a card.

    Changed tags are an edit in its history; a flag is not. Raises DoesNotExist or BadLabel.
    """
    kept = clean_tags(tags)
    if len(kept) > TAGS_MOST:
        raise BadLabel(f"These are {len(kept):,} tags; a card can have {TAGS_MOST:,}.")
    if not 0 <= flag < len(FLAGS):
        raise BadLabel("There is no such flag.")
    return change_card(
        owner_id, card_id, lambda card: dataclasses.replace(card, tags=kept, flag=flag), now=now
    ).after


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags as they are stored, each once. Raises BadLabel for one that is too long."""
    kept = unique(tag for tag in map(_clean, tags) if tag)
    if too_long := [tag for tag in kept if len(tag) > TAG_MAX_CHARACTERS]:
        raise BadLabel(
            f"The tag “{too_long[0][:20]}…” has {len(too_long[0])} characters; "
            f"the maximum is {TAG_MAX_CHARACTERS}."
        )
    return kept


def unique(tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags without those that differ from one before in case or encoding only."""
    by_key: dict[str, str] = {}
    for tag in tags:
        by_key.setdefault(fold(tag), tag)
    return tuple(by_key.values())


def _clean(tag: str) -> str:
    """Return a tag without characters that neither store accepts, its spaces normalised."""
    return " ".join(storable(tag).split())
