"""What the journal holds of one owner, decoded; brought forward by what was written since."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.models import JournalEntry
from flashcards.store.lance import codec, upgrades
from flashcards.store.lance.schema import FLASHCARDS, TableSpec

Kind = JournalEntry.Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """A new image of a card, and the review that made it, at its place in the journal."""

    id: int
    card: Flashcard
    log: ReviewLog | None = None
    # Whether the card goes for good.
    erases: bool = False


@dataclass(frozen=True)
class Stored:
    """What LanceDB is known to hold of an owner (or of all)."""

    # The last checkpoint that changed anything of theirs: until the next, it stays the same.
    generation: int = 0
    # The last one that did so otherwise than by moving single entries.
    epoch: int = 0
    # The newest entry that was moved; so were all before it.
    moved_id: int = 0
    flashcards_version: int = 0
    review_logs_version: int = 0


@dataclass(frozen=True)
class Pending:
    """What the journal holds of one owner (or of all), and what LanceDB is known to hold."""

    stored: Stored = Stored()
    # Every entry up to this one is here or in LanceDB.
    last_id: int = 0
    changes: tuple[Entry, ...] = ()
    # The same, and before them those that the last checkpoint moved: every one after `known_from`,
    # for what has not taken them in yet.
    trail: tuple[Entry, ...] = ()
    known_from: int = 0
    # Of the changes: the newest image of each card; the logs by id.
    cards: dict[UUID, Flashcard] = field(default_factory=dict)
    logs: dict[UUID, ReviewLog] = field(default_factory=dict)
    # Whose rows in LanceDB count for nothing.
    erased: frozenset[UUID] = frozenset()
    # The newest entry that says so; 0 without one.
    erasure: int = 0
    # Cards that go for good; each has an image in `cards` that is deleted and without words.
    erased_cards: frozenset[UUID] = frozenset()
    entries: int = 0

    @property
    def generation(self) -> int:
        return self.stored.generation

    def version_of(self, spec: TableSpec) -> int:
        """Return the version of a table that PostgreSQL recorded."""
        stored = self.stored
        return stored.flashcards_version if spec is FLASHCARDS else stored.review_logs_version

    def since(self, entry_id: int) -> Sequence[Entry]:
        """Return the changes after an entry, oldest first. It is not before `known_from`."""
        return _after(entry_id, self.trail)

    def goes_on_to(self, stored: Stored) -> bool:
        """Tell whether what came since is all in the journal: nothing was moved unseen."""
        return stored.epoch == self.stored.epoch and stored.moved_id <= self.last_id

    def with_stored(self, stored: Stored) -> "Pending":
        """Return it without what a checkpoint has moved meanwhile. `goes_on_to` holds."""
        if stored.moved_id <= self.stored.moved_id:
            return self if stored == self.stored else replace(self, stored=stored)
        kept = Pending(stored, self.last_id, erased=self.erased, erasure=self.erasure)
        left = kept.with_changes(_after(stored.moved_id, self.changes))
        return replace(left, trail=self.changes, known_from=self.stored.moved_id)

    def with_changes(self, changes: Sequence[Entry]) -> "Pending":
        """Return it with entries that were written since."""
        if not changes:
            return self
        cards, logs, erased_cards = dict(self.cards), dict(self.logs), self.erased_cards
        for entry in changes:
            cards[entry.card.id] = entry.card
            if entry.log is not None:
                logs[entry.log.id] = entry.log
        if gone := {entry.card.id for entry in changes if entry.erases}:
            erased_cards |= gone
            logs = {i: log for i, log in logs.items() if log.flashcard_id not in erased_cards}
        return replace(
            self,
            last_id=max(self.last_id, changes[-1].id),
            changes=(*self.changes, *changes),
            trail=(*self.trail, *changes),
            cards=cards,
            logs=logs,
            erased_cards=erased_cards,
            entries=self.entries + len(changes),
        )


def stored_of(row: Sequence[Any]) -> Stored:
    """Return what a row of the reading says of LanceDB. Raises OtherSchema."""
    checkpoints, rebuilt, moved_at, batch, moved_id, flashcards, review_logs, schema = row
    upgrades.check(schema or 0, flashcards or 0, review_logs or 0)
    return Stored(
        generation=max(rebuilt or 0, (checkpoints or 0) if moved_at is None else moved_at),
        epoch=max(rebuilt or 0, batch or 0),
        moved_id=moved_id or 0,
        flashcards_version=flashcards or 0,
        review_logs_version=review_logs or 0,
    )


def fold(known: Pending, rows: Sequence[Sequence[Any]]) -> Pending:
    """Return what is known with further rows of the journal: id, owner, kind, card, log."""
    pending, changes = known, list[Entry]()
    for entry_id, owner_id, kind, card, log in rows:
        if kind == Kind.ERASE_OWNER:
            pending, changes = _without(pending.with_changes(changes), owner_id, entry_id), []
            continue
        image = codec.from_image(Flashcard, card)
        review = None if log is None else codec.from_image(ReviewLog, log)
        changes.append(Entry(entry_id, image, review, erases=kind == Kind.ERASE_CARD))
    pending = pending.with_changes(changes)
    moved = pending.stored.moved_id
    return pending if moved <= pending.last_id else replace(pending, last_id=moved)


def _without(pending: Pending, owner_id: UUID, entry_id: int) -> Pending:
    """Return it with an owner erased: what was pending of them has left the journal as well."""
    others = [each for each in pending.changes if each.card.owner_id != owner_id]
    kept = Pending(
        pending.stored,
        known_from=pending.stored.moved_id,
        erased=pending.erased | {owner_id},
        erasure=entry_id,
    )
    after = kept.with_changes(others)
    return replace(after, last_id=entry_id, entries=after.entries + 1)


def _after(entry_id: int, changes: Sequence[Entry]) -> Sequence[Entry]:
    return changes[bisect.bisect_right(changes, entry_id, key=_id) :]


def _id(entry: Entry) -> int:
    return entry.id
