"""The values that go into a card store and come out of it, the same for every engine."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import numpy as np

from flashcards.domain.records import Flashcard, ReviewLog

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Numbers = np.ndarray[Any, np.dtype[Any]]
# (dimensions,) float32 of unit length for one card, (n, dimensions) for several.
Vector = np.ndarray[Any, np.dtype[np.float32]]
# What cards are to be near to: a vector of the model that serves, or what makes one of the model
# that it is given. Which model serves may change at any moment.
Asked = Vector | Callable[[str], Vector]
# The largest cosine distance there is.
FARTHEST = 2.0
# A reader may hold a version of a table this long before its files are pruned.
KEEP_VERSIONS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class VectorSet:
    """The vectors that one embedding model made of the cards, in a column of their own."""

    # What a card names: the model, with a number where it had a set before.
    key: str
    model: str
    dimensions: int
    column: str
    # The cosine distance beyond which texts are unrelated for this model.
    unrelated: float


@dataclass(frozen=True, slots=True)
class VectorSets:
    """The sets of vectors that there are; PostgreSQL records them with the tables' versions.

    One set serves: search by meaning reads it. While another model is wanted, its set is coming:
    the worker fills it beside the other. Once no card lacks a vector, one commit makes it serve.

    A card names the newest set that has a vector of its present words. Vectors of a coming set are
    made for cards that have one in the serving set, so a card that names the coming set, or one
    that was given up before it came, has a vector in the serving set, too.
    """

    serving: VectorSet
    coming: VectorSet | None = None
    # The sets that were to come after the one that serves, and did not.
    given_up: tuple[str, ...] = ()
    # Columns that nobody asks for any more, and since when, in seconds of 1970.
    retired: tuple[tuple[str, float], ...] = ()
    # How many sets there were so far.
    made: int = 0

    @property
    def filled(self) -> tuple[VectorSet, ...]:
        """Return the sets that cards get vectors of."""
        return (self.serving,) if self.coming is None else (self.serving, self.coming)

    @property
    def served_keys(self) -> tuple[str, ...]:
        """Return what cards name that have a vector in the serving set."""
        coming = () if self.coming is None else (self.coming.key,)
        return (self.serving.key, *coming, *self.given_up)

    def serves(self, key: str) -> bool:
        """Tell whether a card that names this set has a vector in the serving one."""
        return key in self.served_keys

    def named(self, key: str) -> VectorSet | None:
        """Return the set of a key, if it is being filled."""
        return next((each for each in self.filled if each.key == key), None)

    def with_coming(
        self, model: str, dimensions: int, unrelated: float, now: float
    ) -> "VectorSets":
        """Return them with a new set that is to come, in place of another that was."""
        plain = self.without_coming(now)
        number = self.made + 1
        taken = {*plain.served_keys, self.serving.model}
        key = f"{model}#{number}" if model in taken else model
        coming = VectorSet(key, model, dimensions, f"embedding_{number}", unrelated)
        return dataclasses.replace(plain, coming=coming, made=number)

    def without_coming(self, now: float) -> "VectorSets":
        """Return them with what was coming given up."""
        if self.coming is None:
            return self
        return dataclasses.replace(
            self,
            coming=None,
            given_up=(*self.given_up, self.coming.key),
            retired=(*self.retired, (self.coming.column, now)),
        )

    def switched(self, now: float) -> "VectorSets":
        """Return them with the coming set serving."""
        if self.coming is None:
            return self
        retired = (*self.retired, (self.serving.column, now))
        return VectorSets(self.coming, retired=retired, made=self.made)

    def without_retired(self, columns: Collection[str]) -> "VectorSets":
        """Return them without columns that are gone."""
        left = tuple((column, since) for column, since in self.retired if column not in columns)
        return dataclasses.replace(self, retired=left)

    def to_json(self) -> dict[str, Any]:
        """Return what PostgreSQL keeps."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A new image of a card, the review that made it, and its vector where that is new."""

    card: Flashcard
    log: ReviewLog | None = None
    # Of the set that `card.embedding_model` names.
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class WordMatches:
    """Cards that have some words of a search, or words spelt alike, in no order."""

    cards: list[Flashcard]
    # By the word: how many cards have it, one of its forms included. Great numbers are cut.
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Curve:
    """How cards of some decks are forgotten: the chance of recall after so many stabilities."""

    # What the function depends on.
    key: str
    # Of an array; it falls.
    chance: Callable[[Numbers], Numbers] = field(compare=False)
    # The place by name of the deck that governs them: a card in several goes by the first.
    rank: int = 0


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
    # Where cards are forgotten by curves that differ: that of the cards of a deck, and of the rest.
    curves: Mapping[UUID, Curve] = field(default_factory=dict)
    curve: Curve | None = None

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
        curves = tuple(sorted((str(a), b.key) for a, b in self.curves.items()))
        rest = self.curve.key if self.curve else ""
        return (
            *(self.order, self.bury_siblings, self.day_ends, *self.counting_key),
            *(ranks, curves, rest),
        )


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


@dataclass(frozen=True, slots=True, eq=False)
class AnswerTotals:
    """How many answers one learner gave in each quarter of an hour, by what they say.

    There may be several rows of the same quarter and code, some of them with counts below zero.
    """

    # Since 1970, UTC: int32.
    quarters: Numbers
    # As in `flashcards.domain.answer_codes`: uint8.
    codes: Numbers
    # How many answers: int32. And how long they took together: int64.
    counts: Numbers
    durations_ms: Numbers


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
    """The condition of a table: with less of what it need not have it answers sooner."""

    rows: int
    # On the disk of a local store, with indexes and old versions; None elsewhere.
    bytes: int | None
    # LanceDB's.
    fragments: int = 0
    versions: int = 0
    # PostgreSQL's: rows that were changed or erased, and not cleared away yet.
    dead_rows: int = 0


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
    # LanceDB's; 0 elsewhere.
    version: int
    # None if it cannot be read; `error` says why.
    rows: int | None
    error: str = ""
    # With its indexes, where the engine tells.
    bytes: int | None = None


@dataclass(frozen=True)
class StoreStatus:
    """The state of the whole store, for its administrator."""

    # As StoreVersions.Engine has it.
    engine: str
    tables: list[TableStatus]
    schema: int
    # Changes that wait for the next checkpoint, and since when.
    pending: int
    oldest: datetime | None
    checkpoints: int
    checkpoint_at: datetime | None
