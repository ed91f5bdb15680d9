"""Decks, tags, flags and suspensions of notes that are imported again.

What the file said of a note at its last import is kept with the note's origin. So it shows what was
changed in the file since, and what was changed here: a change in the file is taken over, unless
the same was changed here as well. Pure functions.
"""

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flashcards.domain.records import Flashcard
from memoryloop.folding import fold

DECK_KEPT = "its deck was changed here and in the file: it stays in yours"
TAGS_MERGED = "its tags were changed here and in the file: both changes are kept"
FLAG_KEPT = "its flag was changed here and in the file: yours is kept"
SUSPENSION_KEPT = (
    "it was suspended or resumed here, and differs in the file: it stays as it is here"
)


@dataclass(frozen=True)
class Labels:
    """What a file says of a card besides its words and its reviews."""

    tags: tuple[str, ...]
    # The deck's name in the file, and the deck here that the card was put into for it. None if the
    # file does not say.
    deck: str | None
    deck_id: UUID | None
    flag: int
    suspended: bool
    # What the file says of its schedule besides its reviews. None if it says nothing, or if that is
    # not wanted.
    schedule: str | None = None


def as_json(known: Mapping[str, Any], labels: Mapping[int, Labels]) -> dict[str, Any]:
    """Return what is stored of a note: the labels of these cards, by ordinal, and of others."""
    cards = dict(known.get("cards", {}))
    tags = known.get("tags", [])
    for ordinal, each in labels.items():
        deck_id = str(each.deck_id) if each.deck_id else None
        deck, schedule = each.deck, each.schedule
        before = cards.get(str(ordinal), [])
        if deck is None:
            deck, deck_id = before[:2] or (None, None)
        if schedule is None:
            schedule = next(iter(before[4:]), None)
        cards[str(ordinal)] = [deck, deck_id, each.flag, each.suspended, schedule]
        tags = list(each.tags)
    return {"tags": tags, "cards": cards}


def from_json(known: Mapping[str, Any], ordinal: int) -> Labels | None:
    """Return the labels of a card at its last import; None if they were not stored then."""
    stored = known.get("cards", {}).get(str(ordinal))
    if stored is None:
        return None
    # Earlier versions did not store the schedule.
    deck, deck_id, flag, suspended, *schedule = stored
    decks = (deck, UUID(deck_id) if deck_id else None)
    return Labels(tuple(known["tags"]), *decks, flag, suspended, next(iter(schedule), None))


def is_to_move(
    card: Flashcard, before: Labels | None, deck: str | None, living: Collection[UUID]
) -> bool:
    """Tell whether a card is to be put into the deck that the file has it in."""
    if deck is None:
        return False
    comes_back = card.deleted_at is not None
    is_homeless = not any(each in living for each in card.deck_ids)
    if comes_back and is_homeless:
        return True
    if before is None:
        # A card that is in no deck may have been taken out of its deck here.
        return is_homeless and bool(card.deck_ids)
    if before.deck == deck:
        return False
    return before.deck_id in card.deck_ids if before.deck_id else is_homeless


def merged(
    card: Flashcard, before: Labels | None, theirs: Labels, living: Collection[UUID]
) -> tuple[Flashcard, list[str]]:
    """Return a card with what was changed in the file, and what of it was not taken over.

    `before` is what the file said at the last import; `living` are the decks that there are.
    """
    kept: list[str] = []
    tags = _tags(card, before, theirs, kept)
    deck_ids = _deck_ids(card, before, theirs, living, kept)
    flag = _one(card.flag, before.flag if before else None, theirs.flag, FLAG_KEPT, kept, unset=0)
    suspended = _one(
        card.suspended,
        before.suspended if before else None,
        theirs.suspended,
        SUSPENSION_KEPT,
        kept,
    )
    after = dataclasses.replace(card, tags=tags, deck_ids=deck_ids, flag=flag, suspended=suspended)
    return after, kept


def _one(
    ours: Any, before: Any, theirs: Any, reason: str, kept: list[str], unset: Any = None
) -> Any:
    """Return a value that is either ours or theirs."""
    if theirs in (before, ours):
        return ours
    if ours == (unset if before is None else before):
        return theirs
    kept.append(reason)
    return ours


def _tags(
    card: Flashcard, before: Labels | None, theirs: Labels, kept: list[str]
) -> tuple[str, ...]:
    was = {_key(tag) for tag in before.tags} if before else set()
    now = {_key(tag) for tag in theirs.tags}
    ours = {_key(tag) for tag in card.tags}
    left = [tag for tag in card.tags if _key(tag) not in was - now]
    added = [tag for tag in theirs.tags if _key(tag) not in was | ours]
    after = (*left, *added)
    if before and after != card.tags and ours != was:
        kept.append(TAGS_MERGED)
    return after


def _deck_ids(
    card: Flashcard,
    before: Labels | None,
    theirs: Labels,
    living: Collection[UUID],
    kept: list[str],
) -> tuple[UUID, ...]:
    if theirs.deck is None:
        return card.deck_ids
    # What is left of decks that were deleted is dropped from a card that comes back.
    comes_back = card.deleted_at is not None
    present = tuple(each for each in card.deck_ids if each in living or not comes_back)
    if is_to_move(card, before, theirs.deck, living):
        given = () if theirs.deck_id is None else (theirs.deck_id,)
        left = before.deck_id if before else None
        others = (each for each in present if each in living and each != left)
        return tuple(dict.fromkeys([*given, *others]))
    if before and before.deck != theirs.deck and theirs.deck_id not in card.deck_ids:
        kept.append(DECK_KEPT)
    return present


def _key(tag: str) -> str:
    """Return what a tag is compared by: in Anki a space ends a tag, and case does not matter."""
    return fold("_".join(tag.split()))
