"""What a plan makes of a card: where it belongs, when it is ready, and what it is sorted by.

Worked out for thousands of stored rows at once, and for one image of the journal at a time: to the
same numbers, so it does not matter which way a card came.
"""

import zlib
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from flashcards.domain.clock import DAY_MICROS, micros
from flashcards.domain.records import Flashcard
from flashcards.store.due.due_rows import Numbers, Rows, key_of
from flashcards.store.due.queue_settings import QueueSettings

LEARNING, REVIEWS, NEW = 0, 1, 2
# By state: learning and relearning come first, then reviews, then new cards.
_SEGMENTS = (NEW, LEARNING, REVIEWS, LEARNING)
# Not on this plan's day.
NEVER = 2**63 - 1
_LEAST_DAYS = 0.001

# Sorted by: two numbers, and between equals the id.
Key = tuple[float, float, bytes]


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
    """The same of stored rows, in their places."""

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


def rank(card: Flashcard, plan: QueueSettings) -> Row:
    """Return an image of the journal as the plan has it."""
    segment = _SEGMENTS[card.state]
    due, buried = micros(card.due), micros(card.buried_until)
    card_id = key_of(card.id)
    first, second = float(micros(card.created_at) if segment == NEW else due), 0.0
    if plan.order == "deck":
        # Deck by deck goes for new cards as well.
        second = first
        first = first if segment == LEARNING else float(plan.rank(card.deck_ids))
    elif segment == REVIEWS and plan.order == "random":
        first = _drawn(card_id, plan)
    elif segment == REVIEWS and plan.order != "due":
        last_review = micros(card.last_review)
        second, first = first, _urgency(plan, due, last_review, card.stability or 0.0, max)
    if segment == REVIEWS:
        ready_at = buried if due < micros(plan.day_ends) else NEVER
    else:
        ready_at = max(due, buried)
    note, bucket = key_of(card.note_id), plan.bucket(card.deck_ids)
    return Row((first, second, card_id), note, segment, bucket, ready_at)


def rank_all(rows: Rows, plan: QueueSettings) -> Ranked:
    """Return stored rows as the plan has them."""
    segments = np.array(_SEGMENTS, dtype=np.int8)[rows.states]
    is_review = segments == REVIEWS
    first = np.where(segments == NEW, rows.created_at, rows.due).astype(np.float64)
    second = np.zeros(len(rows))
    reviews = np.flatnonzero(is_review)
    if plan.order == "deck":
        ranks = np.array([float(plan.rank(decks)) for decks in rows.deck_sets])
        second = first
        first = np.where(segments == LEARNING, first, ranks[rows.decks]) if len(rows) else first
    elif plan.order == "random":
        first[reviews] = [_drawn(card_id, plan) for card_id in rows.ids[reviews].tolist()]
    elif plan.order != "due":
        second[reviews] = first[reviews]
        values = rows.due[reviews], rows.last_review[reviews], rows.stability[reviews]
        first[reviews] = _urgency(plan, *values, np.maximum)
    waits = np.maximum(rows.due, rows.buried_until)
    on_its_day = np.where(rows.due < micros(plan.day_ends), rows.buried_until, NEVER)
    found = [plan.bucket(decks) for decks in rows.deck_sets]
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


def _urgency(plan: QueueSettings, due: Any, last_review: Any, stability: Any, greater: Any) -> Any:
    """Return what is lowest for the card to review first, numbers or arrays of them.

    As of the end of the learner's day, so that the order does not depend on when it was asked for.
    Retrievability falls with time over stability, whatever the shape of the curve.
    """
    elapsed = greater(micros(plan.day_ends) - last_review, 0) / DAY_MICROS
    if plan.order == "overdueness":
        return -elapsed / (greater(due - last_review, 1) / DAY_MICROS)
    return -elapsed / greater(stability, _LEAST_DAYS)


def _drawn(card_id: bytes, plan: QueueSettings) -> float:
    """Return a number that is the card's own on this day."""
    return float(zlib.crc32(f"{plan.day_begins:%Y%m%d}".encode() + card_id))
