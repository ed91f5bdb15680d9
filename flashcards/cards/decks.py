"""Decks: create, rename, delete and restore them. A card may be in many; a smart deck is a search.

Deck rows are in PostgreSQL, membership is on the card. A deck's name is its whole path:
Biology::Cells is inside Biology, whether or not a deck of that name exists.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from flashcards.cards import memories, removed_decks
from flashcards.cards.change import change_card
from flashcards.domain.query import parser
from flashcards.domain.records import Flashcard
from flashcards.domain.validation import CardError
from flashcards.models import Deck, RemovedDecks
from flashcards.models.decks import DECK_NAME_MAX_CHARACTERS, DECK_SEPARATOR
from memoryloop.folding import fold
from memoryloop.storable import storable

DECKS_MOST = 1_000


class BadDeck(CardError):
    """A deck cannot be created or renamed like this."""


# Changing decks


def create_deck(*, owner_id: UUID, name: str, search: str = "", now: datetime) -> Deck:
    """Create a deck; with a search a smart one. Raises BadDeck, or BadQuery for the search."""
    name, search = clean_name(name), search.strip()
    if search:
        parser.parse(search)
    own = Deck.objects.filter(owner_id=owner_id)
    if own.count() >= DECKS_MOST:
        raise BadDeck(f"You have {DECKS_MOST:,} decks, which is the maximum. Use tags as well.")
    if known := own.named(name):
        raise BadDeck(f"You have a deck called “{known.name}” already.")
    try:
        with transaction.atomic():
            return Deck.objects.create(owner_id=owner_id, name=name, search=search, created_at=now)
    except IntegrityError:
        raise BadDeck(f"You have a deck called “{name}” already.") from None


def deck_named(*, owner_id: UUID, name: str, now: datetime) -> Deck:
    """Return the deck of this name, created if there is none. Raises BadDeck for a smart one."""
    deck = Deck.objects.filter(owner_id=owner_id).named(clean_name(name))
    if deck is None:
        return create_deck(owner_id=owner_id, name=name, now=now)
    if deck.is_smart:
        raise BadDeck(f"“{deck.name}” is a saved search: it finds its cards by itself.")
    return deck


def parent_named(*, owner_id: UUID, name: str, now: datetime) -> Deck:
    """Return the deck of a name that decks are inside of, created if it was a name only.

    Raises Deck.DoesNotExist if no deck is inside it, BadDeck for a smart one.
    """
    inside = Deck.objects.filter(owner_id=owner_id, name__istartswith=f"{name}{DECK_SEPARATOR}")
    if not name or not inside.exists():
        raise Deck.DoesNotExist
    return deck_named(owner_id=owner_id, name=name, now=now)


def ids_named(*, owner_id: UUID, names: Iterable[str], now: datetime) -> tuple[UUID, ...]:
    """Return the ids of the decks of these names, made where there are none. Raises BadDeck."""
    return tuple(deck_named(owner_id=owner_id, name=name, now=now).id for name in names)


def names_of(*, owner_id: UUID, deck_ids: Sequence[UUID]) -> list[str]:
    """Return the names of the decks that a card is in. One SQL query, if any."""
    if not deck_ids:
        return []
    held = Deck.objects.filter(owner_id=owner_id, id__in=deck_ids)
    return list(held.values_list("name", flat=True))


def rename_deck(*, owner_id: UUID, deck: Deck, name: str) -> Deck:
    """Rename a deck and the decks inside it. Raises BadDeck."""
    name = clean_name(name)
    before = deck.name
    if _is_inside(name, before):
        raise BadDeck("A deck cannot be put inside itself.")
    with transaction.atomic():
        decks = list(Deck.objects.select_for_update().filter(owner_id=owner_id))
        moved = [each for each in decks if each.id == deck.id or _is_inside(each.name, before)]
        taken = {fold(each.name) for each in decks if each not in moved}
        depth = before.count(DECK_SEPARATOR) + 1
        for each in moved:
            below = each.name.split(DECK_SEPARATOR)[depth:]
            each.name = clean_name(DECK_SEPARATOR.join([name, *below]))
            if fold(each.name) in taken:
                raise BadDeck(f"You have a deck called “{each.name}” already.")
        # Unique names first: a new name may still be another moved deck's old one.
        for each in moved:
            Deck.objects.filter(id=each.id).update(name=str(each.id))
        Deck.objects.bulk_update(moved, ["name"])
        memories.after_decks(owner_id)
    return next(each for each in moved if each.id == deck.id)


def change_search(*, deck: Deck, search: str) -> None:
    """Change the search of a smart deck. Raises BadQuery, BadDeck for a blank search."""
    if not search.strip():
        raise BadDeck("A smart deck needs a search.")
    parser.parse(search)
    deck.search = search.strip()
    deck.save(update_fields=["search"])


def delete_deck(*, owner_id: UUID, deck: Deck, now: datetime) -> RemovedDecks:
    """Delete a deck and the decks inside it; the cards stay. `restore_decks` takes the result."""
    with transaction.atomic():
        decks = Deck.objects.select_for_update().filter(owner_id=owner_id)
        gone = [each for each in decks if each.id == deck.id or _is_inside(each.name, deck.name)]
        # Their cards keep the decks' ids, so restoring the rows restores the decks.
        return removed_decks.remove(owner_id=owner_id, decks=gone, now=now)


def restore_decks(*, owner_id: UUID, removed: RemovedDecks) -> int:
    """Restore deleted decks with their cards; return how many. Raises BadDeck."""
    here = set(Deck.objects.filter(owner_id=owner_id).values_list("id", flat=True))
    # Some may be there again, because a card came back to them.
    gone = [each for each in removed.decks if UUID(each["id"]) not in here]
    if gone and len(here) + len(gone) > DECKS_MOST:
        raise BadDeck(f"With these you would have more than {DECKS_MOST:,} decks, the maximum.")
    try:
        with transaction.atomic():
            removed_decks.create_again(owner_id, gone)
            removed.delete()
    except IntegrityError:
        raise BadDeck("There is a deck of that name again. Rename it, then undo again.") from None
    return len(gone)


def set_decks(*, owner_id: UUID, card_id: UUID, deck_ids: Iterable[UUID]) -> Flashcard:
    """Put a card into these decks and no others. Raises DoesNotExist, BadDeck for others' decks."""
    wanted = list(dict.fromkeys(deck_ids))
    own = Deck.objects.filter(owner_id=owner_id, id__in=wanted, search="")
    if own.count() != len(wanted):
        raise BadDeck("One of these decks no longer exists.")
    return change_card(
        owner_id, card_id, lambda card: dataclasses.replace(card, deck_ids=tuple(wanted))
    ).after


# Reading decks


def names(owner_id: UUID) -> list[str]:
    """Return the names of an owner's decks, sorted without regard to case."""
    found = Deck.objects.filter(owner_id=owner_id).values_list("name", flat=True)
    return sorted(found, key=fold)


def clean_name(name: str) -> str:
    """Return a deck's name with its spaces normalised. Raises BadDeck."""
    parts = [" ".join(part.split()) for part in storable(name).split(DECK_SEPARATOR)]
    if not all(parts):
        raise BadDeck("A deck needs a name, on both sides of each “::”.")
    cleaned = DECK_SEPARATOR.join(parts)
    if len(cleaned) > DECK_NAME_MAX_CHARACTERS:
        raise BadDeck(
            f"This name has {len(cleaned)} characters; the maximum is {DECK_NAME_MAX_CHARACTERS}."
        )
    if "*" in cleaned or fold(cleaned) == "none":
        raise BadDeck("A deck’s name cannot have a * in it or be “none”: searches use these.")
    return cleaned


def _is_inside(name: str, parent: str) -> bool:
    return fold(name).startswith(f"{fold(parent)}{DECK_SEPARATOR}")
