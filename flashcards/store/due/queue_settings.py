"""What a learner has set about the order and the number of cards, as the queue needs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID


@dataclass(frozen=True)
class QueueSettings:
    """The rules of one learner's queue on one of their days."""

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
        return self.order, self.bury_siblings, self.day_ends, *self.counting_key, ranks

    def bucket(self, deck_ids: tuple[UUID, ...]) -> UUID | None:
        """Return the deck whose limits a card counts for."""
        if not self.governed_by:
            return None
        found = {self.governed_by[deck_id] for deck_id in deck_ids if deck_id in self.governed_by}
        return min(found, key=lambda deck_id: self.deck_ranks.get(deck_id, 0)) if found else None

    def rank(self, deck_ids: tuple[UUID, ...]) -> int:
        """Return the place of a card's first deck by name; cards in no deck come last."""
        ranks = [self.deck_ranks[deck_id] for deck_id in deck_ids if deck_id in self.deck_ranks]
        return min(ranks, default=len(self.deck_ranks))
