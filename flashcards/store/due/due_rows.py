"""The rows of a due queue: read from the table as arrays, and ranked by a learner's settings.

A ranked row says where a card belongs, when it is ready, and what it is sorted by. Thousands of
stored rows are ranked at once, and a newer image by itself: to the same numbers, so it
does not matter which way a card came.
"""

import bisect
import zlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flashcards.domain.records import Flashcard
from flashcards.domain.study_day import DAY_MICROS, micros
from flashcards.store.pending import Pending
from flashcards.store.rows import codec
from flashcards.store.rows.filters import Expression, Or, condition
from flashcards.store.rows.schema import FLASHCARDS
from flashcards.store.values import Curve, Numbers, QueueSettings

# How far ahead of now the rows are read; they are read anew when less than half of it is left.
HORIZON = timedelta(days=2)
LEARNING, REVIEWS, NEW = 0, 1, 2
# By state: learning and relearning come first, then reviews, then new cards.
_SEGMENTS = (NEW, LEARNING, REVIEWS, LEARNING)
# Not on this day of the learner's.
NEVER = 2**63 - 1
_LEAST_DAYS = 0.001
_TIMES = ("due", "created_at", "buried_until", "last_review")

# Sorted by: two numbers, and between equals the id.
Key = tuple[float, float, bytes]


@dataclass
class Rows:
    """Cards as the table has them, in the order of their ids, which are text of 36 bytes.

    Times are int64 microseconds since 1970, 0 for none.
    """

    ids: Numbers
    notes: Numbers
    states: Numbers
    due: Numbers
    created_at: Numbers
    buried_until: Numbers
    last_review: Numbers
    stability: Numbers
    # Which of `deck_sets` a card is in.
    decks: Numbers
    deck_sets: list[tuple[UUID, ...]]
    # False once there is a newer image of the card.
    current: Numbers
    _by_note: Numbers = field(init=False)

    def __post_init__(self) -> None:
        self._by_note = np.argsort(self.notes, kind="stable").astype(np.int32)

    def copy(self) -> "Rows":
        return replace(self, current=self.current.copy())

    def __len__(self) -> int:
        return len(self.ids)

    def place(self, card_id: bytes) -> int | None:
        """Return where a card is."""
        place = bisect.bisect_left(self.ids, card_id)
        return place if place < len(self) and self.ids[place] == card_id else None

    def of_note(self, note: bytes) -> list[int]:
        """Return where the cards of a note are."""
        found = []
        for at in range(bisect.bisect_left(self._by_note, note, key=self._note), len(self)):
            place = int(self._by_note[at])
            if self.notes[place] != note:
                break
            found.append(place)
        return found

    def _note(self, place: int) -> bytes:
        note: bytes = self.notes[place]
        return note


def key_of(any_id: UUID) -> bytes:
    """Return an id in the form that Rows has it in."""
    return str(any_id).encode()


# Cards that are studied at all.
STUDIED: tuple[Expression, ...] = (
    condition(FLASHCARDS, "suspended", False),
    condition(FLASHCARDS, "deleted_at__isnull", True),
)


def read(owner_id: UUID, pending: Pending, until: datetime) -> Rows:
    """Return the owner's rows that are due before `until`. One read."""
    columns = ["id", "note_id", "state", "stability", "deck_ids", *_TIMES]
    awake = Or(
        (
            condition(FLASHCARDS, "buried_until__isnull", True),
            condition(FLASHCARDS, "buried_until__lte", until),
        )
    )
    due = condition(FLASHCARDS, "due__lte", until)
    found = pending.read(FLASHCARDS, owner_id, columns, *STUDIED, due, awake)
    found = found.take(pc.sort_indices(found["id"]))
    joined = pc.dictionary_encode(pc.binary_join(found["deck_ids"], ",")).combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        joined = pa.array([], pa.string()).dictionary_encode()
    return Rows(
        ids=codec.id_texts(found["id"]),
        notes=codec.id_texts(found["note_id"]),
        states=found["state"].to_numpy().astype(np.int8),
        **{name: codec.column_micros(found[name]) for name in _TIMES},
        stability=found["stability"].fill_null(0).to_numpy(),
        decks=joined.indices.to_numpy().astype(np.int32),
        current=np.ones(len(found), dtype=bool),
        deck_sets=[
            tuple(UUID(deck) for deck in text.split(",") if deck)
            for text in joined.dictionary.to_pylist()
        ],
    )


class Row(NamedTuple):
    """One card as the queue sees it."""

    key: Key
    note: bytes
    segment: int
    # The deck whose limits it counts for.
    bucket: UUID | None
    # Microseconds since 1970.
    ready_at: int
    # Of a stored row.
    place: int | None = None


@dataclass
class Ranked:
    """Stored rows as the queue sees them, one place a row."""

    rows: Rows
    segments: Numbers
    first: Numbers
    second: Numbers
    ready_at: Numbers
    # Which of `bucket_ids`.
    buckets: Numbers
    bucket_ids: list[UUID | None]

    def key(self, place: int) -> Key:
        """Return what a row is sorted by."""
        return float(self.first[place]), float(self.second[place]), self.rows.ids[place]

    def row(self, place: int) -> Row:
        """Return a row as the queue sees it."""
        return Row(
            self.key(place),
            self.rows.notes[place],
            int(self.segments[place]),
            self.bucket_ids[self.buckets[place]],
            int(self.ready_at[place]),
            place,
        )


def rank(card: Flashcard, settings: QueueSettings) -> Row:
    """Return a newer image as the settings rank it."""
    segment = _SEGMENTS[card.state]
    due, buried = micros(card.due), micros(card.buried_until)
    card_id = key_of(card.id)
    first, second = float(micros(card.created_at) if segment == NEW else due), 0.0
    if settings.order == "deck":
        # Deck by deck goes for new cards as well.
        second = first
        first = first if segment == LEARNING else float(_deck_rank(settings, card.deck_ids))
    elif segment == REVIEWS and settings.order == "random":
        first = _drawn(card_id, settings)
    elif segment == REVIEWS and settings.order != "due":
        last_review = micros(card.last_review)
        urgency = _urgency(settings, due, last_review, card.stability or 0.0, max)
        curve = _curve(settings, card.deck_ids)
        if curve is not None:
            # In an array: so it is to the last digit what it is for stored rows.
            urgency = float(curve.chance(np.array([-urgency]))[0])
        second, first = first, urgency
    if segment == REVIEWS:
        ready_at = buried if due < micros(settings.day_ends) else NEVER
    else:
        ready_at = max(due, buried)
    note, bucket = key_of(card.note_id), limiting_deck(settings, card.deck_ids)
    return Row((first, second, card_id), note, segment, bucket, ready_at)


def rank_all(rows: Rows, settings: QueueSettings) -> Ranked:
    """Return stored rows as the settings rank them."""
    segments = np.array(_SEGMENTS, dtype=np.int8)[rows.states]
    is_review = segments == REVIEWS
    first = np.where(segments == NEW, rows.created_at, rows.due).astype(np.float64)
    second = np.zeros(len(rows))
    reviews = np.flatnonzero(is_review)
    if settings.order == "deck":
        ranks = np.array([float(_deck_rank(settings, decks)) for decks in rows.deck_sets])
        second = first
        first = np.where(segments == LEARNING, first, ranks[rows.decks]) if len(rows) else first
    elif settings.order == "random":
        first[reviews] = [_drawn(card_id, settings) for card_id in rows.ids[reviews].tolist()]
    elif settings.order != "due":
        second[reviews] = first[reviews]
        values = rows.due[reviews], rows.last_review[reviews], rows.stability[reviews]
        first[reviews] = _urgency(settings, *values, np.maximum)
        _bend(settings, rows, reviews, first)
    waits = np.maximum(rows.due, rows.buried_until)
    on_its_day = np.where(rows.due < micros(settings.day_ends), rows.buried_until, NEVER)
    found = [limiting_deck(settings, decks) for decks in rows.deck_sets]
    bucket_ids: list[UUID | None] = list(dict.fromkeys([None, *found]))
    numbers = np.array([bucket_ids.index(bucket) for bucket in found], dtype=np.int32)
    return Ranked(
        rows=rows,
        segments=segments,
        first=first,
        second=second,
        ready_at=np.where(is_review, on_its_day, waits),
        buckets=numbers[rows.decks] if len(rows) else rows.decks,
        bucket_ids=bucket_ids,
    )


def _urgency(
    settings: QueueSettings, due: Any, last_review: Any, stability: Any, greater: Any
) -> Any:
    """Return what is lowest for the card to review first, numbers or arrays of them.

    As of the end of the learner's day, so that the order does not depend on when it was asked for.
    Retrievability falls with time over stability: so it is for FSRS-6 whatever its parameters are,
    and near 90% for every memory model. Cards of other parameters are compared by their curves.
    """
    elapsed = greater(micros(settings.day_ends) - last_review, 0) / DAY_MICROS
    if settings.order == "overdueness":
        return -elapsed / (greater(due - last_review, 1) / DAY_MICROS)
    return -elapsed / greater(stability, _LEAST_DAYS)


def _bend(settings: QueueSettings, rows: Rows, reviews: Numbers, first: Numbers) -> None:
    """Put the chance of recall in the place of time over stability, where curves differ."""
    of_sets = [_curve(settings, decks) for decks in rows.deck_sets]
    for curve in {each.key: each for each in of_sets if each is not None}.values():
        same = np.array([each is not None and each.key == curve.key for each in of_sets])
        places = reviews[same[rows.decks[reviews]]]
        first[places] = curve.chance(-first[places])


def _curve(settings: QueueSettings, deck_ids: tuple[UUID, ...]) -> Curve | None:
    """Return the curve by which a card in these decks is forgotten, where curves differ."""
    if settings.order != "retrievability" or settings.curve is None:
        return None
    found = [settings.curves[each] for each in deck_ids if each in settings.curves]
    return min(found, key=lambda curve: curve.rank, default=settings.curve)


def _drawn(card_id: bytes, settings: QueueSettings) -> float:
    """Return a number that is the card's own on this day."""
    return float(zlib.crc32(f"{settings.day_begins:%Y%m%d}".encode() + card_id))


def limiting_deck(settings: QueueSettings, deck_ids: tuple[UUID, ...]) -> UUID | None:
    """Return the deck whose limits a card in these decks counts for."""
    if not settings.governed_by:
        return None
    found = {settings.governed_by[each] for each in deck_ids if each in settings.governed_by}
    return min(found, key=lambda each: settings.deck_ranks.get(each, 0)) if found else None


def _deck_rank(settings: QueueSettings, deck_ids: tuple[UUID, ...]) -> int:
    """Return the place of a card's first deck by name; cards in no deck come last."""
    ranks = [settings.deck_ranks[each] for each in deck_ids if each in settings.deck_ranks]
    return min(ranks, default=len(settings.deck_ranks))
