"""The review order: the cards that may be shown, sorted, brought forward change by change.

A rating takes one card out and puts one in; the clock lets others in. Each costs a search in a
sorted list, however many are due. From the lists, `pick` chooses within the day's limits.
"""

import bisect
import heapq
import itertools
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from flashcards.domain.records import Flashcard
from flashcards.store.due.due_rows import (
    LEARNING,
    NEVER,
    NEW,
    REVIEWS,
    Key,
    Ranked,
    Row,
    Rows,
    key_of,
    rank,
    rank_all,
)
from flashcards.store.due.recent_reviews import Done
from flashcards.store.values import Numbers, QueueSettings

# When the clock lets in more than this many, it is quicker to begin anew.
STEP_MOST = 2_000
# Cards in their steps go by a clock of their own, which may be ahead.
_STEPS, _OTHERS = 0, 1


class SortedCards:
    """Cards of one sort in their order: stored rows by place, 4 bytes each, and journal images."""

    def __init__(self, base: Ranked, places: Numbers | None = None) -> None:
        """Begin with stored rows that are in their order, if any."""
        self._base = base
        self._stored = array("i")
        if places is not None:
            self._stored.frombytes(places.astype(np.intc).tobytes())
        self._fresh: list[Key] = []

    def __len__(self) -> int:
        return len(self._stored) + len(self._fresh)

    def keys(self) -> Iterator[Key]:
        """Yield the keys in order, worked out as they are asked for."""
        return heapq.merge(map(self._base.key, self._stored), self._fresh)

    def show(self, row: Row) -> None:
        """Put a card in its place, if it is not there."""
        at, is_there = self._find(row)
        if is_there:
            return
        if row.place is None:
            self._fresh.insert(at, row.key)
        else:
            self._stored.insert(at, row.place)

    def hide(self, row: Row) -> None:
        """Take a card out, if it is there."""
        at, is_there = self._find(row)
        if is_there and row.place is None:
            del self._fresh[at]
        elif is_there:
            del self._stored[at]

    def _find(self, row: Row) -> tuple[int, bool]:
        """Return where a card is or belongs, and whether it is there."""
        if row.place is None:
            at = bisect.bisect_left(self._fresh, row.key)
            return at, at < len(self._fresh) and self._fresh[at] == row.key
        at = bisect.bisect_left(self._stored, row.key, key=self._base.key)
        return at, at < len(self._stored) and self._stored[at] == row.place


class ReviewOrder:
    """Cards that are ready, one of a note, in sorted lists: by segment, and deck with limits.

    With `only`, cards that are not among them are as if they were not.
    """

    def __init__(
        self,
        rows: Rows,
        images: Iterable[Flashcard],
        settings: QueueSettings,
        only: frozenset[bytes] | None = None,
    ) -> None:
        self.lists: dict[tuple[int, UUID | None], SortedCards] = {}
        self._settings, self._only = settings, only
        self._base: Ranked = rank_all(rows, settings)
        steps = self._base.segments == LEARNING
        self._base_times = [_Times.of(self._base.ready_at, mask) for mask in (steps, ~steps)]
        # Images of the journal, which come on top, and those of each note.
        self._fresh: dict[bytes, Row] = {}
        self._fresh_notes: dict[bytes, set[bytes]] = {}
        self._fresh_times: list[list[tuple[int, bytes]]] = [[], []]
        self._clocks = [0, 0]
        self._done = Done()
        self._settled = 0
        for image in images:
            self._add(rank(image, settings))
        self._is_laid_out = False

    def put(self, image: Flashcard, *, due: bool, place: int | None) -> None:
        """Take a newer image of a card in; `due` if it can be at all. `place` is the stored row's.

        The row is not `current` any more.
        """
        old = self._fresh.get(key_of(image.id))
        if old is None and place is not None:
            old = self._base.row(place)
        if old is not None:
            self._remove(old)
        new = rank(image, self._settings) if due else None
        if new is not None:
            self._add(new)
        if self._is_laid_out:
            for note in {row.note for row in (old, new) if row is not None}:
                self._settle(note)

    def bring_to(self, now: int, ahead: int, done: Done) -> None:
        """Have the lists as they are at a time, `ahead` for cards in their steps."""
        clocks = [now + ahead, now]
        touched = done.touched[self._settled :]
        passed = [self._passed(kind, clocks[kind]) for kind in (_STEPS, _OTHERS)]
        many = len(touched) + sum(len(base) + len(fresh) for base, fresh in passed)
        self._clocks, self._settled = clocks, len(done.touched)
        if not self._is_laid_out or done is not self._done or many > STEP_MOST:
            self._done = done
            self._lay_out()
            return
        if self._settings.bury_siblings:
            for note in touched:
                self._settle(note)
        for base, fresh in passed:
            for place in base:
                self._settle(self._base.rows.notes[place])
            for card_id in fresh:
                self._settle(self._fresh[card_id].note)

    def count(self, segment: int) -> int:
        return sum(len(cards) for (of, _), cards in self.lists.items() if of == segment)

    def in_steps_until(self, until: int) -> int:
        """Return how many cards in their steps come back after the present time and by another."""
        base, fresh = self._between(_STEPS, self._clocks[_STEPS], max(until, self._clocks[_STEPS]))
        rows = self._base.rows
        stored = (rows.current[at] and self._is_meant(rows.ids[at]) for at in base)
        return len(fresh) + sum(map(bool, stored))

    # Rows in and out

    def _add(self, row: Row) -> None:
        card_id = row.key[2]
        if row.ready_at == NEVER or not self._is_meant(card_id):
            return
        self._fresh[card_id] = row
        self._fresh_notes.setdefault(row.note, set()).add(card_id)
        bisect.insort(self._fresh_times[_clock(row)], (row.ready_at, card_id))

    def _remove(self, row: Row) -> None:
        card_id = row.key[2]
        self._hide(row)
        if self._fresh.pop(card_id, None) is None:
            return
        of_note = self._fresh_notes[row.note]
        of_note.discard(card_id)
        if not of_note:
            del self._fresh_notes[row.note]
        times = self._fresh_times[_clock(row)]
        del times[bisect.bisect_left(times, (row.ready_at, card_id))]

    def _is_meant(self, card_id: bytes) -> bool:
        return self._only is None or card_id in self._only

    def _passed(self, kind: int, clock: int) -> tuple[list[int], list[bytes]]:
        """Return the stored rows and the images between which and now the clock is set."""
        low, high = sorted((self._clocks[kind], clock))
        return self._between(kind, low, high)

    def _between(self, kind: int, low: int, high: int) -> tuple[list[int], list[bytes]]:
        """Return the stored rows and the images that are ready after `low` and by `high`."""
        if low == high:
            return [], []
        times = self._fresh_times[kind]
        first, last = (bisect.bisect_left(times, (each + 1, b"")) for each in (low, high))
        fresh = [card_id for _, card_id in times[first:last]]
        return self._base_times[kind].between(low, high), fresh

    # Which of them are shown

    def _lay_out(self) -> None:
        """Make all lists, the stored rows in one go."""
        base, rows = self._base, self._base.rows
        clocks = np.where(base.segments == LEARNING, *self._clocks)
        ready = rows.current & (base.ready_at <= clocks)
        if self._only is not None:
            ready &= np.isin(rows.ids, np.array(list(self._only), dtype="S36"))
        single = set(self._fresh_notes)
        if self._settings.bury_siblings:
            single |= self._done.notes.keys()
            by_itself = np.isin(rows.notes, np.array(list(single), dtype="S36"))
            ready[by_itself] = False
            ready = _first_of_notes(base, ready)
        places = np.flatnonzero(ready)
        sorting = (base.second[places], base.first[places], base.buckets[places])
        places = places[np.lexsort((places, *sorting, base.segments[places]))]
        segments, buckets = base.segments[places], base.buckets[places]
        self.lists = {}
        ends = np.flatnonzero((np.diff(segments) != 0) | (np.diff(buckets) != 0)) + 1
        for part in np.split(places, ends):
            if len(part):
                key = int(base.segments[part[0]]), base.bucket_ids[base.buckets[part[0]]]
                self.lists[key] = SortedCards(base, part)
        self._is_laid_out = True
        for note in single:
            self._settle(note)

    def _settle(self, note: bytes) -> None:
        """Show of a note's cards those that may be shown now, and no others."""
        cards = [self._fresh[card_id] for card_id in self._fresh_notes.get(note, ())]
        rows = self._base.rows
        stored = (at for at in rows.of_note(note) if rows.current[at])
        cards += [self._base.row(at) for at in stored if self._is_meant(rows.ids[at])]
        ready = [row for row in cards if row.ready_at <= self._clocks[_clock(row)]]
        shown = self._of_siblings(note, ready) if self._settings.bury_siblings else ready
        for row in cards:
            if row in shown:
                self._show(row)
            else:
                self._hide(row)

    def _of_siblings(self, note: bytes, ready: list[Row]) -> list[Row]:
        """Return those in their steps, or else the first without a sibling that was done today."""
        learning = [row for row in ready if row.segment == LEARNING]
        if learning:
            return learning
        done = set(self._done.notes.get(note, ()))
        rest = [row for row in ready if done <= {row.key[2]}]
        return [min(rest, key=lambda row: (row.segment, row.key))] if rest else []

    def _show(self, row: Row) -> None:
        key = row.segment, row.bucket
        if key not in self.lists:
            self.lists[key] = SortedCards(self._base)
        self.lists[key].show(row)

    def _hide(self, row: Row) -> None:
        cards = self.lists.get((row.segment, row.bucket))
        if cards is not None:
            cards.hide(row)


@dataclass(frozen=True)
class Pick:
    """How many cards there are of each sort, and the first of them."""

    ids: list[UUID]
    # How many of the first are in their learning steps.
    urgent: int
    new: int
    learning: int
    due: int
    new_held: int
    due_held: int


@dataclass
class _Segment:
    """Reviews or new cards: how many are ready, allowed and done, and the allowed in order."""

    ready: int
    allowed: int
    done: int
    keys: Iterator[Key]

    def behind(self, taken: int) -> float:
        """Return which share of the day's cards of this sort is done after so many more."""
        return (self.done + taken) / max(1, self.done + self.allowed)


def pick(order: ReviewOrder, settings: QueueSettings, done: Done, most: int) -> Pick:
    """Return the first `most` cards."""
    learning = order.count(LEARNING)
    steps = heapq.merge(*(cards.keys() for (of, _), cards in order.lists.items() if of == LEARNING))
    reviews, new = (_segment(order, segment, settings, done) for segment in (REVIEWS, NEW))
    first = itertools.islice(itertools.chain(steps, _mixed(reviews, new, settings.new_cards)), most)
    return Pick(
        ids=[UUID(key[2].decode()) for key in first],
        urgent=min(learning, most),
        new=new.allowed,
        learning=learning,
        due=reviews.allowed,
        new_held=new.ready - new.allowed,
        due_held=reviews.ready - reviews.allowed,
    )


def _segment(order: ReviewOrder, segment: int, settings: QueueSettings, done: Done) -> _Segment:
    counted = done.new if segment == NEW else done.reviews
    ready, allowed, parts = 0, 0, []
    for (of, bucket), cards in order.lists.items():
        if of != segment:
            continue
        left = len(cards)
        if bucket in settings.limits:
            limit = settings.limits[bucket][0 if segment == NEW else 1]
            left = min(left, max(0, limit - counted[bucket]))
        ready, allowed = ready + len(cards), allowed + left
        parts.append(itertools.islice(cards.keys(), left))
    return _Segment(ready, allowed, sum(counted.values()), heapq.merge(*parts))


def _mixed(reviews: _Segment, new: _Segment, where: str) -> Iterator[Key]:
    """Yield reviews and new cards in one row; mixed, both come to their end together.

    What was done today counts, so the mixture is the same whether a page asks once or each time.
    """
    if where == "before":
        yield from itertools.chain(new.keys, reviews.keys)
    elif where == "after":
        yield from itertools.chain(reviews.keys, new.keys)
    else:
        taken = [0, 0]
        while taken[0] < reviews.allowed or taken[1] < new.allowed:
            out = taken[0] == reviews.allowed
            later = not out and reviews.behind(taken[0]) <= new.behind(taken[1])
            at = 0 if later or taken[1] == new.allowed else 1
            yield next((reviews, new)[at].keys)
            taken[at] += 1


class _Times:
    """When stored rows become ready, in order."""

    def __init__(self, times: Numbers, places: Numbers) -> None:
        self._times, self._places = times, places

    @classmethod
    def of(cls, ready_at: Numbers, mask: Numbers) -> "_Times":
        places = np.flatnonzero(mask & (ready_at != NEVER))
        places = places[np.argsort(ready_at[places], kind="stable")]
        return cls(ready_at[places], places.astype(np.int32))

    def between(self, low: int, high: int) -> list[int]:
        """Return the places of rows that are ready after `low` and by `high`."""
        first, last = self._times.searchsorted((low, high), side="right")
        places: list[int] = self._places[first:last].tolist()
        return places


def _clock(row: Row) -> int:
    return _STEPS if row.segment == LEARNING else _OTHERS


def _first_of_notes(base: Ranked, ready: Numbers) -> Numbers:
    """Return the mask with only the first card of each note, or with all in their steps."""
    places = np.flatnonzero(ready)
    columns = base.second[places], base.first[places], base.segments[places]
    places = places[np.lexsort((places, *columns))]
    _, firsts = np.unique(base.rows.notes[places], return_index=True)
    kept = base.segments[places] == LEARNING
    kept[firsts] = True
    found: Numbers = np.zeros_like(ready)
    found[places[kept]] = True
    return found
