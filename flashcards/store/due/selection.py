"""Choose from what is due: within the day's limits, new cards in their place between the others."""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from flashcards.store.due.queue_settings import QueueSettings
from flashcards.store.due.ranking import LEARNING, NEW, REVIEWS, Key
from flashcards.store.due.recent_totals import Done
from flashcards.store.due.review_order import ReviewOrder


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


def pick(lineup: ReviewOrder, plan: QueueSettings, done: Done, most: int) -> Pick:
    """Return the first `most` cards."""
    learning = lineup.count(LEARNING)
    steps = heapq.merge(*(line.keys() for (of, _), line in lineup.lines.items() if of == LEARNING))
    reviews, new = (_segment(lineup, segment, plan, done) for segment in (REVIEWS, NEW))
    first = itertools.islice(itertools.chain(steps, _mixed(reviews, new, plan.new_cards)), most)
    return Pick(
        ids=[UUID(key[2].decode()) for key in first],
        urgent=min(learning, most),
        new=new.allowed,
        learning=learning,
        due=reviews.allowed,
        new_held=new.ready - new.allowed,
        due_held=reviews.ready - reviews.allowed,
    )


def _segment(lineup: ReviewOrder, segment: int, plan: QueueSettings, done: Done) -> _Segment:
    counted = done.new if segment == NEW else done.reviews
    ready, allowed, parts = 0, 0, []
    for (of, bucket), line in lineup.lines.items():
        if of != segment:
            continue
        left = len(line)
        if bucket in plan.limits:
            limit = plan.limits[bucket][0 if segment == NEW else 1]
            left = min(left, max(0, limit - counted[bucket]))
        ready, allowed = ready + len(line), allowed + left
        parts.append(itertools.islice(line.keys(), left))
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
