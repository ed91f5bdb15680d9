"""The owner view: one learner's cards at one moment, as the tables have them and what is pending.

What is pending of the owner was read once, when the view was made; the tables are read as it says
they were then, and what is kept in memory is brought up to it. How a change is written is the
engine's.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from flashcards.domain.records import ERASED_AT, Flashcard, ReviewLog, State
from flashcards.domain.study_day import MICROSECOND, from_micros, micros
from flashcards.store.due.due_cards import (
    Reading,
    due_cards,
    due_counts,
    known_cards,
    least_cosine,
)
from flashcards.store.due.due_rows import STUDIED
from flashcards.store.due.recent_reviews import NEEDED, recent
from flashcards.store.pending import Pending
from flashcards.store.rows import codec
from flashcards.store.rows.filters import condition
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS
from flashcards.store.values import DueQueue, Numbers, QueueSettings

NO_TIME = timedelta(0)


@dataclass(frozen=True)
class StoreView:
    """What is pending of an owner, and the reads that go by it; see `OwnerView`."""

    owner_id: UUID
    pending: Pending

    @property
    def pending_count(self) -> int:
        return self.pending.entries

    def card(self, card_id: UUID, *, with_deleted: bool = False) -> Flashcard:
        found = self.cards([card_id], with_deleted=with_deleted)
        if not found:
            raise Flashcard.DoesNotExist("Flashcard matching query does not exist.")
        return found[card_id]

    def cards(self, ids: Collection[UUID], *, with_deleted: bool = False) -> dict[UUID, Flashcard]:
        pending = self.pending.cards
        found = {card_id: pending[card_id] for card_id in ids if card_id in pending}
        if len(found) < len(ids):
            missing = [card_id for card_id in ids if card_id not in found]
            found |= known_cards(self.owner_id, self.pending, missing)
        if len(found) < len(ids):
            missing = [card_id for card_id in ids if card_id not in found]
            found |= {card.id: card for card in self._stored_cards(missing)}
        chosen = ((card_id, found[card_id]) for card_id in ids if card_id in found)
        return {
            card_id: card
            for card_id, card in chosen
            if card.deleted_at is None or (with_deleted and card.deleted_at != ERASED_AT)
        }

    def log(self, log_id: UUID) -> ReviewLog | None:
        found = self.pending.logs.get(log_id)
        if found is None:
            found = next(iter(self._stored_logs("id", log_id)), None)
        return found

    def recent_log(self, log_id: UUID, now: datetime) -> ReviewLog | None:
        with recent(self.owner_id, self.pending, now) as reviews:
            return reviews.logs.get(log_id)

    def history(self, card_id: UUID) -> list[ReviewLog]:
        logs = {log.id: log for log in self._stored_logs("flashcard_id", card_id)}
        logs |= {i: log for i, log in self.pending.logs.items() if log.flashcard_id == card_id}
        return sorted(logs.values(), key=lambda log: (log.reviewed_at, str(log.id)))

    def recent_reviews(self, since: datetime) -> list[ReviewLog]:
        with recent(self.owner_id, self.pending, since + NEEDED) as found:
            logs = [log for log in found.reviews() if log.reviewed_at >= since]
        return sorted(logs, key=lambda log: (log.reviewed_at, log.sequence))

    def due_queue(
        self,
        settings: QueueSettings,
        now: datetime,
        *,
        limit: int,
        ahead: timedelta = NO_TIME,
        only: Collection[str] | None = None,
    ) -> DueQueue:
        owner_id, pending = self.owner_id, self.pending
        with (
            recent(owner_id, pending, now) as reviews,
            due_cards(owner_id, pending, settings, now) as cards,
        ):
            done, order = reviews.done(settings), cards.order(settings, only)
            order.bring_to(micros(now), ahead // MICROSECOND, done)
            return Reading(owner_id, pending, settings, cards, reviews, order, done).queue(limit)

    def next_due_at(
        self, settings: QueueSettings, now: datetime, *, only: Collection[str] | None = None
    ) -> datetime | None:
        state, due, buried = self._studied(only)
        at, end = micros(now), micros(settings.day_ends)
        ready = np.where((state == State.REVIEW) & (due < end), buried, np.maximum(due, buried))
        ready = ready[ready > at]
        return from_micros(int(ready.min())) if len(ready) else None

    def due_counts(self, settings: QueueSettings, now: datetime) -> Callable[[int, int], list[int]]:
        return due_counts(self.owner_id, self.pending, now, settings.day_begins)

    def near_dues(self, settings: QueueSettings, now: datetime, card_id: UUID) -> list[datetime]:
        if not settings.keep_apart:
            return []
        with (
            recent(self.owner_id, self.pending, now) as reviews,
            due_cards(self.owner_id, self.pending, settings, now) as cards,
        ):
            vector = cards.vector(card_id, reviews)
            if vector is None:
                return []
            least = least_cosine(self.pending)
            return reviews.near_dues(card_id, vector, least, lambda i: cards.vector(i, reviews))

    def _stored_cards(self, ids: list[UUID]) -> list[Flashcard]:
        """Return the owner's cards of these that the table has, deleted ones too."""
        key = condition(FLASHCARDS, "id__in", ids)
        columns = self.pending.stored.whole(FLASHCARDS)
        rows = self.pending.read_by_key(FLASHCARDS, self.owner_id, columns, key)
        cards: list[Flashcard] = codec.from_table(FLASHCARDS, rows)
        return [card for card in cards if card.owner_id == self.owner_id]

    def _stored_logs(self, field: str, value: UUID) -> list[ReviewLog]:
        """Return rows of the stored log, of cards that are not being erased."""
        key = condition(REVIEW_LOGS, field, value)
        columns = REVIEW_LOGS.columns
        rows = self.pending.read_by_key(REVIEW_LOGS, self.owner_id, columns, key)
        logs: list[ReviewLog] = codec.from_table(REVIEW_LOGS, rows)
        erased = self.pending.erased_cards
        return [
            log for log in logs if log.owner_id == self.owner_id and log.flashcard_id not in erased
        ]

    def _studied(self, only: Collection[str] | None) -> tuple[Numbers, Numbers, Numbers]:
        """Return the state, due time and buried time of each card that is studied, in order."""
        images = self.pending.cards
        cards = [c for c in images.values() if c.deleted_at is None and not c.suspended]
        fresh = [card for card in cards if only is None or str(card.id) in only]
        columns = ["id", "state", "due", "buried_until"]
        rows = self.pending.read(FLASHCARDS, self.owner_id, columns, *STUDIED)
        newer = {str(card_id) for card_id in images}
        ids = rows["id"].to_pylist()
        chosen = (text not in newer and (only is None or text in only) for text in ids)
        kept = np.fromiter(chosen, dtype=bool, count=len(ids))
        stored = (
            rows["state"].to_numpy().astype(np.int64),
            codec.column_micros(rows["due"]),
            codec.column_micros(rows["buried_until"]),
        )
        pending = (
            [int(card.state) for card in fresh],
            [micros(card.due) for card in fresh],
            [micros(card.buried_until) for card in fresh],
        )
        state, due, buried = (
            np.concatenate([column[kept], np.array(more, dtype=np.int64)])
            for column, more in zip(stored, pending, strict=True)
        )
        return state, due, buried
