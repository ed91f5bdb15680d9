"""The rows of one owner that may be due within two days, as arrays in the queue's order."""

import itertools
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from flashcards.records import Flashcard
from flashcards.store import codec, tables
from flashcards.store.filters import Expression, Or, all_of, condition
from flashcards.store.journal import Pending
from flashcards.store.ledger import Done
from flashcards.store.plan import Plan
from flashcards.store.schema import EVERYTHING, FLASHCARDS

# How far ahead of now the rows are read; they are read anew when less than half of it is left.
HORIZON = timedelta(days=2)
LEARNING, REVIEWS, NEW = 0, 1, 2
# By state: learning and relearning come first, then reviews, then new cards.
_SEGMENTS = np.array([NEW, LEARNING, REVIEWS, LEARNING])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MICROS = 86_400_000_000

Numbers = np.ndarray[Any, np.dtype[Any]]


@dataclass
class Rows:
    """Some cards as the queue sees them, in its order. Times are int64 microseconds since 1970."""

    ids: list[str]
    notes: list[str]
    segments: Numbers
    due: Numbers
    buried: Numbers
    # What they are ordered by inside a segment.
    first_keys: Numbers
    second_keys: Numbers
    # The deck whose limits a row counts for, as a place in `decks`; 0 is none.
    buckets: Numbers

    def __len__(self) -> int:
        return len(self.ids)

    def is_ready(self, now: datetime, plan: Plan, ahead: timedelta) -> Numbers:
        """Return which are due: learnt cards on their day, others to the second."""
        at, end = micros(now), micros(plan.day_ends)
        limits = np.array([at + ahead // timedelta(microseconds=1), end - 1, at])
        due: Numbers = self.due <= limits[self.segments]
        ready: Numbers = due & (self.buried <= limits[LEARNING])
        return ready

    def rank(self, place: int) -> tuple[float, float, str]:
        return self.first_keys[place], self.second_keys[place], self.ids[place]


@dataclass
class Snapshot:
    """The rows of one owner in LanceDB, and those of their cards that were read whole."""

    key: tuple[object, ...]
    until: datetime
    rows: Rows
    cards: dict[UUID, Flashcard] = field(default_factory=dict)
    vectors: dict[UUID, Numbers] = field(default_factory=dict)
    _places: dict[str, int] | None = None
    _siblings: tuple[dict[str, list[int]], Numbers, Numbers] | None = None
    # Each is set in one go: two requests of a learner may be at it at once.
    _pending: tuple[int, list[int]] = field(default=(0, []))
    _buried: tuple[object, int, list[int]] = field(default=(None, 0, []))

    def place(self, card_id: UUID) -> int | None:
        if self._places is None:
            self._places = {card_id: n for n, card_id in enumerate(self.rows.ids)}
        return self._places.get(str(card_id))

    def pending_places(self, cards: Mapping[UUID, Flashcard], *, keep: bool) -> list[int]:
        """Return the rows of which the journal has a newer image.

        With `keep`, which is for committed images, the next call looks at those that came since.
        """
        taken, places = self._pending
        if taken > len(cards) or not keep:
            taken, places = 0, []
        new = (self.place(each) for each in itertools.islice(cards, taken, None))
        places = [*places, *(place for place in new if place is not None)]
        if keep:
            self._pending = len(cards), places
        return places

    def buried_places(self, done: Done) -> list[int]:
        """Return the rows that have a sibling among the cards done on this day.

        Looks at the cards that were done since the last call.
        """
        before, taken, places = self._buried
        if before is not done:
            taken, places = 0, []
        by_note, _, _ = self.siblings()
        new = done.seen[taken:]
        places = places + [
            place
            for note, own in new
            for place in by_note.get(note, ())
            if self.rows.ids[place] != own and self.rows.segments[place] != LEARNING
        ]
        self._buried = done, taken + len(new), places
        return places

    def siblings(self) -> tuple[dict[str, list[int]], Numbers, Numbers]:
        """Return each note's places, the places of rows that have siblings, and a note number."""
        if self._siblings is None:
            by_note: dict[str, list[int]] = {}
            for place, note in enumerate(self.rows.notes):
                by_note.setdefault(note, []).append(place)
            groups = [places for places in by_note.values() if len(places) > 1]
            pairs = sorted((place, n) for n, group in enumerate(groups) for place in group)
            places = np.array([place for place, _ in pairs], dtype=np.int64)
            codes = np.array([n for _, n in pairs], dtype=np.int64)
            self._siblings = by_note, places, codes
        return self._siblings


def micros(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1)


def studied(owner_id: UUID) -> Expression:
    return all_of(
        condition(FLASHCARDS, key, value)
        for key, value in (
            ("owner_id", owner_id),
            ("suspended", False),
            ("deleted_at__isnull", True),
        )
    )


def table_of(owner_id: UUID, pending: Pending) -> Any | None:
    if owner_id in pending.erased:
        return None
    return tables.existing(FLASHCARDS, pending.flashcards_version)


def stored(owner_id: UUID, pending: Pending, plan: Plan, now: datetime, until: datetime) -> Rows:
    """Return the owner's rows in LanceDB that are due before `until`. One read."""
    table = table_of(owner_id, pending)
    if table is None:
        return fresh([], plan, now)
    soon = Or(
        (
            condition(FLASHCARDS, "buried_until__isnull", True),
            condition(FLASHCARDS, "buried_until__lte", until),
        )
    )
    where = all_of([studied(owner_id), condition(FLASHCARDS, "due__lte", until), soon])
    columns = ["id", "note_id", "state", "due", "created_at", "buried_until"]
    columns += ["stability", "last_review"] + (["deck_ids"] if plan.needs_decks else [])
    found = tables.fetch(table.search().where(where.to_sql()).select(columns).limit(EVERYTHING))
    decks = found["deck_ids"].to_pylist() if plan.needs_decks else None
    return _rows(
        plan,
        now,
        ids=found["id"].to_numpy(zero_copy_only=False),
        notes=found["note_id"].to_numpy(zero_copy_only=False),
        states=found["state"].to_numpy().astype(np.int64),
        times=tuple(
            codec.micros(found[name])
            for name in ("due", "created_at", "buried_until", "last_review")
        ),
        stability=found["stability"].fill_null(0).to_numpy(),
        decks=None if decks is None else [tuple(UUID(d) for d in listed) for listed in decks],
    )


def fresh(cards: Iterable[Flashcard], plan: Plan, now: datetime) -> Rows:
    """Return cards of the journal as rows."""
    listed = list(cards)
    times = [
        (
            micros(card.due),
            micros(card.created_at),
            micros(card.buried_until) if card.buried_until else 0,
            micros(card.last_review) if card.last_review else 0,
        )
        for card in listed
    ]
    return _rows(
        plan,
        now,
        ids=np.array([str(card.id) for card in listed], dtype=object),
        notes=np.array([str(card.note_id) for card in listed], dtype=object),
        states=np.array([card.state for card in listed], dtype=np.int64),
        times=tuple(np.array(times, dtype=np.int64).reshape(-1, 4).T),
        stability=np.array([card.stability or 0.0 for card in listed]),
        decks=[card.deck_ids for card in listed] if plan.needs_decks else None,
    )


def _rows(
    plan: Plan,
    now: datetime,
    *,
    ids: Numbers,
    notes: Numbers,
    states: Numbers,
    times: tuple[Numbers, ...],
    stability: Numbers,
    decks: Sequence[tuple[UUID, ...]] | None,
) -> Rows:
    due, made, buried, last_review = times
    segments = _SEGMENTS[states]
    first = np.where(segments == NEW, made, due).astype(np.float64)
    second = np.zeros(len(ids))
    reviews = np.flatnonzero(segments == REVIEWS)
    if plan.order == "deck" and decks is not None:
        # Deck by deck goes for new cards as well.
        ranks = np.array([plan.rank(listed) for listed in decks], dtype=np.float64)
        second = first
        first = np.where(segments == LEARNING, first, ranks)
    elif plan.order == "random":
        first[reviews] = [_drawn(ids[place], plan) for place in reviews.tolist()]
    elif plan.order != "due":
        second[reviews] = first[reviews]
        keys = _urgency(plan, now, due[reviews], last_review[reviews], stability[reviews])
        first[reviews] = keys
    buckets = np.zeros(len(ids), dtype=np.int64)
    if plan.governed_by and decks is not None:
        numbers = bucket_numbers(plan)
        buckets[:] = [numbers[plan.bucket(listed)] for listed in decks]
    order = np.lexsort((second, first, segments))
    return Rows(
        ids=ids[order].tolist(),
        notes=notes[order].tolist(),
        segments=segments[order],
        due=due[order],
        buried=buried[order],
        first_keys=first[order],
        second_keys=second[order],
        buckets=buckets[order],
    )


def bucket_numbers(plan: Plan) -> dict[UUID | None, int]:
    """Return a number for each deck with limits of its own; 0 stands for all other cards."""
    decks = sorted(set(plan.governed_by.values()), key=str)
    return {None: 0, **{deck_id: n for n, deck_id in enumerate(decks, start=1)}}


def _urgency(
    plan: Plan, now: datetime, due: Numbers, last_review: Numbers, stability: Numbers
) -> Numbers:
    """Return what is lowest for the card to review first: recall, or how far before its time."""
    at = micros(now)
    elapsed = np.maximum(at - last_review, 0) / _DAY_MICROS
    if plan.order == "overdueness":
        interval = np.maximum(due - last_review, 1) / _DAY_MICROS
        overdue: Numbers = -elapsed / interval
        return overdue
    factor = 0.9 ** (-1 / plan.decay) - 1
    chance: Numbers = (1 + factor * elapsed / np.maximum(stability, 0.001)) ** -plan.decay
    return chance


def _drawn(card_id: str, plan: Plan) -> float:
    """Return a number that is the card's own on this day."""
    return float(zlib.crc32(f"{plan.day_begins:%Y%m%d}{card_id}".encode()))
