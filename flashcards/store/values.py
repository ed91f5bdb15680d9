"""The values that go into a card store and come out of it, the same for every engine."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import numpy as np

from flashcards.domain.records import Flashcard, ReviewLog

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Numbers = np.ndarray[Any, np.dtype[Any]]
# (896,) float32 of unit length for one card, (n, 896) for several.
Vector = np.ndarray[Any, np.dtype[np.float32]]
# The largest cosine distance there is.
FARTHEST = 2.0
# A reader may hold a version of a table this long before its files are pruned.
KEEP_VERSIONS = timedelta(hours=1)


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A new image of a card, the review that made it, and its embedding where that is new."""

    card: Flashcard
    log: ReviewLog | None = None
    # `card.embedding_model` names the model that made it.
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class WordMatches:
    """Cards that have some words of a search, or words spelt alike, in no order."""

    cards: list[Flashcard]
    # By the word: how many cards have it, one of its forms included. Great numbers are cut.
    counts: Mapping[str, int]


@dataclass(frozen=True)
class QueueSettings:
    """The rules of one learner's due queue on one of their days."""

    # The learner's day: reviews since its beginning count, cards due before its end are ready.
    day_begins: datetime
    day_ends: datetime
    # retrievability, overdueness, due, deck or random
    order: str = "retrievability"
    # mixed, before or after
    new_cards: str = "mixed"
    bury_siblings: bool = True
    # Whether cards near in meaning are kept from following one another.
    keep_apart: bool = True
    # (new, reviews) a day, by the deck whose limits hold; None for all other cards.
    limits: Mapping[UUID | None, tuple[int, int]] = field(default_factory=dict)
    # The deck whose limits hold for the cards of a deck.
    governed_by: Mapping[UUID, UUID] = field(default_factory=dict)
    deck_ranks: Mapping[UUID, int] = field(default_factory=dict)

    @classmethod
    def plain(cls, now: datetime) -> "QueueSettings":
        """Return the rules of somebody who has set nothing, with days of UTC and no limits."""
        begins = now.replace(hour=4, minute=0, second=0, microsecond=0)
        begins -= timedelta(days=1) if begins > now else timedelta(0)
        return cls(begins, begins + timedelta(days=1))

    @cached_property
    def counting_key(self) -> tuple[object, ...]:
        """Return what the sums over a day's reviews depend on."""
        decks = tuple(sorted((str(a), str(b)) for a, b in self.governed_by.items()))
        return self.day_begins, decks

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Return what the order of the cards depends on."""
        ranks = tuple(sorted((str(a), b) for a, b in self.deck_ranks.items()))
        return self.order, self.bury_siblings, self.day_ends, *self.counting_key, ranks


@dataclass(frozen=True)
class DueQueue:
    """The first cards due, in order, and how many there are of each sort."""

    cards: list[Flashcard]
    new: int
    learning: int
    due: int
    # Due as well, but more than the learner wants on one day.
    new_held: int = 0
    due_held: int = 0
    # In their steps, and back later on the same day.
    learning_later: int = 0

    @property
    def total(self) -> int:
        return self.new + self.learning + self.due


@dataclass
class ReviewSummary:
    """Totals of a span of one learner's reviews."""

    milliseconds: int = 0
    by_day: Counter[date] = field(default_factory=Counter)
    by_hour: Counter[int] = field(default_factory=Counter)
    by_rating: Counter[int] = field(default_factory=Counter)
    # Reviews of known cards, a day or more after the one before, and how many were not Again.
    tested: int = 0
    recalled: int = 0


@dataclass(frozen=True)
class Checkpoint:
    """What one checkpoint moved from the journal to where it stays."""

    entries: int = 0
    cards: int = 0
    logs: int = 0
    erased_owners: int = 0
    seconds: float = 0.0
    # Another process is making one; nothing was done here.
    busy: bool = False


@dataclass(frozen=True)
class TableCondition:
    """The condition of a table: with fewer fragments and versions it answers sooner."""

    rows: int
    fragments: int
    versions: int
    # On the disk of a local store, old versions included; None elsewhere.
    bytes: int | None


@dataclass(frozen=True)
class OptimizedTable:
    """What was done to compact one table."""

    table: str
    before: TableCondition
    after: TableCondition
    indexes_made: list[str]
    seconds: float


@dataclass(frozen=True)
class TableStatus:
    """One table of the store: its recorded version, and its rows with what is pending."""

    name: str
    version: int
    # None if it cannot be read; `error` says why.
    rows: int | None
    error: str = ""


@dataclass(frozen=True)
class StoreStatus:
    """The state of the whole store, for its administrator."""

    tables: list[TableStatus]
    schema: int
    # Changes that wait for the next checkpoint, and since when.
    pending: int
    oldest: datetime | None
    checkpoints: int
    checkpoint_at: datetime | None
