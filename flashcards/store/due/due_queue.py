"""What is due, in order: the hot path of a review session.

LanceDB is asked once for each owner: the rows that can fall due within two days are kept here, and
what the journal says since is put in its place, entry by entry.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from flashcards.domain.clock import MICROSECOND, from_micros, micros
from flashcards.domain.records import Flashcard, State
from flashcards.store.cache.owner_cache import OwnerCache
from flashcards.store.due import due_counts, due_rows, recent_reviews
from flashcards.store.due.due_rows import HORIZON, Rows, key_of, table_of
from flashcards.store.due.queue_settings import QueueSettings
from flashcards.store.due.recent_totals import Done, RecentTotals, Vector
from flashcards.store.due.review_order import ReviewOrder
from flashcards.store.due.selection import Pick, pick
from flashcards.store.journal import journal
from flashcards.store.journal.pending import Entry, Pending
from flashcards.store.lance import codec, tables
from flashcards.store.lance.filters import condition
from flashcards.store.lance.schema import EVERYTHING, FLASHCARDS
from flashcards.store.repository.manager import cards

# Plans of one owner by which it is kept in order.
LINEUPS_MOST = 4
# What a stored row takes, and that again in each order; a card that is kept whole takes 1 KB.
ROW_BYTES, LINEUP_BYTES = 122, 45
# Cards read whole at a time, and kept: some minutes of reviewing. Each read takes 10 ms or so.
PREFETCH = 150
WHOLE_MOST = 600
# Cards looked at to find one that is not near in meaning to the one before.
APART_MOST = 40
# Unit vectors of cards that mean nearly the same; of unrelated ones it is 0.2 and less.
NEAR = 0.65
NO_TIME = timedelta(0)


@dataclass(frozen=True)
class DueQueue:
    """The first cards due, in order, and how many there are of each sort."""

    cards: list[Flashcard]
    new: int
    learning: int
    due: int
    # Due as well, but more than the learner wants on one day.
    new_held: int = 0
    due_held: int = 0
    # What the journal held meanwhile, for whoever goes on from here.
    pending: Pending | None = field(default=None, repr=False)

    @property
    def total(self) -> int:
        return self.new + self.learning + self.due


class DueCards:
    """The cards of one owner that can fall due soon, and those of them that were read whole."""

    def __init__(self, rows: Rows, until: datetime) -> None:
        self.until = until
        self._rows = rows
        # What the journal says of cards that can fall due soon.
        self._images: dict[UUID, Flashcard] = {}
        self._lineups: OrderedDict[tuple[object, ...], ReviewOrder] = OrderedDict()
        # Read whole from LanceDB, and not changed since.
        self._whole: OrderedDict[UUID, Flashcard] = OrderedDict()
        self.vectors: OrderedDict[UUID, Vector] = OrderedDict()

    def take(self, entry: Entry) -> None:
        """Put a newer image of a card in its place."""
        card = entry.card
        place = self._rows.place(key_of(card.id))
        if place is not None:
            self._rows.current[place] = False
        self._whole.pop(card.id, None)
        is_soon = (
            card.deleted_at is None
            and not card.suspended
            and card.due <= self.until
            and (card.buried_until is None or card.buried_until <= self.until)
        )
        if is_soon:
            self._images[card.id] = card
        else:
            self._images.pop(card.id, None)
        for lineup in self._lineups.values():
            lineup.put(card, due=is_soon, place=place)

    def size(self) -> int:
        arrays = len(self._rows) * (ROW_BYTES + LINEUP_BYTES * max(1, len(self._lineups)))
        return arrays // 1024 + len(self._images) + len(self._whole) + len(self.vectors)

    def copied(self) -> "DueCards":
        copy = DueCards(self._rows.copied(), self.until)
        copy._images, copy._whole = dict(self._images), OrderedDict(self._whole)
        copy.vectors = OrderedDict(self.vectors)
        return copy

    def lineup(self, plan: QueueSettings, only: Collection[str] | None) -> ReviewOrder:
        """Return the cards, or some of them only, in the order of a plan."""
        meant = None if only is None else frozenset(text.encode() for text in only)
        key = plan.key, meant
        found = self._lineups.get(key)
        if found is None:
            found = self._lineups[key] = ReviewOrder(self._rows, self._images.values(), plan, meant)
            while len(self._lineups) > LINEUPS_MOST:
                self._lineups.popitem(last=False)
        self._lineups.move_to_end(key)
        return found

    def image(self, card_id: UUID) -> Flashcard | None:
        """Return a card as it is now, if it is known whole."""
        return self._images.get(card_id) or self._whole.get(card_id)

    def keep(self, cards: Iterable[Flashcard], vectors: dict[UUID, Vector]) -> None:
        """Keep cards that were read whole, the newest of them for longest."""
        self._whole.update((card.id, card) for card in cards)
        self.vectors.update(vectors)
        for kept in (self._whole, self.vectors):
            while len(kept) > WHOLE_MOST:
                kept.popitem(last=False)


_standing: OwnerCache[DueCards] = OwnerCache()


def read(
    owner_id: UUID,
    now: datetime,
    limit: int,
    plan: QueueSettings | None = None,
    *,
    ahead: timedelta = NO_TIME,
    only: Collection[str] | None = None,
    pending: Pending | None = None,
) -> DueQueue:
    """Return what is due at `now`, cards in their learning steps also `ahead` of it.

    Of the cards with the ids `only`, a set, if it is given: other cards are as if they were not.

    `pending` is what the caller has read already; else one SQL query. Costs a few searches in
    sorted lists for each change since the last call, and a read of LanceDB now and then.
    """
    plan = plan or QueueSettings.plain(now)
    pending = pending or journal.read(owner_id)
    with (
        recent_reviews.ledger(owner_id, pending, now) as ledger,
        _of(owner_id, pending, plan, now) as standing,
    ):
        done = ledger.done(plan)
        lineup = standing.lineup(plan, only)
        lineup.bring_to(micros(now), ahead // MICROSECOND, done)
        reading = _Reading(owner_id, pending, plan, standing, ledger, lineup, done)
        found, ids = reading.chosen(limit)
        return DueQueue(
            cards=reading.whole(ids),
            new=found.new,
            learning=found.learning,
            due=found.due,
            new_held=found.new_held,
            due_held=found.due_held,
            pending=pending,
        )


@dataclass
class _Reading:
    """One reading of the queue."""

    owner_id: UUID
    pending: Pending
    plan: QueueSettings
    standing: DueCards
    ledger: RecentTotals
    lineup: ReviewOrder
    done: Done

    def chosen(self, limit: int) -> tuple[Pick, list[UUID]]:
        """Return the first cards to show, so that none follows one near it in meaning.

        Cards in their steps keep their turn: their time is short.
        """
        # Nearly always one of the next few will do.
        for most in (limit + 4, limit + APART_MOST):
            found = pick(self.lineup, self.plan, self.done, most)
            if not self.plan.keep_apart or len(found.ids) - found.urgent < 2:
                return found, found.ids[:limit]
            self.whole(found.ids[:limit])
            ids, all_apart = self._apart(found, limit)
            if all_apart or len(found.ids) < most:
                break
        return found, ids

    def _apart(self, found: Pick, limit: int) -> tuple[list[UUID], bool]:
        chosen, waiting = found.ids[: found.urgent], found.ids[found.urgent :]
        before = chosen[-1] if chosen else self.done.last_card
        all_apart = True
        while waiting and len(chosen) < limit:
            previous = vector_of(before, self.standing, self.ledger) if before else None
            following = next((n for n, i in enumerate(waiting) if self._is_apart(i, previous)), -1)
            all_apart = all_apart and following >= 0
            before = waiting.pop(max(following, 0))
            chosen.append(before)
        return chosen[:limit], all_apart

    def _is_apart(self, card_id: UUID, previous: Vector | None) -> bool:
        vector = None if previous is None else vector_of(card_id, self.standing, self.ledger)
        return previous is None or vector is None or float(previous @ vector) < NEAR

    def whole(self, wanted: list[UUID]) -> list[Flashcard]:
        """Return cards whole; when one is missing, those that come next are read with it."""
        if any(self.standing.image(card_id) is None for card_id in wanted):
            most = max(PREFETCH, len(wanted))
            coming = pick(self.lineup, self.plan, self.done, most).ids
            ahead = dict.fromkeys(i for i in (*wanted, *coming) if self.standing.image(i) is None)
            where = condition(FLASHCARDS, "id__in", list(ahead)).to_sql()
            table = table_of(self.owner_id, self.pending)
            scan = table.search().where(where).select([*FLASHCARDS.whole, "embedding"])  # type: ignore[union-attr]
            rows = tables.fetch(scan.limit(EVERYTHING))
            cards = codec.from_table(FLASHCARDS, rows)
            vectors = codec.vectors([each.id for each in cards], rows["embedding"])
            self.standing.keep(cards, vectors)
        return [card for card in map(self.standing.image, wanted) if card is not None]


def vector_of(card_id: UUID, standing: DueCards, ledger: RecentTotals) -> Vector | None:
    """Return the embedding of a card that was read whole, or was reviewed lately."""
    found = standing.vectors.get(card_id)
    return ledger.vectors.get(card_id) if found is None else found


def next_due_at(
    owner_id: UUID,
    now: datetime,
    plan: QueueSettings | None = None,
    *,
    only: Collection[str] | None = None,
) -> datetime | None:
    """Return when the next card that is not due yet will be, or None if there is none.

    A learnt card is due from the beginning of its day on; which that is, is left to the caller.
    """
    plan = plan or QueueSettings.plain(now)
    pending = journal.read(owner_id)
    cards = (c for c in pending.cards.values() if c.deleted_at is None and not c.suspended)
    studied = [card for card in cards if only is None or str(card.id) in only]
    states = [int(card.state) for card in studied]
    due = [micros(card.due) for card in studied]
    buried = [micros(card.buried_until) for card in studied]
    parts = [tuple(np.array(column, dtype=np.int64) for column in (states, due, buried))]
    table = table_of(owner_id, pending)
    if table is not None:
        where = due_rows.studied(owner_id).to_sql()
        columns = ["id", "state", "due", "buried_until"]
        rows = tables.fetch(table.search().where(where).select(columns).limit(EVERYTHING))
        newer = {str(card_id) for card_id in pending.cards}
        ids = rows["id"].to_pylist()
        meant = (text not in newer and (only is None or text in only) for text in ids)
        base = np.fromiter(meant, dtype=bool, count=len(ids))
        parts.append(
            (
                rows["state"].to_numpy().astype(np.int64)[base],
                codec.column_micros(rows["due"])[base],
                codec.column_micros(rows["buried_until"])[base],
            )
        )
    states_, due_, buried_ = (np.concatenate(column) for column in zip(*parts, strict=True))
    at, end = micros(now), micros(plan.day_ends)
    ready = np.where((states_ == State.REVIEW) & (due_ < end), buried_, np.maximum(due_, buried_))
    ready = ready[ready > at]
    return from_micros(int(ready.min())) if len(ready) else None


def card(owner_id: UUID, card_id: UUID, pending: Pending | None = None) -> Flashcard:
    """Return a card that is not deleted, from memory where it is there. Raises DoesNotExist.

    `pending` is what the caller has read already; else one SQL query.
    """
    pending = pending or journal.read(owner_id)
    image = pending.cards.get(card_id) or known(owner_id, card_id, pending)
    if image is None:
        image = cards.for_owner(owner_id).get(id=card_id)
    if image.owner_id != owner_id or image.deleted_at is not None:
        raise Flashcard.DoesNotExist("Flashcard matching query does not exist.")
    return image


def known(owner_id: UUID, card_id: UUID, pending: Pending) -> Flashcard | None:
    """Return a card as it is now if the owner's queue has it whole in memory."""
    with _standing.peek(owner_id, pending) as held:
        if held is None:
            return None
        standing, since = held
        newest = (entry.card for entry in reversed(since) if entry.card.id == card_id)
        return next(newest, None) or standing.image(card_id)


def near_dues(
    owner_id: UUID, pending: Pending, card_id: UUID, now: datetime, plan: QueueSettings
) -> list[datetime]:
    """Return when cards near in meaning that were reviewed lately are due again."""
    if not plan.keep_apart:
        return []
    with (
        recent_reviews.ledger(owner_id, pending, now) as ledger,
        _of(owner_id, pending, plan, now) as standing,
    ):
        vector = vector_of(card_id, standing, ledger)
        if vector is None:
            return []
        return ledger.near_dues(card_id, vector, NEAR, lambda i: vector_of(i, standing, ledger))


def clear_cache() -> None:
    """Drop everything kept, as between tests."""
    _standing.clear()
    recent_reviews.clear_cache()
    due_counts.clear_cache()


def _of(
    owner_id: UUID, pending: Pending, plan: QueueSettings, now: datetime
) -> AbstractContextManager[DueCards]:
    def taken() -> DueCards:
        until = max(now, plan.day_ends) + HORIZON
        return DueCards(due_rows.read(owner_id, pending, until), until)

    return _standing.at(owner_id, pending, taken, lambda kept: now + HORIZON / 2 <= kept.until)
