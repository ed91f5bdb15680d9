"""The card columns: what one owner's cards are filtered and sorted by, in memory as arrays.

They come in blocks: the table's rows as they once were read, then what came since (`collection`). A
filter is a pass in numpy over all of them, and only the cards of one page are read whole.
"""

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flashcards.domain.records import Flashcard, LogKind, State
from flashcards.domain.study_day import micros
from flashcards.store.cache.column_blocks import Block
from flashcards.store.pending import Pending
from flashcards.store.protocol.owners import Labels
from flashcards.store.rows import codec
from flashcards.store.rows.filters import Expression, Not, condition
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS
from flashcards.store.rows.search_keys import has_word
from flashcards.store.values import Mask, Numbers
from memoryloop.folding import fold
from memoryloop.search_words import Term

# What was worked out for one state of an owner's cards: masks and orders of the last searches.
REMEMBERED = 24

T = TypeVar("T")


@dataclass
class OwnerColumns:
    """The cards of one owner as arrays, one place a card, block after block.

    Places of cards that are deleted, or whose newer image is in a later block, are not `alive`.
    """

    owner_id: UUID
    blocks: Sequence[Block]
    alive: Mask
    pending: Pending
    # What is not in the table yet, whole.
    images: Mapping[UUID, Flashcard]
    # Reads the words of the first block, where it has none yet.
    stored_words: Callable[[], pa.Table]
    _known: OrderedDict[Any, Any] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self.alive)

    def array(self, name: str) -> Numbers:
        """Return a column: times as int64 microseconds (0 if missing), NaN for no number."""
        return np.concatenate([block.arrays[name] for block in self.blocks])

    def memory(self, model: str) -> Numbers | None:
        """Return (n, numbers) of what a memory model keeps of each card; see `CardColumns`."""
        found = [(block.memories.get(model), offset) for block, offset in self._placed()]
        kept = [(each, offset) for each, offset in found if each is not None]
        if not kept:
            return None
        numbers = np.full((len(self), kept[0][0].numbers.shape[1]), np.nan)
        for each, offset in kept:
            numbers[each.rows + offset] = each.numbers
        return numbers

    def containing(self, text: str) -> Mask:
        """Return the cards in whose question, answer or note the text occurs, in any case."""

        def found() -> Mask:
            self._need_words()
            return np.concatenate([block.contains(text) for block in self.blocks])

        return self.remember(("containing", fold(text)), found)

    def having(self, term: Term) -> Mask:
        """Return the cards that have a word: a form of it, or its letters within another."""

        def found() -> Mask:
            self._need_words()
            mask = np.concatenate([block.contains_plain(term.word) for block in self.blocks])
            if len(term.groups) == 1:
                ids = self.pending.ids_with(self.owner_id, term)
                fresh = [str(each) for each in self.images]
                mask[self.places(np.setdiff1d(ids, np.array(fresh, dtype=ids.dtype)))] = True
                mask |= self.marked(
                    card.id for card in self.images.values() if has_word(card, term)
                )
            return mask

        return self.remember(("having", term.word), found)

    def labelled(self, name: Labels, wanted: Callable[[str], bool]) -> Mask:
        """Return the cards with a label of which `wanted` is true."""
        masks = []
        for block in self.blocks:
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
        for block in self.blocks:
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
            base, *later = self.blocks
            ranks = np.empty(len(base))
            ranks[base.by_question()] = np.arange(len(base))
            questions = [question for block in later for question in block.questions()]
            between = np.empty(len(questions))
            in_order = sorted(range(len(questions)), key=questions.__getitem__)
            for number, place in enumerate(in_order):
                before = base.questions_before(questions[place])
                between[place] = before - 1 + (number + 1) / (len(questions) + 1)
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
        parts = [block.positions(ids) + offset for block, offset in self._placed()]
        found = np.concatenate(parts)
        return np.asarray(found[self.alive[found]])

    def places_of(self, ids: Sequence[UUID] | Numbers) -> Numbers:
        """Return where each of these cards stands; -1 for one that is not here, or was deleted."""
        if not isinstance(ids, np.ndarray):
            ids = np.array([str(each) for each in ids], dtype="S36")
        found = np.full(len(ids), -1)
        for block, offset in self._placed():
            places, is_there = block.lookup(ids)
            places = places + offset
            is_there[is_there] = self.alive[places[is_there]]
            found[is_there] = places[is_there]
        return found

    def ids(self, places: Numbers) -> list[UUID]:
        """Return the ids at these places."""
        return [UUID(each) for each in self.id_texts(places)]

    def id_texts(self, places: Numbers) -> list[str]:
        """Return the ids at these places as text."""
        found = np.empty(len(places), dtype="S36")
        for block, offset in self._placed():
            here = (places >= offset) & (places < offset + len(block))
            found[here] = block.ids[places[here] - offset]
        return list(found.astype(str).tolist())

    def cards(self, places: Numbers) -> list[Flashcard]:
        """Return the cards at these places, whole. One read for those not pending."""
        ids = self.ids(places)
        key = condition(FLASHCARDS, "id__in", [each for each in ids if each not in self.images])
        columns = self.pending.stored.whole(FLASHCARDS)
        rows = self.pending.read_by_key(FLASHCARDS, self.owner_id, columns, key)
        cards = codec.from_table(FLASHCARDS, rows)
        found = {card.id: card for card in cards if card.owner_id == self.owner_id}
        found.update({each: self.images[each] for each in ids if each in self.images})
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
            places = np.lexsort((made, -numbers if descending else numbers))
            return places.astype(np.int32)

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

    def _placed(self) -> Iterator[tuple[Block, int]]:
        """Yield each block and where it begins."""
        lengths = [len(block) for block in self.blocks]
        return zip(self.blocks, itertools.accumulate(lengths, initial=0), strict=False)

    def _need_words(self) -> None:
        base = self.blocks[0]
        if not base.has_words():
            base.take_words(self.stored_words())

    def _reviewed(self, since: datetime, rating: int | None) -> Mask:
        """As `reviewed`, from the cards where they tell: a year's logs take 0.2 s and 50 MB."""
        if rating is not None:
            return self._logged(since, rating)
        mask = self.alive & (self.array("last_review") >= micros(since))
        # What was reviewed and then begun anew is as if it never had been.
        begun = self._begun_anew(since) & ~mask
        if begun.any():
            mask |= self._logged(since, None) & begun
        return mask

    def _begun_anew(self, since: datetime) -> Mask:
        """Return the cards that somebody made new again since a time."""
        logs = self.pending.logs.values()
        mask = self.marked(
            log.flashcard_id
            for log in logs
            if log.kind is LogKind.MANUAL
            and log.state_after is State.NEW
            and log.reviewed_at >= since
        )
        by_hand = condition(REVIEW_LOGS, "kind", LogKind.MANUAL)
        new = condition(REVIEW_LOGS, "state_after", State.NEW)
        begun = self._stored_logs(["flashcard_id"], since, by_hand, new)["flashcard_id"]
        mask[self.places(codec.id_texts(begun))] = True
        return mask

    def _logged(self, since: datetime, rating: int | None) -> Mask:
        logs = self.pending.logs.values()
        undone = {str(log.undoes) for log in logs if log.kind is LogKind.UNDO and log.undoes}
        mask = self.marked(
            log.flashcard_id
            for log in logs
            if log.rating is not None
            and log.kind is not LogKind.CRAM
            and log.reviewed_at >= since
            and rating in {None, log.rating}
            and str(log.id) not in undone
        )
        is_undo = condition(REVIEW_LOGS, "kind", LogKind.UNDO)
        undone |= set(self._stored_logs(["undoes"], since, is_undo)["undoes"].to_pylist())
        is_cram = condition(REVIEW_LOGS, "kind", LogKind.CRAM)
        is_rated = condition(REVIEW_LOGS, "rating__isnull", False)
        given = is_rated if rating is None else condition(REVIEW_LOGS, "rating", rating)
        # Half a million ids would be read to no end where nothing was taken back.
        columns = ["flashcard_id", "id"] if undone else ["flashcard_id"]
        rows = self._stored_logs(columns, since, given, Not(is_cram))
        if undone:
            taken_back = pa.array(undone, pa.string())
            rows = rows.filter(pc.invert(pc.is_in(rows["id"], taken_back)))
        reviewed = rows["flashcard_id"].unique()
        mask[self.places(codec.id_texts(pa.chunked_array([reviewed])))] = True
        return mask

    def _stored_logs(
        self, columns: list[str], since: datetime, *conditions: Expression
    ) -> pa.Table:
        recently = condition(REVIEW_LOGS, "reviewed_at__gte", since)
        return self.pending.read(REVIEW_LOGS, self.owner_id, columns, recently, *conditions)
