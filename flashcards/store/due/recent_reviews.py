"""The recent reviews: what a learner reviewed in the last two days, and what it adds up to.

They count against the day's limits and bury siblings, fill coming days, keep cards near in meaning
apart, and can be taken back. The log is read once for each owner; then entries are added as they
come, so that a request does not sum up the whole day.
"""

import functools
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import numpy as np

from flashcards.domain.records import Flashcard, LogKind, ReviewLog, State
from flashcards.store.cache.owner_cache import OwnerCache
from flashcards.store.due.due_rows import key_of, limiting_deck
from flashcards.store.pending import Entry, Pending
from flashcards.store.rows import codec
from flashcards.store.rows.filters import condition
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS
from flashcards.store.values import QueueSettings, Vector

# How far back is read, and how far back must be known at least.
READ = timedelta(days=2)
NEEDED = timedelta(hours=26)
_DAY = timedelta(days=1)
# Cards that a rated one is kept apart from: more would cost more than the rating itself.
NEIGHBOURS_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Details:
    """The fields of a reviewed card that bear on other cards."""

    note_id: UUID
    deck_ids: tuple[UUID, ...]

    @classmethod
    def of(cls, card: Flashcard) -> "Details":
        return cls(card.note_id, card.deck_ids)


class _Sum(Protocol):
    """A sum over the reviews that were not taken back."""

    def add(self, log: ReviewLog) -> None: ...

    def remove(self, log: ReviewLog, others: Iterable[ReviewLog]) -> None:
        """Take away a review that was taken back; `others` were not, the newest first."""


class Done:
    """What was done on a learner's day so far, what was taken back left out."""

    def __init__(self) -> None:
        self.new: Counter[UUID | None] = Counter()
        self.reviews: Counter[UUID | None] = Counter()
        # How often each card of a note was reviewed, both as the queue names them.
        self.notes: dict[bytes, Counter[bytes]] = {}
        # The notes of which that changed, one by one, as it did.
        self.touched: list[bytes] = []
        self.last_card: UUID | None = None
        self._last_at: datetime | None = None

    def count(self, log: ReviewLog, card: Details, bucket: UUID | None, by: int) -> None:
        """Count a review, or with -1 no longer."""
        note, own = key_of(card.note_id), key_of(log.flashcard_id)
        of_note = self.notes.setdefault(note, Counter())
        of_note[own] += by
        if not of_note[own]:
            del of_note[own]
        if not of_note:
            del self.notes[note]
        self.touched.append(note)
        if log.state_before is State.NEW:
            self.new[bucket] += by
        elif log.state_before is State.REVIEW:
            self.reviews[bucket] += by

    def see(self, log: ReviewLog) -> None:
        if self._last_at is None or log.reviewed_at >= self._last_at:
            self.last_card, self._last_at = log.flashcard_id, log.reviewed_at

    def see_anew(self, others: Iterable[ReviewLog]) -> None:
        self.last_card = self._last_at = None
        for log in reversed(list(others)):
            self.see(log)


class _Day:
    """Sums up what was done on the day of the settings."""

    def __init__(self, settings: QueueSettings, details: dict[UUID, Details]) -> None:
        self.done = Done()
        self._settings, self._details = settings, details

    def add(self, log: ReviewLog) -> None:
        if self._counts(log):
            self.done.see(log)
            self._count(log, 1)

    def remove(self, log: ReviewLog, others: Iterable[ReviewLog]) -> None:
        if self._counts(log):
            self._count(log, -1)
            self.done.see_anew(each for each in others if self._counts(each))

    def _counts(self, log: ReviewLog) -> bool:
        return log.reviewed_at >= self._settings.day_begins

    def _count(self, log: ReviewLog, by: int) -> None:
        card = self._details.get(log.flashcard_id)
        if card is not None:
            self.done.count(log, card, limiting_deck(self._settings, card.deck_ids), by)


class _Moved:
    """Counts how many cards reviewed since a time fell due on each day from `begins` on."""

    def __init__(self, begins: datetime, since: datetime) -> None:
        self.counts: Counter[int] = Counter()
        self._begins, self._since = begins, since

    def add(self, log: ReviewLog, by: int = 1) -> None:
        if log.reviewed_at >= self._since and log.state_after is State.REVIEW:
            self.counts[(_due(log) - self._begins) // _DAY] += by

    def remove(self, log: ReviewLog, others: Iterable[ReviewLog]) -> None:  # noqa: ARG002 - as of each sum
        self.add(log, -1)


class _Neighbours:
    """The vectors of the cards reviewed last as rows of a matrix, and when each is due again."""

    def __init__(self, find: Callable[[UUID], Vector | None]) -> None:
        self.matrix = np.empty((64, 0), dtype=np.float32)
        # None where a review was taken back.
        self.dues: list[datetime | None] = []
        # By card, the one reviewed first in front.
        self.places: OrderedDict[UUID, int] = OrderedDict()
        self._find = find

    def add(self, log: ReviewLog) -> None:
        if log.state_after is State.REVIEW:
            self._put(log.flashcard_id, _due(log))

    def remove(self, log: ReviewLog, others: Iterable[ReviewLog]) -> None:
        place = self.places.get(log.flashcard_id)
        if place is None or log.state_after is not State.REVIEW:
            return
        before = (each for each in others if each.flashcard_id == log.flashcard_id)
        self.dues[place] = next(
            (_due(each) for each in before if each.state_after is State.REVIEW), None
        )

    def near(self, vector: Vector, least: float, but: UUID) -> list[datetime]:
        """Return when cards whose cosine with a unit vector is at least so much are due."""
        if not self.dues or self.matrix.shape[1] != len(vector):
            return []
        near = np.flatnonzero(self.matrix[: len(self.dues)] @ vector >= least).tolist()
        own = self.places.get(but)
        dues = (self.dues[place] for place in near if place != own)
        return [due for due in dues if due is not None]

    def _put(self, card_id: UUID, due: datetime) -> None:
        place = self.places.get(card_id)
        if place is not None:
            self.dues[place] = due
            self.places.move_to_end(card_id)
            return
        vector = self._find(card_id)
        # While models change, there may be vectors of two.
        if vector is None or self.matrix.shape[1] not in (0, len(vector)):
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


class RecentTotals:
    """The reviews that were not taken back, in the order they were written, and sums over them."""

    def __init__(self, since: datetime, vectors: Mapping[UUID, Vector] | None = None) -> None:
        self.since = since
        # Of cards reviewed before this was read; and who is asked for those of others.
        self.vectors = vectors or {}
        self._find: Callable[[UUID], Vector | None] = self.vectors.get
        # Of the cards reviewed.
        self._details: dict[UUID, Details] = {}
        # Every row of the log by its id, also of what is no review; erased cards' rows are gone.
        self.logs: dict[UUID, ReviewLog] = {}
        # Where each review is that was written, be it taken back or not.
        self._places: dict[UUID, int] = {}
        self._reviews: list[ReviewLog | None] = []
        # Reviews that were taken back: by a clock that went back, their undo may come first.
        self._undone: set[UUID] = set()
        # By name: what it was asked for, how many logs are in it, and the sum.
        self._sums: dict[str, tuple[tuple[Any, ...], int, Any]] = {}

    def add(self, log: ReviewLog, card: Details | None) -> None:
        """Add a log row, once, with what is known of its card.

        Answers of a cram are practice and no reviews.
        """
        if card is not None:
            self._details[log.flashcard_id] = card
        if log.reviewed_at < self.since:
            return
        self.logs[log.id] = log
        is_review = log.rating is not None and log.kind is not LogKind.CRAM
        if is_review and log.id not in self._places:
            self._places[log.id] = len(self._reviews)
            self._reviews.append(None if log.id in self._undone else log)
        elif log.kind is LogKind.UNDO and log.undoes is not None:
            self._undone.add(log.undoes)
            self._take_back(self._places.get(log.undoes))

    def apply(self, entry: Entry) -> None:
        """Apply a newer image of a card, and its review."""
        card, before = entry.card, self._details.get(entry.card.id)
        if entry.log is not None:
            self.add(entry.log, None if before else Details.of(card))
        if before is not None and before != Details.of(card):
            self._details[card.id] = Details.of(card)
            self._sums.pop("done", None)
        if entry.erases:
            self.logs = {i: row for i, row in self.logs.items() if row.flashcard_id != card.id}
            for place, log in enumerate(self._reviews):
                if log is not None and log.flashcard_id == card.id:
                    self._take_back(place)

    def size(self) -> int:
        return len(self._reviews) + len(self.vectors)

    def copy(self) -> "RecentTotals":
        """Return one with the same reviews; it sums them up for itself."""
        copy = RecentTotals(self.since, self.vectors)
        copy._details, copy._places = dict(self._details), dict(self._places)
        copy.logs, copy._undone = dict(self.logs), set(self._undone)
        copy._reviews = list(self._reviews)
        return copy

    def reviews(self) -> list[ReviewLog]:
        """Return the reviews that were not taken back."""
        return [log for log in self._reviews if log is not None]

    def done(self, settings: QueueSettings) -> Done:
        """Return what counts against the day's limits, and which siblings were seen."""
        day: _Day = self._summed(
            "done", settings.counting_key, lambda: _Day(settings, self._details)
        )
        return day.done

    def moved(self, begins: datetime, since: datetime) -> Counter[int]:
        """Return how many cards reviewed since a time fell due on each day from `begins` on."""
        moved: _Moved = self._summed("moved", (begins, since), lambda: _Moved(begins, since))
        return moved.counts

    def near_dues(
        self, card_id: UUID, vector: Vector, least: float, find: Callable[[UUID], Vector | None]
    ) -> list[datetime]:
        """Return when the other reviewed cards that are near in meaning are due again.

        `find` is asked for the vector of each card that was reviewed since the last call.
        """
        self._find = find
        begin = functools.partial(_Neighbours, lambda other: self._find(other))
        neighbours: _Neighbours = self._summed("near", (), begin)
        return neighbours.near(vector, least, card_id)

    def _summed(self, name: str, key: tuple[Any, ...], begin: Callable[[], _Sum]) -> Any:
        kept = self._sums.get(name)
        _, taken, found = kept if kept is not None and kept[0] == key else (key, 0, begin())
        for log in self._reviews[taken:]:
            if log is not None:
                found.add(log)
        self._sums[name] = key, len(self._reviews), found
        return found

    def _take_back(self, place: int | None) -> None:
        log = None if place is None else self._reviews[place]
        if place is None or log is None:
            return
        self._reviews[place] = None
        for _, taken, found in self._sums.values():
            if place < taken:
                found.remove(log, (each for each in reversed(self._reviews) if each is not None))


def _due(log: ReviewLog) -> datetime:
    return log.reviewed_at + timedelta(days=log.scheduled_days)


_totals: OwnerCache[RecentTotals] = OwnerCache()


def recent(owner_id: UUID, pending: Pending, now: datetime) -> AbstractContextManager[RecentTotals]:
    """Hold the reviews of at least the last 26 hours and the sums over them.

    One learner's requests wait for one another meanwhile.
    """
    return _totals.at(
        owner_id,
        pending,
        lambda: _read(owner_id, pending, now - READ),
        lambda kept: kept.since <= now - NEEDED,
    )


def clear_cache() -> None:
    """Drop everything kept, as between tests."""
    _totals.clear()


def _read(owner_id: UUID, pending: Pending, since: datetime) -> RecentTotals:
    recently = condition(REVIEW_LOGS, "reviewed_at__gte", since)
    rows = pending.read(REVIEW_LOGS, owner_id, REVIEW_LOGS.columns, recently)
    logs: list[ReviewLog] = codec.from_table(REVIEW_LOGS, rows)
    logs.sort(key=lambda log: (log.reviewed_at, log.sequence))
    # The card reviewed last in front.
    card_ids = list(dict.fromkeys(log.flashcard_id for log in reversed(logs)))
    details = _details(owner_id, pending, card_ids)
    found = RecentTotals(since, _vectors(owner_id, pending, card_ids[:NEIGHBOURS_MOST]))
    for log in logs:
        found.add(log, details.get(log.flashcard_id))
    return found


def _details(owner_id: UUID, pending: Pending, card_ids: list[UUID]) -> dict[UUID, Details]:
    names = ["id", "note_id", "deck_ids"]
    key = condition(FLASHCARDS, "id__in", card_ids)
    rows = pending.read_by_key(FLASHCARDS, owner_id, names, key)
    return {
        UUID(card_id): Details(UUID(note_id), tuple(map(UUID, deck_ids)))
        for card_id, note_id, deck_ids in zip(*(rows[n].to_pylist() for n in names), strict=True)
    }


def _vectors(owner_id: UUID, pending: Pending, card_ids: list[UUID]) -> dict[UUID, Vector]:
    column = pending.stored.vectors.serving.column
    names = ["id", column]
    key = condition(FLASHCARDS, "id__in", card_ids)
    rows = pending.read_by_key(FLASHCARDS, owner_id, names, key)
    return codec.vectors([UUID(text) for text in rows["id"].to_pylist()], rows[column])
