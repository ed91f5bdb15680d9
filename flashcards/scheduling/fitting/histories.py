"""The reviews of many cards as arrays, in the order in which a fit walks through them.

An *item* is a review at least one of the learner's days after the one before: what the parameters
are judged by. Reviews of the same day only move the memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from flashcards.scheduling.memory_model import Mask, Numbers

# Cards that are walked through together: their derivatives stay in the processor's cache.
BLOCK = 2048
# Cards whose memory is given, not learnt from a first rating.
GIVEN = 0


@dataclass(frozen=True)
class Histories:
    """Reviews of many cards, one place a review: each card's together, oldest first.

    `counts` has the number of reviews of each card (at least 1), and the memory that a card begins
    with, NaN where its first review is the first of all.
    """

    counts: Numbers
    stability: Numbers
    difficulty: Numbers
    # Of each review: 1 to 4, the whole days since the one before (0 for the first of all), and
    # when it was, in any unit: only the order counts.
    ratings: Numbers
    days: Numbers
    at: Numbers

    @classmethod
    def of(
        cls,
        cards: Sequence[Sequence[tuple[int, float, float]]],
        given: Sequence[tuple[float, float] | None] | None = None,
    ) -> Self:
        """Return the histories of cards, each a row of (rating, days, at)."""
        known = given or [None] * len(cards)
        kept = [(card, memory) for card, memory in zip(cards, known, strict=True) if card]
        rows = np.array([row for card, _ in kept for row in card], dtype=np.float64).reshape(-1, 3)
        memories = np.array(
            [memory or (np.nan, np.nan) for _, memory in kept], dtype=np.float64
        ).reshape(-1, 2)
        return cls(
            counts=np.array([len(card) for card, _ in kept], dtype=np.int64),
            stability=memories[:, 0],
            difficulty=memories[:, 1],
            ratings=rows[:, 0].astype(np.int64),
            days=rows[:, 1],
            at=rows[:, 2],
        )

    @property
    def reviews(self) -> int:
        return len(self.ratings)

    @property
    def starts(self) -> Numbers:
        """Return the place of each card's first review."""
        begins: Numbers = np.cumsum(self.counts) - self.counts
        return begins

    @property
    def items(self) -> Mask:
        """Return which reviews are items."""
        found = self.days >= 1
        found[self.starts[np.isnan(self.stability)]] = False
        return found

    @property
    def recalled(self) -> Mask:
        found: Mask = self.ratings > 1
        return found

    def with_ratings(self, ratings: Numbers) -> "Histories":
        return Histories(self.counts, self.stability, self.difficulty, ratings, self.days, self.at)

    def chosen(self, cards: Mask) -> "Histories":
        """Return the histories of some cards."""
        reviews = np.repeat(cards, self.counts)
        return Histories(
            self.counts[cards],
            self.stability[cards],
            self.difficulty[cards],
            self.ratings[reviews],
            self.days[reviews],
            self.at[reviews],
        )

    def numbers(self) -> tuple[Numbers, Numbers, Numbers]:
        """Return three numbers of each review.

        How many items of its card came before it, of these the lapses, and its card's place.
        """
        items = self.items
        cards = np.repeat(np.arange(len(self.counts)), self.counts)
        lapsed = items & ~self.recalled
        before, lapses = (_before(mask, self.starts, cards) for mask in (items, lapsed))
        return before, lapses, cards


def _before(mask: Mask, starts: Numbers, cards: Numbers) -> Numbers:
    sums: Numbers = np.cumsum(mask) - mask
    found: Numbers = sums - sums[starts][cards]
    return found


@dataclass(frozen=True)
class Block:
    """Cards that are walked through together, those with the longest histories first."""

    # The cards' places in the histories.
    cards: Numbers
    # The rating that each card begins with; GIVEN for those that begin with a memory.
    first: Numbers
    stability: Numbers
    difficulty: Numbers
    # Of each step after that the places of its reviews: of the first so many cards of the block.
    steps: tuple[Numbers, ...]


def blocks(histories: Histories) -> Iterator[Block]:
    """Yield all cards in blocks."""
    if not len(histories.counts):
        return
    starts = histories.starts
    is_given = ~np.isnan(histories.stability)
    firsts = np.where(is_given, GIVEN, histories.ratings[starts])
    lengths = histories.counts - ~is_given
    order = np.argsort(-lengths, kind="stable")
    for place in range(0, len(order), BLOCK):
        cards = order[place : place + BLOCK]
        begins = starts[cards] + ~is_given[cards]
        yield Block(
            cards,
            firsts[cards],
            histories.stability[cards],
            histories.difficulty[cards],
            tuple(
                begins[: np.count_nonzero(lengths[cards] > step)] + step
                for step in range(int(lengths[cards[0]]))
            ),
        )
