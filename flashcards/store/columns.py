"""The columns that one owner's cards are filtered and sorted by, in memory as arrays.

LanceDB is scanned once for each owner and checkpoint; between checkpoints it cannot change, so its
rows are kept as a block and the journal's pending images are a second, small one behind it. A
filter is then a pass in numpy over both, and only the cards of one page are read whole.
"""

import bisect
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings

from flashcards.records import Flashcard, LogKind
from flashcards.store import codec, journal, tables
from flashcards.store.blocks import COLUMNS, TEXTS, Block, Labels, Mask, Numbers
from flashcards.store.filters import all_of, condition
from flashcards.store.pending import Pending
from flashcards.store.schema import EVERYTHING, FLASHCARDS, REVIEW_LOGS

# What one process keeps of all owners together; a card takes about 150 bytes, its words besides.
MEMORY_MOST_BYTES = 384 * 2**20
# What was worked out for one state of an owner's cards: masks and orders of the last searches.
REMEMBERED = 24

T = TypeVar("T")


@dataclass
class Columns:
    """The cards of one owner as arrays, one place a card: LanceDB's first, then the journal's.

    Places of cards that are deleted, or whose newer image is in the journal, are not `alive`.
    """

    owner_id: UUID
    base: Block
    fresh: Block
    alive: Mask
    pending: Pending
    _known: OrderedDict[Any, Any] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self.base) + len(self.fresh)

    def array(self, name: str) -> Numbers:
        """Return a column: times as int64 microseconds (0 if missing), NaN for no number."""
        return self.remember(
            ("array", name),
            lambda: np.concatenate([self.base.arrays[name], self.fresh.arrays[name]]),
        )

    def containing(self, text: str) -> Mask:
        """Return the cards in whose question, answer or note the text occurs, in any case."""

        def found() -> Mask:
            self._need_words()
            return np.concatenate([self.base.contains(text), self.fresh.contains(text)])

        return self.remember(("containing", text.lower()), found)

    def labelled(self, name: Labels, wanted: Callable[[str], bool]) -> Mask:
        """Return the cards with a label of which `wanted` is true."""
        masks = []
        for block in (self.base, self.fresh):
            labels = block.lists[name]
            chosen = np.array([wanted(each) for each in labels.names], dtype=bool)
            mask = np.zeros(len(block), dtype=bool)
            if chosen.any():
                mask[labels.rows[chosen[labels.codes]]] = True
            masks.append(mask)
        return np.concatenate(masks)

    def unlabelled(self, name: Labels) -> Mask:
        return ~self.labelled(name, lambda _: True)

    def label_pairs(self, name: Labels, mask: Mask) -> tuple[Numbers, list[str]]:
        """Return (place, label) pairs of the cards of a mask, (n, 2), and the labels' names."""
        names: dict[str, int] = {}
        parts = []
        offset = 0
        for block in (self.base, self.fresh):
            labels = block.lists[name]
            codes = np.array(
                [names.setdefault(each, len(names)) for each in labels.names], dtype=np.int64
            )
            rows = labels.rows + offset
            kept = mask[rows] if len(rows) else np.zeros(0, dtype=bool)
            parts.append(np.stack([rows[kept], codes[labels.codes[kept]]], axis=1))
            offset += len(block)
        return np.concatenate(parts), list(names)

    def label_ranks(self, name: Labels, rank: Callable[[list[str]], Mapping[str, int]]) -> Numbers:
        """Return the lowest rank among each card's labels; NaN without any."""
        pairs, names = self.label_pairs(name, self.alive)
        ranked = rank(names)
        ranks = np.array([ranked.get(each, np.inf) for each in names], dtype=np.float64)
        lowest = np.full(len(self), np.inf)
        if len(pairs):
            np.minimum.at(lowest, pairs[:, 0], ranks[pairs[:, 1]])
        lowest[np.isinf(lowest)] = np.nan
        return lowest

    def question_ranks(self) -> Numbers:
        """Return each card's place in the order of the questions, whatever their case."""

        def ranked() -> Numbers:
            self._need_words()
            ranks, in_order = self.base.questions_ranked()
            fresh = self.fresh.questions()
            between = np.empty(len(fresh))
            for number, place in enumerate(sorted(range(len(fresh)), key=fresh.__getitem__)):
                at = bisect.bisect_left(
                    range(len(in_order)), fresh[place], key=lambda n: in_order[n].as_py()
                )
                between[place] = at - 1 + (number + 1) / (len(fresh) + 1)
            return np.concatenate([ranks, between])

        return self.remember("question_ranks", ranked)

    def reviewed(self, since: datetime, rating: int | None) -> Mask:
        """Return the cards that were reviewed since a time, with that rating if one is given.

        Answers that were taken back do not count, nor those of a cram.
        """
        return self.remember(("reviewed", since, rating), lambda: self._reviewed(since, rating))

    def marked(self, ids: Iterable[UUID]) -> Mask:
        """Return the cards with these ids."""
        mask = np.zeros(len(self), dtype=bool)
        mask[self.places(list(ids))] = True
        return mask

    def places(self, ids: Sequence[UUID] | Numbers) -> Numbers:
        """Return where the cards with these ids stand, the living ones only."""
        fresh = self.fresh.positions(ids) + len(self.base)
        found = np.concatenate([self.base.positions(ids), fresh])
        return np.asarray(found[self.alive[found]])

    def ids(self, places: Numbers) -> list[UUID]:
        """Return the ids at these places."""
        return [UUID(each) for each in self.id_texts(places)]

    def id_texts(self, places: Numbers) -> list[str]:
        """Return the ids at these places as text."""
        at_base = places < len(self.base)
        found = np.empty(len(places), dtype="S36")
        found[at_base] = self.base.ids[places[at_base]]
        found[~at_base] = self.fresh.ids[places[~at_base] - len(self.base)]
        return list(found.astype(str).tolist())

    def cards(self, places: Numbers) -> list[Flashcard]:
        """Return the cards at these places, whole. One LanceDB read for those not pending."""
        ids = self.ids(places)
        stored = [each for each in ids if each not in self.pending.cards]
        found: dict[UUID, Flashcard] = {}
        table = _table(FLASHCARDS, self.owner_id, self.pending) if stored else None
        if table is not None:
            where = condition(FLASHCARDS, "id__in", stored).to_sql()
            scan = table.search().where(where).select(FLASHCARDS.whole).limit(EVERYTHING)
            rows = codec.from_table(FLASHCARDS, tables.fetch(scan))
            found = {row.id: row for row in rows if row.owner_id == self.owner_id}
        found.update({each: self.pending.cards[each] for each in ids if each in self.pending.cards})
        # A row that a purge took since is not there any more.
        return [found[each] for each in ids if each in found]

    def order(self, key: Any, values: Callable[[], Numbers], *, descending: bool) -> Numbers:
        """Return all places sorted by a key, missing ones last; the older card before its equal.

        Worked out once for each `key`, which names what `values` returns.
        """

        def worked_out() -> Numbers:
            numbers = values()
            if numbers.dtype.kind != "f":
                numbers = numbers.astype(np.int64)
            made = self.array("created_at")
            return np.lexsort((made, -numbers if descending else numbers))

        return self.remember(("order", key, descending), worked_out)

    def remember(self, key: Any, work_out: Callable[[], T]) -> T:
        """Return what was worked out under this key before, or work it out now."""
        known = self._known.get(key)
        if known is None:
            known = work_out()
            self._known[key] = known
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        worked_out: T = known
        return worked_out

    @cached_property
    def total(self) -> int:
        """Return how many cards there are."""
        return int(np.count_nonzero(self.alive))

    def _need_words(self) -> None:
        for block, read in ((self.base, self._stored_words), (self.fresh, self._pending_words)):
            if not block.has_words():
                block.take_words(read())

    def _stored_words(self) -> pa.Table:
        table = _table(FLASHCARDS, self.owner_id, self.pending)
        if table is None:
            return FLASHCARDS.schema.empty_table()
        where = _mine(self.owner_id)
        return tables.fetch(table.search().where(where).select(["id", *TEXTS]).limit(EVERYTHING))

    def _pending_words(self) -> pa.Table:
        return codec.to_table(FLASHCARDS, _living(self.pending))

    def _reviewed(self, since: datetime, rating: int | None) -> Mask:
        standing: dict[str, tuple[str, int | None]] = {}
        undone: set[str] = set()
        table = _table(REVIEW_LOGS, self.owner_id, self.pending)
        if table is not None:
            where = all_of(
                [
                    condition(REVIEW_LOGS, "owner_id", self.owner_id),
                    condition(REVIEW_LOGS, "reviewed_at__gte", since),
                ]
            ).to_sql()
            columns = ["id", "flashcard_id", "kind", "rating", "undoes"]
            rows = tables.fetch(table.search().where(where).select(columns).limit(EVERYTHING))
            is_undo = pc.equal(rows["kind"], LogKind.UNDO.value)
            undone = set(rows.filter(is_undo)["undoes"].to_pylist())
            is_cram = pc.equal(rows["kind"], LogKind.CRAM.value)
            rated = pc.and_(pc.is_valid(rows["rating"]), pc.invert(is_cram))
            if rating is not None:
                given_so = pc.fill_null(pc.equal(rows["rating"], rating), fill_value=False)
                rated = pc.and_(rated, given_so)
            hits = rows.filter(rated).select(["id", "flashcard_id", "rating"])
            standing = {
                log_id: (card_id, given)
                for log_id, card_id, given in zip(
                    *(hits[name].to_pylist() for name in hits.column_names), strict=True
                )
            }
        for log in self.pending.logs.values():
            if log.kind is LogKind.UNDO and log.undoes:
                undone.add(str(log.undoes))
            elif (
                log.rating is not None
                and log.kind is not LogKind.CRAM
                and log.reviewed_at >= since
                and rating in {None, log.rating}
            ):
                standing[str(log.id)] = str(log.flashcard_id), log.rating
        cards = {card_id for log_id, (card_id, _) in standing.items() if log_id not in undone}
        mask = np.zeros(len(self), dtype=bool)
        mask[self.places(np.array(sorted(cards), dtype="S36"))] = True
        return mask


_lock = threading.Lock()
# By owner: the checkpoint it is of, the rows of LanceDB, and the newest state that was laid over.
_kept: "OrderedDict[UUID, tuple[tuple[str, int], Columns]]" = OrderedDict()


def read(owner_id: UUID) -> Columns:
    """Return an owner's cards as columns, their own newest writes among them.

    One SQL query; LanceDB is read once a checkpoint (100,000 cards: about 0.2 s).
    """
    pending = journal.read(owner_id)
    key = settings.LANCEDB_URI, pending.generation
    with _lock:
        kept_key, known = _kept.get(owner_id, (None, None))
        if known is not None:
            _kept.move_to_end(owner_id)
    if known is not None and kept_key == key and _same(known.pending, pending):
        return known
    base = known.base if known is not None and kept_key == key else _load(owner_id, pending)
    columns = _laid_over(owner_id, base, pending)
    with _lock:
        _kept[owner_id] = key, columns
        _kept.move_to_end(owner_id)
        sizes = {each: kept.base.size_bytes for each, (_, kept) in _kept.items()}
        while len(_kept) > 1 and sum(sizes.values()) > MEMORY_MOST_BYTES:
            gone, _ = _kept.popitem(last=False)
            del sizes[gone]
    return columns


def forget() -> None:
    """Drop everything, as between tests."""
    with _lock:
        _kept.clear()


def _same(one: Pending, other: Pending) -> bool:
    # Within a transaction that is rolled back, ids may come and go.
    return one.last_id == other.last_id and one.entries == other.entries


def _laid_over(owner_id: UUID, base: Block, pending: Pending) -> Columns:
    fresh = Block.of(codec.to_table(FLASHCARDS, _living(pending)).select(COLUMNS))
    alive = np.ones(len(base) + len(fresh), dtype=bool)
    if pending.cards:
        alive[base.positions(list(pending.cards))] = False
    return Columns(owner_id, base, fresh, alive, pending)


def _living(pending: Pending) -> list[Flashcard]:
    return [card for card in pending.cards.values() if card.deleted_at is None]


def _load(owner_id: UUID, pending: Pending) -> Block:
    table = _table(FLASHCARDS, owner_id, pending)
    if table is None:
        return Block.of(FLASHCARDS.schema.empty_table().select(COLUMNS))
    scan = table.search().where(_mine(owner_id)).select(COLUMNS).limit(EVERYTHING)
    return Block.of(tables.fetch(scan))


def _mine(owner_id: UUID) -> str:
    return all_of(
        [
            condition(FLASHCARDS, "owner_id", owner_id),
            condition(FLASHCARDS, "deleted_at__isnull", True),
        ]
    ).to_sql()


def _table(spec: Any, owner_id: UUID, pending: Pending) -> Any | None:
    if owner_id in pending.erased:
        return None
    is_cards = spec is FLASHCARDS
    return tables.existing(
        spec, pending.flashcards_version if is_cards else pending.review_logs_version
    )
