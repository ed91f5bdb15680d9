"""What is copied from one engine to the other: some cards, their reviews and their vectors."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.store.rows import codec
from flashcards.store.rows.filters import Expression, condition
from flashcards.store.rows.schema import FLASHCARDS, TableSpec

_IDS = 2**128
_FIRST, _LAST = UUID(int=0), UUID(int=_IDS - 1)
# The most rows of one part, where ids are spread evenly.
PART_CARDS = 1_000
PART_REVIEWS = 5_000
PARTS_MOST = 2**16


@dataclass(frozen=True)
class Selection:
    """Some cards, by their ids: those listed, or a range. Their reviews and vectors go along."""

    first: UUID = _FIRST
    last: UUID = _LAST
    ids: frozenset[UUID] | None = None

    def conditions(self, spec: TableSpec) -> list[Expression]:
        """Return the conditions on a table's rows."""
        name = "id" if spec is FLASHCARDS else "flashcard_id"
        if self.ids is not None:
            return [condition(spec, f"{name}__in", sorted(self.ids))]
        return [
            condition(spec, f"{name}__gte", self.first),
            condition(spec, f"{name}__lte", self.last),
        ]


def part(number: int, parts: int) -> Selection:
    """Return one of so many equal ranges of all ids."""
    size = _IDS // parts
    last = _IDS if number == parts - 1 else (number + 1) * size
    return Selection(UUID(int=number * size), UUID(int=last - 1))


def parts_for(cards: int, reviews: int) -> int:
    """Return in how many parts so many rows are copied: a power of two."""
    wanted = max(cards // PART_CARDS, reviews // PART_REVIEWS, 1)
    return min(1 << (wanted - 1).bit_length(), PARTS_MOST)


@dataclass
class Rows:
    """Rows in memory, each once."""

    # With the number of the change that made the card what it is.
    cards: dict[UUID, tuple[int, Flashcard]] = field(default_factory=dict)
    # By the card, which may be missing.
    logs: dict[UUID, dict[UUID, ReviewLog]] = field(default_factory=lambda: defaultdict(dict))
    # By the card and the column of the set: little-endian float16.
    vectors: dict[UUID, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))
    # Rows that were there more than once, and rows of accounts that do not exist.
    doubled: int = 0
    left_out: int = 0

    @property
    def ids(self) -> set[UUID]:
        """Return the cards that there is something of."""
        return {*self.cards, *self.logs}

    @property
    def log_count(self) -> int:
        return sum(map(len, self.logs.values()))

    @property
    def vector_count(self) -> int:
        return sum(map(len, self.vectors.values()))

    @property
    def owners(self) -> set[UUID]:
        found = {card.owner_id for _, card in self.cards.values()}
        return found | {log.owner_id for logs in self.logs.values() for log in logs.values()}

    def add_card(self, revision: int, card: Flashcard) -> None:
        """Add a card; of one that is there twice the newest image counts."""
        known = self.cards.get(card.id)
        self.doubled += known is not None
        if known is None or known[0] < revision:
            self.cards[card.id] = revision, card

    def add_log(self, log: ReviewLog) -> None:
        of_card = self.logs[log.flashcard_id]
        self.doubled += log.id in of_card
        of_card.setdefault(log.id, log)

    def only(self, ids: Collection[UUID]) -> "Rows":
        """Return the rows of these cards."""
        return Rows(
            {each: self.cards[each] for each in ids if each in self.cards},
            {each: self.logs[each] for each in ids if each in self.logs},
            {each: self.vectors[each] for each in ids if each in self.vectors},
        )

    def without_strangers(self, owners: Collection[UUID]) -> "Rows":
        """Return the rows of these owners; the others are counted."""
        if self.owners <= set(owners):
            return self
        kept = Rows(doubled=self.doubled, left_out=self.left_out)
        for card_id, (revision, card) in self.cards.items():
            if card.owner_id in owners:
                kept.cards[card_id] = revision, card
                if card_id in self.vectors:
                    kept.vectors[card_id] = self.vectors[card_id]
        for logs in self.logs.values():
            for log in logs.values():
                if log.owner_id in owners:
                    kept.add_log(log)
        before, after = len(self.cards) + self.log_count, len(kept.cards) + kept.log_count
        kept.left_out += before - after
        return kept

    def digests(self) -> dict[UUID, bytes]:
        """Return a checksum for each card: of all of its fields, its reviews and its vectors."""
        return {card_id: self._digest(card_id) for card_id in self.ids}

    def _digest(self, card_id: UUID) -> bytes:
        hashed = hashlib.blake2b(digest_size=16)
        if card_id in self.cards:
            revision, card = self.cards[card_id]
            hashed.update(f"{revision} {codec.to_image(card)}".encode())
        for _, log in sorted(self.logs.get(card_id, {}).items()):
            hashed.update(codec.to_image(log).encode())
        for column, vector in sorted(self.vectors.get(card_id, {}).items()):
            hashed.update(column.encode() + vector)
        return hashed.digest()


def differing(source: Rows, target: Rows) -> list[UUID]:
    """Return the cards whose rows are not the same on both sides, or are on one alone."""
    return _unequal(source.digests(), target.digests())


def changed(source: dict[UUID, int], target: dict[UUID, int]) -> list[UUID]:
    """Return the cards that are not of the same change on both sides, or are on one alone."""
    return _unequal(source, target)


def _unequal(source: Mapping[UUID, object], target: Mapping[UUID, object]) -> list[UUID]:
    ids: Iterable[UUID] = source.keys() | target.keys()
    return sorted(each for each in ids if source.get(each) != target.get(each))
