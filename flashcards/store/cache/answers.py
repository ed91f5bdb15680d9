"""The answers: what one owner's review log says for statistics, in memory as arrays.

The log is read once for each owner, then every entry is added as it comes. An answer takes 13
bytes, so that half a million are seven megabytes.
"""

import functools
import weakref
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flashcards.domain.answer_codes import KINDS, QUARTER_MICROS, code_of, codes_of
from flashcards.domain.records import LogKind, ReviewLog
from flashcards.domain.study_day import micros
from flashcards.store.cache.owner_cache import OwnerCache
from flashcards.store.pending import Entry, Pending
from flashcards.store.protocol.owners import CardColumns
from flashcards.store.rows import codec
from flashcards.store.rows.filters import Expression, condition
from flashcards.store.rows.schema import REVIEW_LOGS
from flashcards.store.values import Numbers

# What one process keeps of all owners together.
KILOBYTES_MOST = 256 * 1024
OWNERS_MOST = 1_000
# So many new answers are put to the others at once: until then they are a tail of their own.
TAIL_MOST = 2_000
_CODED = ["kind", "rating", "state_before", "elapsed_days", "stability_before"]
_KINDS = pa.array([kind.value for kind in KINDS], pa.string())
_READ = ["flashcard_id", "reviewed_at", "duration_ms", *_CODED]


@dataclass
class OwnerAnswers:
    """The answers of one owner as arrays; see `Answers` of the protocol."""

    owner_id: UUID
    quarters: Numbers
    codes: Numbers
    durations_ms: Numbers
    cards: Numbers
    # The ids of the cards, as text of 36 bytes; `cards` are places in it.
    card_ids: Numbers
    # The columns that were asked about last, and where the cards stand in them.
    _places: tuple[weakref.ref[CardColumns], Numbers] | None = None

    def __len__(self) -> int:
        return len(self.codes)

    def places(self, columns: CardColumns) -> Numbers:
        """Return where each answer's card stands in the columns; -1 for one that is not there."""
        known = self._places
        if known is None or known[0]() is not columns:
            found = columns.places_of(self.card_ids)[self.cards]
            known = self._places = weakref.ref(columns), found
        return known[1]


@dataclass
class Tail:
    """What entries have changed since something was read."""

    # Answers since by their ids; and of those before it the ones that were taken back since, each
    # with its card.
    added: dict[UUID, ReviewLog] = field(default_factory=dict)
    taken_back: dict[UUID, UUID] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.added)

    def apply(self, log: ReviewLog | None) -> bool:
        """Take in a row of the log, and tell whether it makes a difference."""
        if log is not None and log.undoes is not None:
            if self.added.pop(log.undoes, None) is None:
                self.taken_back[log.undoes] = log.flashcard_id
            return True
        if log is not None and is_answer(log):
            self.added[log.id] = log
            return True
        return False

    def drop(self, card_id: UUID) -> None:
        """Leave out what is of a card."""
        self.added = {i: log for i, log in self.added.items() if log.flashcard_id != card_id}
        self.taken_back = {i: card for i, card in self.taken_back.items() if card != card_id}

    def copy(self) -> "Tail":
        return Tail(dict(self.added), dict(self.taken_back))


class AnswerLog:
    """The stored answers of one owner as they once were read, and every entry since."""

    def __init__(self, owner_id: UUID, base: OwnerAnswers) -> None:
        self._owner_id = owner_id
        self._base = base
        self._tail = Tail()
        self._answers: OwnerAnswers | None = base

    def apply(self, entry: Entry) -> None:
        """Add a review, or take one back. A card that is erased takes its reviews with it."""
        if self._tail.apply(entry.log):
            self._answers = None
        if entry.erases:
            self._erase(entry.card.id)

    def size(self) -> int:
        base = self._base
        arrays = base.quarters, base.codes, base.durations_ms, base.cards, base.card_ids
        return sum(each.nbytes for each in arrays) // 1024 + len(self._tail) + 1

    def copy(self) -> "AnswerLog":
        copy = AnswerLog(self._owner_id, self._base)
        copy._tail, copy._answers = self._tail.copy(), self._answers
        return copy

    def answers(self, pending: Pending) -> OwnerAnswers:
        """Return all answers that count. It has taken in what is pending."""
        if self._tail.taken_back:
            gone = find(self._owner_id, pending, self._tail.taken_back)
            self._base = _without(self._base, _with_tail(_none(self._owner_id), gone))
            self._tail.taken_back = {}
        if self._answers is None:
            self._answers = _with_tail(self._base, list(self._tail.added.values()))
        if len(self._tail) > TAIL_MOST:
            self._base, self._tail = _by_card(self._answers), Tail()
        return self._answers

    def _erase(self, card_id: UUID) -> None:
        self._tail.drop(card_id)
        number = _numbers(self._base.card_ids, np.array([str(card_id)], dtype="S36"))[0]
        if number >= 0:
            self._base = _kept(self._base, self._base.cards != number)
        self._answers = None


_logs: OwnerCache[AnswerLog] = OwnerCache(OWNERS_MOST, KILOBYTES_MOST)


def read(owner_id: UUID, pending: Pending) -> OwnerAnswers:
    """Return an owner's answers that were not taken back, their own newest among them.

    The log is read the first time, and after an import.
    """

    def log_of() -> AnswerLog:
        return AnswerLog(owner_id, stored(owner_id, pending))

    with _logs.at(owner_id, pending, log_of) as log:
        return log.answers(pending)


def clear_cache() -> None:
    """Drop everything kept, as between tests."""
    _logs.clear()


def is_answer(log: ReviewLog) -> bool:
    """Tell whether a row of the log is an answer, also one of a cram."""
    return log.rating is not None and log.kind in KINDS


def find(owner_id: UUID, pending: Pending, ids: Collection[UUID]) -> list[ReviewLog]:
    """Return the answers with these ids, pending or stored; other rows are left out."""
    logs = [pending.logs[each] for each in ids if each in pending.logs]
    key = condition(REVIEW_LOGS, "id__in", [each for each in ids if each not in pending.logs])
    columns = REVIEW_LOGS.columns
    rows = pending.read_by_key(REVIEW_LOGS, owner_id, columns, key)
    logs += codec.from_table(REVIEW_LOGS, rows)
    return [log for log in logs if log.owner_id == owner_id and is_answer(log)]


def stored(owner_id: UUID, pending: Pending) -> OwnerAnswers:
    """Return the answers that the table holds, without those that were taken back.

    And without those that are pending: a checkpoint that was cut off, as by a full disk, has
    appended them already, and they are added as entries.
    """
    read = functools.partial(pending.read, REVIEW_LOGS, owner_id)
    logs = [entry.log.id for entry in pending.since(pending.stored.moved_id) if entry.log]
    key = condition(REVIEW_LOGS, "id__in", logs)
    ahead = pending.read_by_key(REVIEW_LOGS, owner_id, ["id"], key)["id"].combine_chunks()
    is_undo = condition(REVIEW_LOGS, "kind", LogKind.UNDO)
    undone = pc.drop_null(_without_ids(read(["undoes", "id"], is_undo), ahead)["undoes"])
    # Half a million ids would be read to no end where nothing was taken back.
    columns = [*_READ, "id"] if len(undone) or len(ahead) else _READ
    conditions: tuple[Expression, ...] = (
        condition(REVIEW_LOGS, "rating__isnull", False),
        condition(REVIEW_LOGS, "kind__in", list(KINDS)),
    )
    rows = read(columns, *conditions)
    if len(undone):
        rows = _without_ids(rows, undone.combine_chunks())
    return of_rows(owner_id, _without_ids(rows, ahead))


def _without_ids(rows: pa.Table, ids: pa.Array) -> pa.Table:
    return rows.filter(pc.invert(pc.is_in(rows["id"], ids))) if len(ids) else rows


def _none(owner_id: UUID) -> OwnerAnswers:
    return of_rows(owner_id, REVIEW_LOGS.schema.empty_table())


def only_answers(rows: pa.Table) -> pa.Table:
    """Return those of the rows that are answers."""
    is_rated = pc.is_valid(rows["rating"])
    return rows.filter(pc.and_(is_rated, pc.is_in(rows["kind"], _KINDS)))


def of_rows(owner_id: UUID, rows: pa.Table) -> OwnerAnswers:
    """Return rows that are answers as arrays, by their times."""
    encoded = rows["flashcard_id"].combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    cards = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    times = codec.column_micros(rows["reviewed_at"])
    kinds = pc.index_in(rows["kind"], _KINDS)
    codes = codes_of(
        kinds.to_numpy(),
        rows["rating"].to_numpy(),
        rows["state_before"].to_numpy(),
        rows["elapsed_days"].to_numpy(),
        rows["stability_before"].to_numpy(),
    )
    order = np.argsort(times, kind="stable")
    read = OwnerAnswers(
        owner_id,
        (times // QUARTER_MICROS).astype(np.int32)[order],
        codes[order],
        rows["duration_ms"].to_numpy().astype(np.int32)[order],
        cards[order],
        codec.id_texts(pa.chunked_array([encoded.dictionary])),
    )
    return _by_card(read)


def _with_tail(base: OwnerAnswers, tail: Sequence[ReviewLog]) -> OwnerAnswers:
    """Return answers with newer ones behind them. Cards that are new here come last."""
    if not tail:
        return base
    ids = np.array([str(log.flashcard_id) for log in tail], dtype="S36")
    cards = _numbers(base.card_ids, ids)
    is_new = cards < 0
    fresh, numbers = np.unique(ids[is_new], return_inverse=True)
    cards[is_new] = len(base.card_ids) + numbers
    return OwnerAnswers(
        base.owner_id,
        _joined(base.quarters, [micros(log.reviewed_at) // QUARTER_MICROS for log in tail]),
        _joined(base.codes, [code_of(log) for log in tail]),
        _joined(base.durations_ms, [log.duration_ms for log in tail]),
        _joined(base.cards, cards),
        np.concatenate([base.card_ids, fresh]) if len(fresh) else base.card_ids,
    )


def _by_card(answers: OwnerAnswers) -> OwnerAnswers:
    """Return the same answers with their cards in order, as a base has them."""
    by_id = np.argsort(answers.card_ids, kind="stable")
    ranks = np.empty(len(by_id), dtype=np.int32)
    ranks[by_id] = np.arange(len(by_id), dtype=np.int32)
    return OwnerAnswers(
        answers.owner_id,
        answers.quarters,
        answers.codes,
        answers.durations_ms,
        ranks[answers.cards],
        answers.card_ids[by_id],
    )


def _numbers(card_ids: Numbers, ids: Numbers) -> Numbers:
    """Return the places of ids among those of a base, which are in order; -1 for others."""
    if not len(card_ids):
        return np.full(len(ids), -1)
    places = np.minimum(np.searchsorted(card_ids, ids), len(card_ids) - 1)
    return np.where(card_ids[places] == ids, places, -1)


def _without(base: OwnerAnswers, gone: OwnerAnswers) -> OwnerAnswers:
    """Return the base without these answers. Which of two that are alike goes is the same."""
    keep = np.ones(len(base), dtype=bool)
    numbers = _numbers(base.card_ids, gone.card_ids)[gone.cards]
    for place, number in enumerate(numbers.tolist()):
        same = (base.cards == number) & keep
        same &= base.quarters == gone.quarters[place]
        same &= base.codes == gone.codes[place]
        same &= base.durations_ms == gone.durations_ms[place]
        keep[np.flatnonzero(same)[:1]] = False
    return _kept(base, keep)


def _kept(base: OwnerAnswers, keep: Numbers) -> OwnerAnswers:
    names = "quarters", "codes", "durations_ms", "cards"
    kept = {name: getattr(base, name)[keep] for name in names}
    return OwnerAnswers(base.owner_id, **kept, card_ids=base.card_ids)


def _joined(base: Numbers, tail: Numbers | Sequence[int]) -> Numbers:
    return np.concatenate([base, np.asarray(tail).astype(base.dtype)])
