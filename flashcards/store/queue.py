"""What is due, in order: the hot path of a review session.

LanceDB is asked once for each owner and checkpoint; between checkpoints it cannot change, so the
rows that can fall due within two days are kept here and the journal's pending images laid over
them for each request.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection

from flashcards.records import Flashcard, State
from flashcards.store import codec, journal, load, recent, snapshot, tables
from flashcards.store.filters import condition
from flashcards.store.journal import Pending
from flashcards.store.picking import Pick, pick
from flashcards.store.plan import Plan
from flashcards.store.schema import EVERYTHING, FLASHCARDS
from flashcards.store.snapshot import HORIZON, Numbers, Snapshot, table_of

# Owners whose queue one process keeps.
CACHED_OWNERS = 128
# Rows read whole at a time: a few minutes of reviewing.
PREFETCH = 40
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


_lock = threading.Lock()
_snapshots: "OrderedDict[UUID, Snapshot]" = OrderedDict()


def read(
    owner_id: UUID,
    now: datetime,
    limit: int,
    plan: Plan | None = None,
    *,
    ahead: timedelta = NO_TIME,
) -> DueQueue:
    """Return what is due at `now`, cards in their learning steps also `ahead` of it.

    One SQL query; LanceDB is read once a checkpoint. Costs a pass over the due rows in numpy, and
    the pending images in Python.
    """
    plan = plan or Plan.plain(now)
    pending = journal.read(owner_id)
    kept = _snapshot(owner_id, pending, plan, now)
    ready = kept.rows.is_ready(now, plan, ahead)
    # Within a transaction an image may be our own and be rolled back yet.
    newer = kept.pending_places(pending.cards, keep=not connection.in_atomic_block)
    ready[newer] = False
    done = recent.done(owner_id, pending, plan, now)
    latest = plan.day_ends + ahead
    soon = (card for card in _studied(pending.cards.values()) if card.due < latest)
    fresh = snapshot.fresh(soon, plan, now)
    found = pick(
        kept,
        ready,
        fresh,
        fresh.is_ready(now, plan, ahead),
        plan=plan,
        done=done,
        most=max(limit, PREFETCH),
    )
    ids = _apart(owner_id, pending, kept, found, plan, now, done.last_card, limit)
    return DueQueue(
        cards=_whole(owner_id, ids[:limit], found, pending, kept),
        new=found.new,
        learning=found.learning,
        due=found.due,
        new_held=found.new_held,
        due_held=found.due_held,
        pending=pending,
    )


def next_due_at(owner_id: UUID, now: datetime, plan: Plan | None = None) -> datetime | None:
    """Return when the next card that is not due yet will be, or None if there is none.

    A learnt card is due from the beginning of its day on; which that is, is left to the caller.
    """
    plan = plan or Plan.plain(now)
    pending = journal.read(owner_id)
    studied = list(_studied(pending.cards.values()))
    states = [int(card.state) for card in studied]
    due = [snapshot.micros(card.due) for card in studied]
    buried = [snapshot.micros(c.buried_until) if c.buried_until else 0 for c in studied]
    parts = [tuple(np.array(column, dtype=np.int64) for column in (states, due, buried))]
    table = table_of(owner_id, pending)
    if table is not None:
        where = snapshot.studied(owner_id).to_sql()
        columns = ["id", "state", "due", "buried_until"]
        rows = tables.fetch(table.search().where(where).select(columns).limit(EVERYTHING))
        newer = {str(card_id) for card_id in pending.cards}
        base = np.array([text not in newer for text in rows["id"].to_pylist()], dtype=bool)
        parts.append(
            (
                rows["state"].to_numpy().astype(np.int64)[base],
                codec.micros(rows["due"])[base],
                codec.micros(rows["buried_until"])[base],
            )
        )
    states_, due_, buried_ = (np.concatenate(column) for column in zip(*parts, strict=True))
    at, end = snapshot.micros(now), snapshot.micros(plan.day_ends)
    ready = np.where((states_ == State.REVIEW) & (due_ < end), buried_, np.maximum(due_, buried_))
    ready = ready[ready > at]
    return _time(int(ready.min())) if len(ready) else None


def card(owner_id: UUID, card_id: UUID, pending: Pending | None = None) -> Flashcard:
    """Return a card that is not deleted, from memory where it is there. Raises DoesNotExist.

    `pending` is what the caller has read already; else one SQL query.
    """
    pending = pending or journal.read(owner_id)
    image = pending.cards.get(card_id)
    if image is None:
        kept = _snapshots.get(owner_id)
        if kept is not None and kept.key[:2] == _key(pending):
            image = kept.cards.get(card_id)
    if image is None:
        image = Flashcard.objects.for_owner(owner_id).get(id=card_id)
    if image.owner_id != owner_id or image.deleted_at is not None:
        raise Flashcard.DoesNotExist("Flashcard matching query does not exist.")
    return image


def near_dues(
    owner_id: UUID, pending: Pending, card_id: UUID, now: datetime, plan: Plan
) -> list[datetime]:
    """Return when cards near in meaning that were reviewed lately are due again."""
    if not plan.keep_apart:
        return []
    known = recent.vectors(owner_id, pending, now)
    mine = _vector(owner_id, card_id, known)
    if mine is None:
        return []
    ledger = recent.ledger(owner_id, pending, now)
    return ledger.near_dues(card_id, mine, NEAR, lambda other: _vector(owner_id, other, known))


def forget() -> None:
    """Drop every snapshot, as between tests."""
    with _lock:
        _snapshots.clear()
    recent.forget()
    load.forget()


def _studied(cards: Iterable[Flashcard]) -> Iterable[Flashcard]:
    return (card for card in cards if card.deleted_at is None and not card.suspended)


def _time(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def _key(pending: Pending) -> tuple[str, int]:
    return settings.LANCEDB_URI, pending.generation


def _snapshot(owner_id: UUID, pending: Pending, plan: Plan, now: datetime) -> Snapshot:
    key = (*_key(pending), *plan.key)
    with _lock:
        kept = _snapshots.get(owner_id)
        if kept is not None and kept.key == key and now + HORIZON / 2 <= kept.until:
            _snapshots.move_to_end(owner_id)
            return kept
    until = max(now, plan.day_ends) + HORIZON
    taken = Snapshot(key, until, snapshot.stored(owner_id, pending, plan, now, until))
    if kept is not None:
        # Vectors outlive a checkpoint: a card's words seldom change, and its nearness less.
        taken.vectors = dict(list(kept.vectors.items())[-10 * PREFETCH :])
    with _lock:
        _snapshots[owner_id] = taken
        _snapshots.move_to_end(owner_id)
        while len(_snapshots) > CACHED_OWNERS:
            _snapshots.popitem(last=False)
    return taken


def _vector(owner_id: UUID, card_id: UUID, known: dict[UUID, Numbers]) -> Numbers | None:
    kept = _snapshots.get(owner_id)
    found = kept.vectors.get(card_id) if kept else None
    return known.get(card_id) if found is None else found


def _apart(
    owner_id: UUID,
    pending: Pending,
    kept: Snapshot,
    found: Pick,
    plan: Plan,
    now: datetime,
    last_card: UUID | None,
    limit: int,
) -> list[UUID]:
    """Return the first cards to show so that none follows one near it in meaning.

    Cards in their steps keep their turn: their time is short.
    """
    ids = [UUID(text) for text in found.ids]
    if not plan.keep_apart or len(ids) - found.urgent < 2:
        return ids
    _whole(owner_id, ids[:limit], found, pending, kept)
    known = recent.vectors(owner_id, pending, now)
    before = ids[found.urgent - 1] if found.urgent else last_card
    chosen, waiting = ids[: found.urgent], ids[found.urgent :]
    while waiting and len(chosen) < limit:
        previous = _vector(owner_id, before, known) if before else None
        following = next(
            (n for n, each in enumerate(waiting) if not _is_near(owner_id, each, previous, known)),
            0,
        )
        before = waiting.pop(following)
        chosen.append(before)
    return chosen


def _is_near(
    owner_id: UUID, card_id: UUID, previous: Numbers | None, known: dict[UUID, Numbers]
) -> bool:
    if previous is None:
        return False
    vector = _vector(owner_id, card_id, known)
    return vector is not None and float(previous @ vector) >= NEAR


def _whole(
    owner_id: UUID, wanted: list[UUID], found: Pick, pending: Pending, kept: Snapshot
) -> list[Flashcard]:
    """Return the wanted cards whole, reading those ahead of them in one go when one is missing."""

    def missing(ids: Iterable[UUID]) -> list[UUID]:
        return [i for i in ids if i not in pending.cards and i not in kept.cards]

    if missing(wanted):
        ahead = missing(dict.fromkeys([*wanted, *(UUID(text) for text in found.ids)]))
        table = table_of(owner_id, pending)
        where = condition(FLASHCARDS, "id__in", ahead[: max(PREFETCH, len(wanted))]).to_sql()
        columns = [*FLASHCARDS.whole, "embedding"]
        scan = table.search().where(where).select(columns)  # type: ignore[union-attr]
        rows = tables.fetch(scan.limit(EVERYTHING))
        cards = codec.from_table(FLASHCARDS, rows)
        kept.cards.update((each.id, each) for each in cards)
        kept.vectors.update(codec.vectors([each.id for each in cards], rows["embedding"]))
    return [pending.cards.get(card_id) or kept.cards[card_id] for card_id in wanted]
