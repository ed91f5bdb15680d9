"""What the reviews of the last two days add up to, brought forward as the journal grows.

Each request asks the same of them: what counts against the day's limits, which days got fuller,
when cards near in meaning are due again. Summed up anew each time, that would grow with the day's
work; here a request adds what was written since the last.
"""

import itertools
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from flashcards.records import LogKind, ReviewLog, State
from flashcards.store.journal import Pending
from flashcards.store.plan import Plan

Vector = np.ndarray[Any, np.dtype[np.float32]]
_DAY = timedelta(days=1)
# Cards that a rated one is kept apart from: more would cost more than the rating itself.
NEIGHBOURS_MOST = 1_000


@dataclass(frozen=True)
class Details:
    """What of a reviewed card bears on others."""

    note_id: UUID
    deck_ids: tuple[UUID, ...]


@dataclass
class Done:
    """What was done on a learner's day so far, what was taken back left out."""

    new: Counter[UUID | None] = field(default_factory=Counter)
    reviews: Counter[UUID | None] = field(default_factory=Counter)
    # The cards reviewed of each note, both as text; and the same one by one, as they came.
    notes: dict[str, set[str]] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    last_card: UUID | None = None
    last_at: datetime | None = None

    def add(self, log: ReviewLog, card: Details | None, bucket: UUID | None) -> None:
        if self.last_at is None or log.reviewed_at >= self.last_at:
            self.last_card, self.last_at = log.flashcard_id, log.reviewed_at
        if card is None:
            return
        note, own = str(card.note_id), str(log.flashcard_id)
        self.notes.setdefault(note, set()).add(own)
        self.seen.append((note, own))
        if log.state_before is State.NEW:
            self.new[bucket] += 1
        elif log.state_before is State.REVIEW:
            self.reviews[bucket] += 1


@dataclass
class _Sum:
    """Something summed up over the first so many of the standing reviews."""

    key: tuple[Any, ...]
    value: Any
    taken: int = 0


class _Neighbours:
    """The vectors of the cards reviewed last as rows of a matrix, and when each is due again."""

    def __init__(self) -> None:
        self.matrix = np.empty((64, 0), dtype=np.float32)
        self.dues: list[datetime] = []
        # By card, the one reviewed first in front.
        self.places: OrderedDict[UUID, int] = OrderedDict()

    def put(self, card_id: UUID, due: datetime, vector: Vector | None) -> None:
        place = self.places.get(card_id)
        if place is not None:
            self.dues[place] = due
            self.places.move_to_end(card_id)
            return
        if vector is None:
            return
        if len(self.dues) == NEIGHBOURS_MOST:
            _, place = self.places.popitem(last=False)
            self.places[card_id] = place
            self.dues[place], self.matrix[place] = due, vector
            return
        place = self.places[card_id] = len(self.dues)
        self.dues.append(due)
        if not self.matrix.shape[1]:
            self.matrix = np.empty((64, len(vector)), dtype=np.float32)
        if place == len(self.matrix):
            self.matrix = np.concatenate([self.matrix, np.empty_like(self.matrix)])
        self.matrix[place] = vector

    def near(self, vector: Vector, least: float, but: UUID) -> list[datetime]:
        """Return when cards whose cosine with a unit vector is at least so much are due."""
        if not self.dues:
            return []
        near = np.flatnonzero(self.matrix[: len(self.dues)] @ vector >= least).tolist()
        own = self.places.get(but)
        return [self.dues[place] for place in near if place != own]


class Ledger:
    """The reviews that stand, in the order they were written, and sums over them."""

    def __init__(self, stored: Iterable[ReviewLog], since: datetime) -> None:
        self.since = since
        # Two requests of one learner may be at it at once.
        self._lock = threading.RLock()
        self.taken = 0
        self.last_id = 0
        self._stored: frozenset[UUID] = frozenset()
        self._places: dict[UUID, int] = {}
        # None where a review was taken back.
        self._logs: list[ReviewLog | None] = []
        self._sums: dict[str, _Sum] = {}
        for log in stored:
            self._add(log)
        self._stored = frozenset(self._places)

    def is_before(self, pending: Pending) -> bool:
        """Tell whether the pending logs go on where this ends."""
        return self.last_id <= pending.last_id and self.taken <= len(pending.logs)

    def is_at(self, pending: Pending) -> bool:
        return self.last_id == pending.last_id and self.taken == len(pending.logs)

    def bring_forward(self, pending: Pending) -> None:
        """Take in the logs that were written since. `is_before` holds."""
        with self._lock:
            for log in itertools.islice(pending.logs.values(), self.taken, None):
                # One that a checkpoint had moved before it died counts once.
                if log.reviewed_at >= self.since and log.id not in self._stored:
                    self._add(log)
            self.taken, self.last_id = len(pending.logs), pending.last_id

    def _add(self, log: ReviewLog) -> None:
        if log.rating is not None:
            self._places[log.id] = len(self._logs)
            self._logs.append(log)
        elif log.kind is LogKind.UNDO and log.undoes in self._places:
            self._logs[self._places.pop(log.undoes)] = None
            # What was added cannot be taken out of each sum: they begin again.
            self._sums.clear()

    def standing(self) -> list[ReviewLog]:
        """Return the reviews that were not taken back."""
        return [log for log in self._logs if log is not None]

    def _summed(
        self, name: str, key: tuple[Any, ...], begin: Callable[[], Any], add: Callable[..., None]
    ) -> Any:
        with self._lock:
            found = self._sums.get(name)
            if found is None or found.key != key:
                found = self._sums[name] = _Sum(key, begin())
            for log in itertools.islice(self._logs, found.taken, None):
                if log is not None:
                    add(found.value, log)
            found.taken = len(self._logs)
            return found.value

    def done(self, plan: Plan, pending: Pending, details: Mapping[UUID, Details]) -> Done:
        """Return what counts against the day's limits, and which siblings were seen."""

        def add(found: Done, log: ReviewLog) -> None:
            if log.reviewed_at < plan.day_begins or log.kind is LogKind.CRAM:
                return
            image = pending.cards.get(log.flashcard_id)
            card = (
                Details(image.note_id, image.deck_ids) if image else details.get(log.flashcard_id)
            )
            found.add(log, card, plan.bucket(card.deck_ids) if card else None)

        decks = tuple(sorted((str(a), str(b)) for a, b in plan.governed_by.items()))
        done: Done = self._summed("done", (plan.day_begins, decks), Done, add)
        return done

    def moved(self, begins: datetime, since: datetime) -> Counter[int]:
        """Return how many cards reviewed since a time fell due on each day from `begins` on."""

        def add(found: Counter[int], log: ReviewLog) -> None:
            if log.reviewed_at >= since and log.state_after is State.REVIEW:
                found[(_due(log) - begins) // _DAY] += 1

        moved: Counter[int] = self._summed("moved", (begins, since), Counter, add)
        return moved

    def near_dues(
        self, card_id: UUID, vector: Vector, least: float, find: Callable[[UUID], Vector | None]
    ) -> list[datetime]:
        """Return when the other reviewed cards that are near in meaning are due again."""

        def add(found: _Neighbours, log: ReviewLog) -> None:
            if log.state_after is State.REVIEW:
                found.put(log.flashcard_id, _due(log), find(log.flashcard_id))

        neighbours: _Neighbours = self._summed("near", (), _Neighbours, add)
        return neighbours.near(vector, least, card_id)


def _due(log: ReviewLog) -> datetime:
    return log.reviewed_at + timedelta(days=log.scheduled_days)
