"""Choose from what is due: within the day's limits, one card of a note, new ones in their place."""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from flashcards.store.ledger import Done
from flashcards.store.plan import Plan
from flashcards.store.snapshot import (
    LEARNING,
    NEW,
    REVIEWS,
    Numbers,
    Rows,
    Snapshot,
    bucket_numbers,
)


@dataclass(frozen=True)
class Pick:
    """The first cards to show, and how many there are of each sort."""

    ids: list[str]
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
    ids: list[str]

    def behind(self, taken: int) -> float:
        """Return which share of the day's cards of this sort is done after so many more."""
        return (self.done + taken) / max(1, self.done + self.allowed)


def pick(
    kept: Snapshot,
    ready: Numbers,
    fresh: Rows,
    fresh_ready: Numbers,
    *,
    plan: Plan,
    done: Done,
    most: int,
) -> Pick:
    """Return the first `most` cards. Both masks say which rows are due; they are changed."""
    if plan.bury_siblings:
        _bury(kept, ready, fresh, fresh_ready, done)
    learning = [
        *_ordered(kept.rows, ready, fresh, fresh_ready, LEARNING, itertools.repeat(0, most))
    ]
    count = _count(kept.rows, ready, LEARNING) + _count(fresh, fresh_ready, LEARNING)
    reviews, new = (
        _segment(kept.rows, ready, fresh, fresh_ready, segment, plan, done, most)
        for segment in (REVIEWS, NEW)
    )
    rest = _mixed(reviews, new, plan.new_cards)
    ids = list(itertools.islice(itertools.chain(learning, rest), most))
    return Pick(
        ids=ids,
        urgent=min(len(learning), most),
        new=new.allowed,
        learning=count,
        due=reviews.allowed,
        new_held=new.ready - new.allowed,
        due_held=reviews.ready - reviews.allowed,
    )


def _segment(
    base: Rows,
    ready: Numbers,
    fresh: Rows,
    fresh_ready: Numbers,
    segment: int,
    plan: Plan,
    done: Done,
    most: int,
) -> _Segment:
    numbers = bucket_numbers(plan)
    counted = done.new if segment == NEW else done.reviews
    there = np.zeros(len(numbers), dtype=np.int64)
    for rows, mask in ((base, ready), (fresh, fresh_ready)):
        chosen = rows.buckets[mask & (rows.segments == segment)]
        there += np.bincount(chosen, minlength=len(numbers))
    left = there.copy()
    for deck_id, number in numbers.items():
        if deck_id in plan.limits:
            limit = plan.limits[deck_id][0 if segment == NEW else 1]
            left[number] = min(there[number], max(0, limit - counted[deck_id]))
    allowed = int(left.sum())
    wanted = itertools.repeat(0, min(most, allowed))
    shut = left < there
    ids: list[str] = []
    if allowed and not shut.any():
        ids = list(_ordered(base, ready, fresh, fresh_ready, segment, wanted))
    elif allowed:
        ids = _within(base, ready, fresh, fresh_ready, segment, left, most)
    return _Segment(int(there.sum()), allowed, sum(counted.values()), ids)


def _within(
    base: Rows,
    ready: Numbers,
    fresh: Rows,
    fresh_ready: Numbers,
    segment: int,
    left: Numbers,
    most: int,
) -> list[str]:
    """Return the first cards, no more of each deck with limits than are left of them."""
    room = left.tolist()
    found: list[str] = []
    for _, rows, place in _merged(base, ready, fresh, fresh_ready, segment):
        bucket = int(rows.buckets[place])
        if room[bucket]:
            room[bucket] -= 1
            found.append(rows.ids[place])
            if len(found) == most or not any(room):
                break
    return found


def _ordered(
    base: Rows,
    ready: Numbers,
    fresh: Rows,
    fresh_ready: Numbers,
    segment: int,
    wanted: Iterator[int],
) -> Iterator[str]:
    merged = _merged(base, ready, fresh, fresh_ready, segment)
    return (rows.ids[place] for _, (_, rows, place) in zip(wanted, merged, strict=False))


def _merged(
    base: Rows, ready: Numbers, fresh: Rows, fresh_ready: Numbers, segment: int
) -> Iterator[tuple[tuple[float, float, str], Rows, int]]:
    def of(rows: Rows, mask: Numbers) -> Iterator[tuple[tuple[float, float, str], Rows, int]]:
        for place in np.flatnonzero(mask & (rows.segments == segment)):
            yield rows.rank(int(place)), rows, int(place)

    # Ranks end in the id, so rows themselves are never compared.
    return heapq.merge(of(base, ready), of(fresh, fresh_ready), key=lambda each: each[0])


def _count(rows: Rows, mask: Numbers, segment: int) -> int:
    return int(np.count_nonzero(mask & (rows.segments == segment)))


def _mixed(reviews: _Segment, new: _Segment, where: str) -> Iterator[str]:
    """Return reviews and new cards in one row; mixed, both come to their end together.

    What was done today counts, so the mixture is the same whether a page asks once or each time.
    """
    if where == "before":
        yield from itertools.chain(new.ids, reviews.ids)
    elif where == "after":
        yield from itertools.chain(reviews.ids, new.ids)
    else:
        taken = [0, 0]
        while taken[0] < len(reviews.ids) or taken[1] < len(new.ids):
            out = taken[0] == len(reviews.ids)
            later = not out and reviews.behind(taken[0]) <= new.behind(taken[1])
            at = 0 if later or taken[1] == len(new.ids) else 1
            yield (reviews, new)[at].ids[taken[at]]
            taken[at] += 1


def _bury(kept: Snapshot, ready: Numbers, fresh: Rows, fresh_ready: Numbers, done: Done) -> None:
    """Leave out cards whose sibling was reviewed today, and all but the first of each note."""
    rows = kept.rows
    by_note, places, codes = kept.siblings()
    seen = done.notes
    ready[kept.buried_places(done)] = False
    if len(places):
        mask = ready[places]
        due, notes = places[mask], codes[mask]
        _, firsts = np.unique(notes, return_index=True)
        others = np.ones(len(due), dtype=bool)
        others[firsts] = False
        late = due[others]
        ready[late[rows.segments[late] != LEARNING]] = False
    taken = set[str]()
    for place in np.flatnonzero(fresh_ready).tolist():
        note = fresh.notes[place]
        learning = fresh.segments[place] == LEARNING
        there = [p for p in by_note.get(note, ()) if ready[p]]
        if learning:
            ready[[p for p in there if rows.segments[p] != LEARNING]] = False
        elif note in taken or there or seen.get(note, set()) - {fresh.ids[place]}:
            fresh_ready[place] = False
            continue
        taken.add(note)
