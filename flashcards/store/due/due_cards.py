"""The due cards: what can fall due within two days, in order, and how many fall due on each day.

In memory for each learner: the table is read once, and from then on entries are applied as they
come. This is the hot path of a review session.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from flashcards.domain.records import Flashcard, State
from flashcards.domain.study_day import DAY_MICROS, micros
from flashcards.store.cache.owner_cache import OwnerCache
from flashcards.store.due import due_rows
from flashcards.store.due.due_rows import HORIZON, STUDIED, Rows, key_of
from flashcards.store.due.recent_reviews import Done, RecentTotals, recent
from flashcards.store.due.review_order import Pick, ReviewOrder, pick
from flashcards.store.pending import Entry, Pending
from flashcards.store.rows import codec
from flashcards.store.rows.filters import condition
from flashcards.store.rows.schema import FLASHCARDS
from flashcards.store.values import DueQueue, Numbers, QueueSettings, Vector

# Orders of one owner's cards that are kept, by their settings.
ORDERS_MOST = 4
# What a stored row takes, and that again in each order; a card that is kept whole takes 1 KB.
ROW_BYTES, ORDER_BYTES = 122, 45
# Cards read whole at a time, and kept: some minutes of reviewing. Each read takes 10 ms or so.
PREFETCH = 150
WHOLE_MOST = 600
# Cards looked at to find one that is not near in meaning to the one before.
APART_MOST = 40
# Cards that mean nearly the same are nearer than this share of the distance of unrelated ones.
NEAR_SHARE = 0.5
COUNTED_OWNERS = 1_000
# Edits, deletions and suspensions are noticed in the counts by day after so long at the latest.
COUNTED_FOR = timedelta(hours=6)
_MOST_DAYS = 36_500


class DueCards:
    """The cards of one owner that can fall due soon, and those of them that were read whole."""

    def __init__(self, rows: Rows, until: datetime) -> None:
        self.until = until
        self._rows = rows
        # Newer images of cards that can fall due soon.
        self._images: dict[UUID, Flashcard] = {}
        self._orders: OrderedDict[tuple[object, ...], ReviewOrder] = OrderedDict()
        # Read whole from the table, and not changed since.
        self._whole: OrderedDict[UUID, Flashcard] = OrderedDict()
        self.vectors: OrderedDict[UUID, Vector] = OrderedDict()
        # Embedded cards whose vector the tables did not have yet, and at which generation of them.
        self._sought: dict[UUID, int] = {}

    def apply(self, entry: Entry) -> None:
        """Put a newer image of a card in its place."""
        card = entry.card
        place = self._rows.place(key_of(card.id))
        if place is not None:
            self._rows.current[place] = False
        self._whole.pop(card.id, None)
        if not card.embedding_model:
            # Its words changed.
            self.vectors.pop(card.id, None)
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
        for order in self._orders.values():
            order.put(card, due=is_soon, place=place)

    def size(self) -> int:
        arrays = len(self._rows) * (ROW_BYTES + ORDER_BYTES * max(1, len(self._orders)))
        return arrays // 1024 + len(self._images) + len(self._whole) + len(self.vectors)

    def copy(self) -> "DueCards":
        copy = DueCards(self._rows.copy(), self.until)
        copy._images, copy._whole = dict(self._images), OrderedDict(self._whole)
        copy.vectors, copy._sought = OrderedDict(self.vectors), dict(self._sought)
        return copy

    def order(self, settings: QueueSettings, only: Collection[str] | None) -> ReviewOrder:
        """Return the cards, or some of them only, in the order of the settings."""
        chosen = None if only is None else frozenset(text.encode() for text in only)
        key = settings.key, chosen
        found = self._orders.get(key)
        if found is None:
            images = self._images.values()
            found = self._orders[key] = ReviewOrder(self._rows, images, settings, chosen)
            while len(self._orders) > ORDERS_MOST:
                self._orders.popitem(last=False)
        self._orders.move_to_end(key)
        return found

    def image(self, card_id: UUID) -> Flashcard | None:
        """Return a card as it is now, if it is known whole."""
        return self._images.get(card_id) or self._whole.get(card_id)

    def keep(self, cards: Iterable[Flashcard], vectors: dict[UUID, Vector]) -> None:
        """Keep cards that were read whole, the newest of them for longest.

        Of a card that changed since, only the vector.
        """
        self._whole.update((card.id, card) for card in cards if card.id not in self._images)
        self.vectors.update(vectors)
        for kept in (self._whole, self.vectors):
            while len(kept) > WHOLE_MOST:
                kept.popitem(last=False)

    def note_sought(self, card_ids: Iterable[UUID], generation: int) -> None:
        """Note of cards that their vectors were looked for in that generation of the tables."""
        self._sought = {i: n for i, n in self._sought.items() if n == generation}
        self._sought.update((i, generation) for i in card_ids if i not in self.vectors)

    def is_to_be_read(self, card_id: UUID, generation: int) -> bool:
        """Tell whether the tables may have more of a card than is known, at their generation.

        A card that was made or changed since the due cards were read is known whole, without the
        vector that it got meanwhile.
        """
        image = self.image(card_id)
        if image is None:
            return True
        is_sought = self._sought.get(card_id) == generation
        return bool(image.embedding_model) and card_id not in self.vectors and not is_sought

    def vector(self, card_id: UUID, recent: RecentTotals) -> Vector | None:
        """Return the embedding of a card that was read whole, or was reviewed lately."""
        found = self.vectors.get(card_id)
        return recent.vectors.get(card_id) if found is None else found


_due_cards: OwnerCache[DueCards] = OwnerCache()


def due_cards(
    owner_id: UUID, pending: Pending, settings: QueueSettings, now: datetime
) -> AbstractContextManager[DueCards]:
    """Hold the cards of an owner that can fall due within a day of `now`."""

    def read() -> DueCards:
        until = max(now, settings.day_ends) + HORIZON
        return DueCards(due_rows.read(owner_id, pending, until), until)

    return _due_cards.at(owner_id, pending, read, lambda kept: now + HORIZON / 2 <= kept.until)


def least_cosine(pending: Pending) -> float:
    """Return the cosine from which on two cards mean nearly the same, for the serving model."""
    return 1 - NEAR_SHARE * pending.stored.vectors.serving.unrelated


def known_cards(owner_id: UUID, pending: Pending, ids: Collection[UUID]) -> dict[UUID, Flashcard]:
    """Return those of these cards, as they are now, that the due cards have whole in memory."""
    with _due_cards.peek(owner_id, pending) as held:
        if held is None:
            return {}
        cards, since = held
        newer = {entry.card.id: entry.card for entry in since}
        images = ((card_id, newer.get(card_id) or cards.image(card_id)) for card_id in ids)
        return {card_id: image for card_id, image in images if image is not None}


@dataclass
class Reading:
    """One reading of the due queue."""

    owner_id: UUID
    pending: Pending
    settings: QueueSettings
    cards: DueCards
    recent: RecentTotals
    order: ReviewOrder
    done: Done

    def queue(self, limit: int) -> DueQueue:
        """Return the first cards and the counts."""
        found, ids = self._chosen(limit)
        return DueQueue(
            cards=self._whole(ids),
            new=found.new,
            learning=found.learning,
            due=found.due,
            new_held=found.new_held,
            due_held=found.due_held,
            learning_later=self.order.in_steps_until(micros(self.settings.day_ends)),
        )

    def _chosen(self, limit: int) -> tuple[Pick, list[UUID]]:
        """Return the first cards to show, so that none follows one near it in meaning.

        Cards in their steps keep their turn: their time is short.
        """
        # Nearly always one of the next few will do.
        for most in (limit + 4, limit + APART_MOST):
            found = pick(self.order, self.settings, self.done, most)
            if not self.settings.keep_apart or len(found.ids) - found.urgent < 2:
                return found, found.ids[:limit]
            self._whole(found.ids[:limit])
            ids, all_apart = self._apart(found, limit)
            if all_apart or len(found.ids) < most:
                break
        return found, ids

    def _apart(self, found: Pick, limit: int) -> tuple[list[UUID], bool]:
        chosen, waiting = found.ids[: found.urgent], found.ids[found.urgent :]
        before = chosen[-1] if chosen else self.done.last_card
        all_apart = True
        while waiting and len(chosen) < limit:
            previous = self.cards.vector(before, self.recent) if before else None
            following = next((n for n, i in enumerate(waiting) if self._is_apart(i, previous)), -1)
            all_apart = all_apart and following >= 0
            before = waiting.pop(max(following, 0))
            chosen.append(before)
        return chosen[:limit], all_apart

    def _is_apart(self, card_id: UUID, previous: Vector | None) -> bool:
        vector = None if previous is None else self.cards.vector(card_id, self.recent)
        # While models change, there may be vectors of two.
        if previous is None or vector is None or previous.shape != vector.shape:
            return True
        return float(previous @ vector) < least_cosine(self.pending)

    def _whole(self, wanted: list[UUID]) -> list[Flashcard]:
        """Return cards whole; when one is missing, those that come next are read with it."""
        generation = self.pending.generation
        if any(self.cards.is_to_be_read(card_id, generation) for card_id in wanted):
            most = max(PREFETCH, len(wanted))
            coming = pick(self.order, self.settings, self.done, most).ids
            ahead = dict.fromkeys(
                i for i in (*wanted, *coming) if self.cards.is_to_be_read(i, generation)
            )
            column = self.pending.stored.vectors.serving.column
            columns = [*self.pending.stored.whole(FLASHCARDS), column]
            key = condition(FLASHCARDS, "id__in", list(ahead))
            rows = self.pending.read_by_key(FLASHCARDS, self.owner_id, columns, key)
            cards = codec.from_table(FLASHCARDS, rows)
            vectors = codec.vectors([each.id for each in cards], rows[column])
            self.cards.keep(cards, vectors)
            self.cards.note_sought(ahead, generation)
        return [card for card in map(self.cards.image, wanted) if card is not None]


@dataclass(frozen=True)
class _Histogram:
    key: str
    # Reviews from then on are not in the counts; it may be long before it was read, where one came
    # late or the journal has not been moved for hours.
    taken_at: datetime
    read_at: datetime
    # When one of the learner's days began; days are counted in 24 hours from here. A change of
    # the clocks moves a few cards over a border, which only a balance of loads can notice: nobody.
    begins: datetime
    counts: Numbers


_histograms_lock = threading.Lock()
_histograms: OrderedDict[UUID, _Histogram] = OrderedDict()


def due_counts(
    owner_id: UUID, pending: Pending, now: datetime, day_begins: datetime
) -> Callable[[int, int], list[int]]:
    """Return a function of (first, last), days from the day that began then: cards due on each."""
    known = _histogram(owner_id, pending, now, day_begins)
    with recent(owner_id, pending, now) as found:
        moved = found.moved(known.begins, known.taken_at)

    def between(first: int, last: int) -> list[int]:
        stored = known.counts[first : last + 1].tolist()
        stored += [0] * (last - first + 1 - len(stored))
        return [count + moved[first + n] for n, count in enumerate(stored)]

    return between


def _histogram(owner_id: UUID, pending: Pending, now: datetime, day_begins: datetime) -> _Histogram:
    with _histograms_lock:
        kept = _histograms.get(owner_id)
    if (
        kept is not None
        and kept.key == pending.stored.key
        and kept.begins == day_begins
        and timedelta(0) <= now - kept.read_at < COUNTED_FOR
    ):
        return kept
    # What is in the journal now comes on top as reviews; so the time is that of its first.
    oldest = min((log.reviewed_at for log in pending.logs.values()), default=now)
    counted = _count_stored(owner_id, pending, day_begins)
    found = _Histogram(pending.stored.key, min(oldest, now), now, day_begins, counted)
    with _histograms_lock:
        _histograms[owner_id] = found
        _histograms.move_to_end(owner_id)
        while len(_histograms) > COUNTED_OWNERS:
            _histograms.popitem(last=False)
    return found


def _count_stored(owner_id: UUID, pending: Pending, day_begins: datetime) -> Numbers:
    later = condition(FLASHCARDS, "due__gte", day_begins)
    learnt = condition(FLASHCARDS, "state", State.REVIEW)
    rows = pending.read(FLASHCARDS, owner_id, ["due"], later, learnt, *STUDIED)
    days = (codec.column_micros(rows["due"]) - micros(day_begins)) // DAY_MICROS
    return np.bincount(days[days <= _MOST_DAYS]).astype(np.int64)


def clear_cache() -> None:
    """Drop everything kept, as between tests."""
    _due_cards.clear()
    with _histograms_lock:
        _histograms.clear()
