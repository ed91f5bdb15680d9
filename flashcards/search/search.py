"""The search for cards: find them by a query, sort them, and read those of a page."""

import dataclasses
import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from typing import overload
from uuid import UUID

import numpy as np

from flashcards import store, study_settings
from flashcards.domain.query import syntax
from flashcards.domain.query.parser import parse
from flashcards.domain.query.syntax import Node
from flashcards.domain.records import Flashcard
from flashcards.models import Deck
from flashcards.search import loosened
from flashcards.search.find_cards import FoundCard, find_cards
from flashcards.search.matcher import Matcher, retrievability
from flashcards.store import CardColumns, Numbers
from flashcards.study_settings import EffectiveSettings
from memoryloop.folding import fold


class Order(enum.StrEnum):
    """What cards can be sorted by. A minus before it reverses the order."""

    QUESTION = "question"
    STATE = "state"
    DUE = "due"
    STABILITY = "stability"
    DIFFICULTY = "difficulty"
    RETRIEVABILITY = "retrievability"
    LAPSES = "lapses"
    REVIEWS = "reviews"
    ADDED = "added"
    EDITED = "edited"
    DECK = "deck"
    TAGS = "tags"


NEWEST_FIRST = "-added"
# So many cards are ranked by how well they fit; the others that are found come behind, the newest
# first. Where filters leave few of them, the search looks deeper.
RANKED, RANKED_DEEPER, FEW = 60, 600, 10
_PLAIN = {
    Order.STATE: "state",
    Order.DUE: "due",
    Order.STABILITY: "stability",
    Order.DIFFICULTY: "difficulty",
    Order.LAPSES: "lapses",
    Order.REVIEWS: "reps",
    Order.ADDED: "created_at",
    Order.EDITED: "edited_at",
}


@dataclass(frozen=True)
class Found:
    """The result of a search. A slice reads the cards in it, and only those."""

    node: Node
    columns: CardColumns
    # The rows of the columns that were found, in order.
    places: Numbers
    decks: list[Deck]
    # The settings that retrievability is computed with.
    settings: EffectiveSettings
    # What fits the words best, the best first: some of the cards that were found, and others that
    # do not have all of the words. Only for a search that was to be ranked.
    ranked: tuple[FoundCard, ...] = ()

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Flashcard]:
        return iter(self[:])

    @overload
    def __getitem__(self, key: int) -> Flashcard: ...
    @overload
    def __getitem__(self, key: slice) -> list[Flashcard]: ...
    def __getitem__(self, key: int | slice) -> Flashcard | list[Flashcard]:
        if isinstance(key, slice):
            return self.columns.cards(self.places[key])
        return self.columns.cards(self.places[[key]])[0]

    def count(self) -> int:
        return len(self.places)

    @property
    def looks_for_words(self) -> bool:
        """Return whether cards have to have words that are not in quotes."""
        return bool(loosened.bare_words(self.node))

    @cached_property
    def near(self) -> list[FoundCard]:
        """Return what was ranked and does not have all of the words, the best first."""
        places = self.columns.places_of([each.card.id for each in self.ranked])
        found = np.isin(places, self.places)
        pairs = zip(self.ranked, found.tolist(), strict=True)
        return [each for each, is_found in pairs if not is_found]

    def ids(self) -> list[UUID]:
        """Return the ids of all cards that were found, in order."""
        return self.columns.ids(self.places)

    @cached_property
    def total(self) -> int:
        """Return how many cards the learner has."""
        return self.columns.total


def find(
    *,
    owner_id: UUID,
    text: str,
    now: datetime,
    zone: tzinfo,
    order: str = "",
    with_ranked: bool = False,
) -> Found:
    """Return the owner's cards that a search finds, without deleted ones. Raises BadQuery.

    `order` is one of Order, with a minus to reverse it. Without one, cards come by meaning if the
    search asks for meaning, else newest first. Three SQL queries; LanceDB is read once for each
    checkpoint, and for each word without quotes.

    With `with_ranked` the one search looks for the words without quotes as well, within what the
    rest of the search allows: the result has what it `ranked`, and without an order cards come by
    how well they fit. Which cards are found stays the same.
    """
    node = parse(text)
    decks = list(Deck.objects.filter(owner_id=owner_id))
    columns = store.columns(owner_id)
    matcher = matcher_of(owner_id, columns, decks, now, zone)
    mask = matcher.mask(node)
    nearness = None if _known(order) else matcher.nearness(node)
    ranked = _ranked(owner_id, node, matcher) if with_ranked else ()
    if nearness is None and ranked and not _known(order):
        best = columns.places_of([each.card.id for each in ranked])
        ranks = np.full(len(columns), len(ranked))
        ranks[best[best >= 0]] = np.flatnonzero(best >= 0)
        newest = _in_order(matcher, order)
        places = newest[np.argsort(ranks[newest], kind="stable")]
    elif nearness is not None:
        places = np.argsort(nearness, kind="stable")
    else:
        places = _in_order(matcher, order)
    if not isinstance(node, syntax.Everything) or columns.total != len(places):
        places = places[mask[places]]
    return Found(node, columns, places, decks, matcher.settings, ranked)


def _ranked(owner_id: UUID, node: Node, matcher: Matcher) -> tuple[FoundCard, ...]:
    """Return what fits the words of a search best, of the cards that its filters let through."""
    text = loosened.text_of(node)
    if not text:
        return ()
    filters = loosened.filters_of(node)
    if isinstance(filters, syntax.Everything):
        return tuple(find_cards(owner_id=owner_id, text=text, limit=RANKED))
    columns, mask = matcher.columns, matcher.mask(filters)
    kept: list[FoundCard] = []
    # What a filter lets through may be few of many: the search then looks deeper, once.
    for limit in (RANKED, RANKED_DEEPER):
        found = find_cards(owner_id=owner_id, text=text, limit=limit)
        places = columns.places_of([each.card.id for each in found])
        pairs = zip(found, places.tolist(), strict=True)
        kept = [each for each, place in pairs if place >= 0 and mask[place]]
        if len(kept) >= FEW or len(found) < limit:
            break
    return tuple(kept[:RANKED])


def matcher_of(
    owner_id: UUID, columns: CardColumns, decks: list[Deck], now: datetime, zone: tzinfo
) -> Matcher:
    """Return a matcher of these columns with the learner's day and settings. One SQL query."""
    settings = study_settings.settings_for(owner_id=owner_id)
    day = dataclasses.replace(settings.day, zone=zone)
    return Matcher(columns, decks, now, day, settings)


def split_order(order: str) -> tuple[Order, bool]:
    """Return what an order sorts by and whether it descends; newest first for an unknown order."""
    known = order if _known(order) else NEWEST_FIRST
    return Order(known.lstrip("-")), known.startswith("-")


def _known(order: str) -> bool:
    return order.removeprefix("-") in set(Order)


def _in_order(matcher: Matcher, order: str) -> Numbers:
    columns, decks = matcher.columns, matcher.decks
    by, descending = split_order(order)
    if by in _PLAIN:
        return columns.order(by, lambda: columns.array(_PLAIN[by]), descending=descending)
    if by is Order.QUESTION:
        return columns.order(by, columns.question_ranks, descending=descending)
    if by is Order.TAGS:
        ranks = columns.label_ranks
        return columns.order(by, lambda: ranks("tags", _alphabetical), descending=descending)
    if by is Order.DECK:
        places = {str(deck.id): n for n, deck in enumerate(sorted(decks, key=_by_name))}
        key = (by, tuple(places))
        return columns.order(
            key, lambda: columns.label_ranks("deck_ids", lambda _: places), descending=descending
        )
    # Retrievability changes with time: the order is kept for a minute.
    minute = matcher.now.replace(second=0, microsecond=0)
    return columns.order(
        (by, minute),
        lambda: retrievability(columns, minute, matcher.settings),
        descending=descending,
    )


def _alphabetical(names: list[str]) -> dict[str, int]:
    return {name: n for n, name in enumerate(sorted(names, key=lambda name: (fold(name), name)))}


def _by_name(deck: Deck) -> tuple[str, str]:
    return fold(deck.name), str(deck.id)
