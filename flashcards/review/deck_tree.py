"""The deck tree: each deck after the one that it is inside, with counts of its cards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

import numpy as np

from flashcards import store
from flashcards.domain.query.syntax import BadQuery, InDeck
from flashcards.models import Deck
from flashcards.models.decks import DECK_SEPARATOR
from flashcards.review import scope
from flashcards.search import search
from flashcards.search.matcher import Matcher, path_and_parents
from flashcards.store import CardColumns, Mask, Numbers
from memoryloop.folding import fold


@dataclass(frozen=True)
class DeckCounts:
    """A row of the deck tree: a deck, or a name above a deck that is no deck itself."""

    name: str
    deck: Deck | None
    # Cards that wait now, and all cards; those of the decks inside are included.
    new: int = 0
    learning: int = 0
    due: int = 0
    total: int = 0
    # Why the search of a smart deck fails; empty if it does not.
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
    def query(self) -> str:
        """Return the search that finds its cards."""
        return str(InDeck(self.name))


def deck_cards(*, owner_id: UUID, deck: Deck, now: datetime, zone: tzinfo) -> search.Found:
    """Return the cards of a deck and of those inside of it; of a smart deck what it finds now.

    Raises BadQuery for a smart deck whose search names what is no longer there.
    """
    text = str(InDeck(deck.name))
    return search.find(owner_id=owner_id, text=text, now=now, zone=zone)


def tree(*, owner_id: UUID, now: datetime, zone: tzinfo) -> list[DeckCounts]:
    """Return all decks, each after the one that it is inside, with the cards that wait in each."""
    decks = list(Deck.objects.filter(owner_id=owner_id))
    if not decks:
        return []
    read = store.columns(owner_id)
    matcher = search.matcher_of(owner_id, read, decks, now, zone)
    # The cards that the review would show, and all cards.
    waiting = (*scope.waiting(matcher), read.alive)
    plain = {str(deck.id): deck.name for deck in decks if not deck.is_smart}
    counts = _plain_counts(read, plain, waiting)
    by_name = {fold(deck.name): deck for deck in decks}
    lines = {}
    for deck in decks:
        for name in path_and_parents(deck.name):
            known = by_name.get(fold(name))
            spelled = known.name if known else name
            if known is not None and known.is_smart:
                lines[fold(name)] = _smart(matcher, known, waiting)
            else:
                lines[fold(name)] = DeckCounts(
                    spelled, known, *counts.get(fold(name), (0, 0, 0, 0))
                )
    return [lines[key] for key in sorted(lines, key=lambda key: key.split(DECK_SEPARATOR))]


def _plain_counts(
    read: CardColumns, plain: dict[str, str], waiting: Sequence[Mask]
) -> dict[str, tuple[int, int, int, int]]:
    """Return the four counts of each deck's path, a card once however many decks it is in."""
    paths: dict[str, int] = {}
    above: dict[str, list[int]] = {
        deck_id: [paths.setdefault(fold(path), len(paths)) for path in path_and_parents(name)]
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


def _smart(matcher: Matcher, deck: Deck, waiting: Sequence[Mask]) -> DeckCounts:
    try:
        mask = matcher.mask(InDeck(deck.name))
    except BadQuery as error:
        return DeckCounts(deck.name, deck, problem=error.sentence)
    new, learning, due, total = (int(np.count_nonzero(mask & each)) for each in waiting)
    return DeckCounts(deck.name, deck, new, learning, due, total)
