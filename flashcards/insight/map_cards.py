"""The cards of a map at one moment: which are shown, how well known, of which deck, how old.

As numbers that go to the browser, one place a card of the layout.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

import numpy as np

from flashcards.domain.records import Flashcard
from flashcards.domain.study_day import DAY_MICROS, micros
from flashcards.insight.card_map import Layout
from flashcards.insight.mapping.neighbours import nearest_centres
from flashcards.insight.mapping.regions import Region
from flashcards.models import Deck
from flashcards.review import scope as scopes
from flashcards.review.learner import Learner
from flashcards.review.scope import Scope
from flashcards.search.matcher import Matcher, retrievability
from flashcards.store import CardColumns, Mask, Numbers

# Classes of the chance of recall, by their lower ends in percent; one more for new cards.
CHANCES = (0, 50, 70, 80, 90)
CHANCE_NEW = len(CHANCES)
# Classes of age, by their lower ends in days.
AGES = (0, 7, 30, 91, 365)
# So many decks have a class of their own: those with the most cards. Then the others, then none.
DECKS_MOST = 8
DECK_OTHER, DECK_NONE = DECKS_MOST, DECKS_MOST + 1
# What stands in the place of the chance of a card that is not shown.
HIDDEN = 255


@dataclass(frozen=True)
class RegionCards:
    """A region, and its cards that are shown."""

    region: Region
    number: int
    count: int
    # The mean chance of recall of those that were reviewed, 0 to 1; None without any.
    chance: float | None
    # The cards nearest to its middle.
    cards: list[Flashcard]


@dataclass(frozen=True)
class MapCards:
    """The cards of a layout that are of a scope. Made by `read`."""

    layout: Layout
    learner: Learner
    columns: CardColumns
    # Where each card of the layout stands in the columns; -1 for one that is gone.
    places: Numbers
    shown: Mask
    matcher: Matcher
    decks: list[Deck]
    now: datetime

    @property
    def count(self) -> int:
        return int(self.shown.sum())

    @cached_property
    def chances(self) -> Numbers:
        """Return the chance of recall of each card, 0 to 1; NaN for a new one, (n,)."""
        return self._of(retrievability(self.columns, self.now, self.learner.settings))

    @cached_property
    def chance_classes(self) -> Numbers:
        percent = np.nan_to_num(self.chances, nan=0) * 100
        classes = np.searchsorted(CHANCES, percent, side="right") - 1
        return np.where(np.isnan(self.chances), CHANCE_NEW, classes)

    @cached_property
    def age_classes(self) -> Numbers:
        days = (micros(self.now) - self._of(self.columns.array("created_at"))) / DAY_MICROS
        return np.maximum(np.searchsorted(AGES, days, side="right") - 1, 0)

    @cached_property
    def named_decks(self) -> list[str]:
        """Return the ids of the decks that have a class of their own, that with the most first."""
        alive = np.zeros(len(self.columns), dtype=bool)
        alive[self.places[self.shown]] = True
        pairs, ids = self.columns.label_pairs("deck_ids", alive)
        counts = np.bincount(pairs[:, 1].astype(np.int64), minlength=len(ids))
        known = {str(deck.id) for deck in self.decks}
        order = sorted(range(len(ids)), key=lambda code: (-counts[code], ids[code]))
        return [ids[code] for code in order if counts[code] and ids[code] in known][:DECKS_MOST]

    @cached_property
    def deck_classes(self) -> Numbers:
        """Return the class of each card's deck: of several, that with the most cards."""
        ranks = {deck_id: rank for rank, deck_id in enumerate(self.named_decks)}

        def rank(names: list[str]) -> dict[str, int]:
            return {name: ranks.get(name, DECK_OTHER) for name in names}

        found = self._of(self.columns.label_ranks("deck_ids", rank))
        return np.where(np.isnan(found), DECK_NONE, found).astype(np.int64)

    def counts(self, classes: Numbers) -> list[int]:
        """Return how many shown cards each class has."""
        found: list[int] = np.bincount(classes[self.shown], minlength=DECK_NONE + 1).tolist()
        return found

    def packed(self) -> bytes:
        """Return what the browser draws.

        The version and the number of cards as uint32, then of each card: x, y from 0 to 65,535 as
        uint16 (x of all, then y of all), and its classes of chance, deck and age as bytes, HIDDEN
        in the place of the chance of one that is not shown. Little-endian.
        """
        spots = np.round((self.layout.positions + 1) * 32_767.5).clip(0, 65_535).astype("<u2")
        chance = np.where(self.shown, self.chance_classes, HIDDEN).astype(np.uint8)
        return b"".join(
            (
                struct.pack("<II", self.layout.version, len(self.layout)),
                spots[:, 0].tobytes(),
                spots[:, 1].tobytes(),
                chance.tobytes(),
                self.deck_classes.astype(np.uint8).tobytes(),
                self.age_classes.astype(np.uint8).tobytes(),
            )
        )

    def found(self, scope: Scope) -> Numbers:
        """Return which of the shown cards another scope has, as places of the layout.

        Raises BadQuery.
        """
        mask = scopes.mask_of(self.learner, scope, self.matcher)
        return np.flatnonzero(self.shown & mask[np.maximum(self.places, 0)])

    def card(self, at: int) -> Flashcard | None:
        """Return the card at a place of the layout, if it is shown."""
        if not 0 <= at < len(self.places) or not self.shown[at]:
            return None
        return next(iter(self.columns.cards(self.places[at : at + 1])), None)

    @cached_property
    def _groups(self) -> Numbers:
        """Return the number of the region that each card is in."""
        centres = [(each.x, each.y) for each in self.layout.regions if each.level == 0]
        return nearest_centres(
            self.layout.positions.astype(np.float32), np.array(centres, dtype=np.float32)
        )

    def in_region(self, number: int) -> list[UUID]:
        """Return the ids of a region's shown cards, those nearest to its middle first."""
        return self.columns.ids(self.places[self._nearest_in(number)])

    def _nearest_in(self, number: int) -> Numbers:
        regions = [each for each in self.layout.regions if each.level == 0]
        if not 0 <= number < len(regions):
            return np.empty(0, dtype=np.int64)
        rows = np.flatnonzero(self.shown & (self._groups == number))
        middle = np.array([regions[number].x, regions[number].y])
        far = ((self.layout.positions[rows] - middle) ** 2).sum(axis=1)
        return rows[np.argsort(far, kind="stable")]

    def regions(self, most: int) -> Iterator[RegionCards]:
        """Yield the regions that have cards, the largest first, with `most` cards of each."""
        regions = [each for each in self.layout.regions if each.level == 0]
        rows = [self._nearest_in(number) for number in range(len(regions))]
        for number in sorted(range(len(regions)), key=lambda each: -len(rows[each])):
            own = rows[number]
            if not len(own):
                continue
            known = self.chances[own][~np.isnan(self.chances[own])]
            yield RegionCards(
                regions[number],
                number,
                len(own),
                float(known.mean()) if len(known) else None,
                self.columns.cards(self.places[own[:most]]),
            )

    def _of(self, column: Numbers) -> Numbers:
        """Return a column's values in the order of the layout; any for a card that is gone."""
        return column[np.maximum(self.places, 0)]


def read(layout: Layout, scope: Scope, now: datetime) -> MapCards:
    """Return the cards of a layout that are of a scope. Four SQL queries. Raises BadQuery."""
    learner = Learner.read(layout.row.owner_id)
    matcher = scopes.matcher_of(learner, now)
    columns = matcher.columns
    places = columns.places_of(layout.id_texts)
    shown = places >= 0
    if scope != scopes.EVERYTHING:
        shown &= scopes.mask_of(learner, scope, matcher)[np.maximum(places, 0)]
    return MapCards(layout, learner, columns, places, shown, matcher, matcher.decks, now)
