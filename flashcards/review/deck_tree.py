"""The tree of decks: each deck behind the one it is inside of, with what waits in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

import numpy as np
from django.urls import reverse
from django.utils.http import urlencode

from flashcards import store
from flashcards.domain.query.syntax import BadQuery, InDeck
from flashcards.models import Deck
from flashcards.models.decks import DECK_SEPARATOR
from flashcards.review import scope
from flashcards.search import search
from flashcards.search.matcher import Matcher, path_and_parents
from flashcards.store import CardColumns, Mask, Numbers


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
        return f"{reverse('flashcards:study_modes')}?{urlencode({'q': self.query})}"

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


def tree(*, owner_id: UUID, now: datetime, zone: tzinfo) -> list[Counted]:
    """Return all decks, each behind what it is inside of, with what waits in each."""
    decks = list(Deck.objects.filter(owner_id=owner_id))
    if not decks:
        return []
    read = store.columns(owner_id)
    matcher = search.matcher_of(owner_id, read, decks, now, zone)
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


def _plain_counts(
    read: CardColumns, plain: dict[str, str], waiting: Sequence[Mask]
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
