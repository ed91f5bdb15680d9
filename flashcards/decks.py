"""Decks: made, renamed, deleted and counted. A card may be in many; a smart deck is a search.

Deck rows are in PostgreSQL, membership is on the card. A deck's name is its whole path:
Biology::Cells is inside Biology, whether or not there is a deck of that name.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

import numpy as np
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.http import urlencode

from flashcards.browsing import finding, parsing
from flashcards.browsing.matching import Matcher, path_and_parents
from flashcards.browsing.syntax import BadQuery, InDeck
from flashcards.models import Deck, RemovedDecks
from flashcards.models.decks import DECK_NAME_MAX_CHARACTERS, DECK_SEPARATOR
from flashcards.records import Flashcard
from flashcards.reviewing import scope
from flashcards.services import CardError
from flashcards.store import collection, journal
from flashcards.store.blocks import Mask, Numbers
from flashcards.store.columns import Columns
from flashcards.store.journal import Change

DECKS_MOST = 1_000


class BadDeck(CardError):
    """A deck cannot be made or named like that."""


@dataclass(frozen=True)
class Counted:
    """A line of the tree of decks: a deck, or only the name of what is inside of it."""

    name: str
    deck: Deck | None
    # What is waiting now, and how many cards there are, those of the decks inside included.
    new: int = 0
    learning: int = 0
    due: int = 0
    total: int = 0
    # What is wrong with the search of a smart deck.
    problem: str = ""

    @property
    def depth(self) -> int:
        return self.name.count(DECK_SEPARATOR)

    @property
    def short_name(self) -> str:
        return self.name.rpartition(DECK_SEPARATOR)[2]

    @property
    def waiting(self) -> int:
        return self.new + self.learning + self.due

    @property
    def review_url(self) -> str:
        """Return where its cards are reviewed; of a name that is no deck, where one begins."""
        if self.deck is not None:
            return reverse("flashcards:review_deck", args=[self.deck.id])
        return f"{reverse('flashcards:ways')}?{urlencode({'q': self.query})}"

    @property
    def query(self) -> str:
        """Return the search that finds its cards."""
        return str(InDeck(self.name))


# Changing decks


def create_deck(*, owner_id: UUID, name: str, search: str = "", now: datetime) -> Deck:
    """Make a deck; with a search a smart one. Raises BadDeck, or BadQuery for the search."""
    name, search = clean_name(name), search.strip()
    if search:
        parsing.parse(search)
    if Deck.objects.filter(owner_id=owner_id).count() >= DECKS_MOST:
        raise BadDeck(f"You have {DECKS_MOST:,} decks, which is the most. Use tags below that.")
    try:
        with transaction.atomic():
            return Deck.objects.create(owner_id=owner_id, name=name, search=search, created_at=now)
    except IntegrityError:
        raise BadDeck(f"You have a deck called “{name}” already.") from None


def deck_named(*, owner_id: UUID, name: str, now: datetime) -> Deck:
    """Return the deck of this name to put cards into, made if there is none. Raises BadDeck."""
    deck = Deck.objects.filter(owner_id=owner_id, name__iexact=clean_name(name)).first()
    if deck is None:
        return create_deck(owner_id=owner_id, name=name, now=now)
    if deck.is_smart:
        raise BadDeck(f"“{deck.name}” is a saved search: it finds its cards by itself.")
    return deck


def rename_deck(*, owner_id: UUID, deck: Deck, name: str) -> Deck:
    """Give a deck another name, and what is inside of it with it. Raises BadDeck."""
    name = clean_name(name)
    before = deck.name
    if _is_inside(name, before):
        raise BadDeck("A deck cannot be put inside itself.")
    with transaction.atomic():
        decks = list(Deck.objects.select_for_update().filter(owner_id=owner_id))
        moved = [each for each in decks if each.id == deck.id or _is_inside(each.name, before)]
        taken = {each.name.lower() for each in decks if each not in moved}
        for each in moved:
            each.name = clean_name(name + each.name[len(before) :])
            if each.name.lower() in taken:
                raise BadDeck(f"You have a deck called “{each.name}” already.")
        # Through names nobody has: none may be another's for a moment.
        for each in moved:
            Deck.objects.filter(id=each.id).update(name=str(each.id))
        Deck.objects.bulk_update(moved, ["name"])
    return next(each for each in moved if each.id == deck.id)


def change_search(*, deck: Deck, search: str) -> None:
    """Let a smart deck find other cards. Raises BadQuery, BadDeck for a blank search."""
    if not search.strip():
        raise BadDeck("A smart deck needs a search.")
    parsing.parse(search)
    deck.search = search.strip()
    deck.save(update_fields=["search"])


def delete_deck(*, owner_id: UUID, deck: Deck, now: datetime) -> RemovedDecks:
    """Delete a deck and what is inside of it; the cards stay. What is returned undoes it."""
    with transaction.atomic():
        decks = Deck.objects.select_for_update().filter(owner_id=owner_id)
        gone = [each for each in decks if each.id == deck.id or _is_inside(each.name, deck.name)]
        removed = RemovedDecks.objects.create(
            owner_id=owner_id,
            created_at=now,
            decks=[
                {
                    "id": str(each.id),
                    "name": each.name,
                    "search": each.search,
                    "created_at": each.created_at.isoformat(),
                }
                for each in gone
            ],
        )
        # Their cards go on naming them, so that bringing them back is no more than these rows.
        Deck.objects.filter(id__in=[each.id for each in gone]).delete()
    return removed


def restore_decks(*, owner_id: UUID, removed: RemovedDecks) -> int:
    """Bring deleted decks back with their cards; return how many. Raises BadDeck."""
    decks = [
        Deck(
            id=UUID(each["id"]),
            owner_id=owner_id,
            name=each["name"],
            search=each["search"],
            created_at=datetime.fromisoformat(each["created_at"]),
        )
        for each in removed.decks
    ]
    try:
        with transaction.atomic():
            Deck.objects.bulk_create(decks)
            removed.delete()
    except IntegrityError:
        raise BadDeck(
            "There is a deck of that name again. Rename it, then undo once more."
        ) from None
    return len(decks)


def set_decks(*, owner_id: UUID, card_id: UUID, deck_ids: Iterable[UUID]) -> Flashcard:
    """Put a card into these decks and no others. Raises DoesNotExist, BadDeck for a stranger's."""
    wanted = list(dict.fromkeys(deck_ids))
    mine = Deck.objects.filter(owner_id=owner_id, id__in=wanted, search="")
    if mine.count() != len(wanted):
        raise BadDeck("One of these decks is not there any more.")
    with transaction.atomic():
        journal.lock_owner(owner_id)
        card = Flashcard.objects.for_owner(owner_id).get(id=card_id)
        after = dataclasses.replace(card, deck_ids=tuple(wanted))
        if after != card:
            journal.append([Change(after)])
    return after


# Reading decks


def names(owner_id: UUID) -> list[str]:
    """Return the names of an owner's decks, in their order, whatever their case."""
    found = Deck.objects.filter(owner_id=owner_id).values_list("name", flat=True)
    return sorted(found, key=str.lower)


def deck_cards(*, owner_id: UUID, deck: Deck, now: datetime, zone: tzinfo) -> finding.Found:
    """Return the cards of a deck and of those inside of it; of a smart deck what it finds now.

    Raises BadQuery for a smart deck whose search names what is no longer there.
    """
    text = str(InDeck(deck.name))
    return finding.find(owner_id=owner_id, text=text, now=now, zone=zone)


def tree(*, owner_id: UUID, now: datetime, zone: tzinfo) -> list[Counted]:
    """Return all decks, each behind what it is inside of, with what waits in each."""
    decks = list(Deck.objects.filter(owner_id=owner_id))
    if not decks:
        return []
    read = collection.read(owner_id)
    matcher = finding.matcher_of(owner_id, read, decks, now, zone)
    # What the review would show, and all.
    waiting = (*scope.waiting(matcher), read.alive)
    plain = {str(deck.id): deck.name for deck in decks if not deck.is_smart}
    counts = _plain_counts(read, plain, waiting)
    by_name = {deck.name.lower(): deck for deck in decks}
    lines = {}
    for deck in decks:
        for name in path_and_parents(deck.name):
            known = by_name.get(name.lower())
            spelled = known.name if known else name
            if known is not None and known.is_smart:
                lines[name.lower()] = _smart(matcher, known, waiting)
            else:
                lines[name.lower()] = Counted(
                    spelled, known, *counts.get(name.lower(), (0, 0, 0, 0))
                )
    return [lines[key] for key in sorted(lines, key=lambda key: key.split(DECK_SEPARATOR))]


def clean_name(name: str) -> str:
    """Return a deck's name with single blanks around nothing. Raises BadDeck."""
    storable = name.replace("\x00", "").encode("utf-8", "ignore").decode()
    parts = [" ".join(part.split()) for part in storable.split(DECK_SEPARATOR)]
    if not all(parts):
        raise BadDeck("A deck needs a name, on both sides of each “::”.")
    cleaned = DECK_SEPARATOR.join(parts)
    if len(cleaned) > DECK_NAME_MAX_CHARACTERS:
        raise BadDeck(
            f"This name has {len(cleaned)} characters; {DECK_NAME_MAX_CHARACTERS} is the most."
        )
    if "*" in cleaned or cleaned.lower() == "none":
        raise BadDeck("A deck’s name cannot have a * in it or be “none”: searches use these.")
    return cleaned


def _is_inside(name: str, parent: str) -> bool:
    return name.lower().startswith(f"{parent.lower()}{DECK_SEPARATOR}")


def _plain_counts(
    read: Columns, plain: dict[str, str], waiting: Sequence[Mask]
) -> dict[str, tuple[int, int, int, int]]:
    """Return the four counts of each deck's path, a card once however many decks it is in."""
    paths: dict[str, int] = {}
    above: dict[str, list[int]] = {
        deck_id: [paths.setdefault(path.lower(), len(paths)) for path in path_and_parents(name)]
        for deck_id, name in plain.items()
    }
    pairs, labels = read.label_pairs("deck_ids", read.alive)
    parts: list[Numbers] = []
    for depth in range(max((len(path) for path in above.values()), default=0)):
        code = np.array(
            [above[label][depth] if len(above.get(label, ())) > depth else -1 for label in labels],
            dtype=np.int64,
        )
        if len(pairs):
            codes = code[pairs[:, 1]]
            parts.append((pairs[:, 0] * len(paths) + codes)[codes >= 0])
    if not parts:
        return {}
    places, codes = np.divmod(np.unique(np.concatenate(parts)), len(paths))
    counted = [np.bincount(codes[mask[places]], minlength=len(paths)) for mask in waiting]
    return {path: tuple(int(each[code]) for each in counted) for path, code in paths.items()}  # type: ignore[misc]  # four of them


def _smart(matcher: Matcher, deck: Deck, waiting: Sequence[Mask]) -> Counted:
    try:
        mask = matcher.mask(InDeck(deck.name))
    except BadQuery as error:
        return Counted(deck.name, deck, problem=error.sentence)
    new, learning, due, total = (int(np.count_nonzero(mask & each)) for each in waiting)
    return Counted(deck.name, deck, new, learning, due, total)
