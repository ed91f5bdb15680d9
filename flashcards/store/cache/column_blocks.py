"""Column blocks: some rows of cards as arrays, of which the card columns are made."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flashcards.store.protocol.owners import Labels
from flashcards.store.rows import codec
from flashcards.store.values import Mask, Numbers
from memoryloop.folding import fold
from memoryloop.search_words import plain

_TIMES = ("due", "last_review", "buried_until", "created_at", "edited_at")
_NUMBERS = ("state", "stability", "difficulty", "reps", "lapses", "flag", "suspended")
_LISTS: tuple[Labels, ...] = ("tags", "deck_ids")
COLUMNS = ["id", *_TIMES, *_NUMBERS, *_LISTS, "memory", "memory_model"]
TEXTS = ["question", "answer", "extra"]
# Between the texts of a card, so that no phrase is found across two of them.
_SEAM = "\n\x00\n"


@dataclass
class LabelList:
    """A column of lists: each entry's row, and its value as a number into `names`."""

    rows: Numbers
    codes: Numbers
    names: list[str]

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> "LabelList":
        lists = _one(column)
        encoded = _one(pa.chunked_array([lists.flatten()])).dictionary_encode()
        lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
        rows = np.repeat(np.arange(len(lists)), lengths.astype(np.int64))
        codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        return cls(rows, codes, encoded.dictionary.to_pylist())


@dataclass
class StoredMemories:
    """What one memory model keeps besides stability and difficulty, of the cards it wrote."""

    rows: Numbers
    # (rows, numbers) of float64.
    numbers: Numbers

    @classmethod
    def of(cls, memory: pa.ChunkedArray, models: pa.ChunkedArray) -> dict[str, "StoredMemories"]:
        """Return them by the name of the model; nothing of a model that keeps nothing else."""
        filled = np.flatnonzero(memory.is_valid().to_numpy())
        if not len(filled):
            return {}
        kept, names = _one(memory.take(pa.array(filled))), _one(models.take(pa.array(filled)))
        found = {}
        for name in pc.unique(names).to_pylist():
            places = np.flatnonzero(pc.equal(names, name).to_numpy(zero_copy_only=False))
            numbers = kept.take(pa.array(places)).flatten().to_numpy()
            found[name] = cls(filled[places], numbers.reshape(len(places), -1))
        return found


@dataclass
class Block:
    """Some rows: their ids as text of 36 bytes, times in microseconds, numbers, lists."""

    ids: Numbers
    arrays: dict[str, Numbers]
    lists: dict[Labels, LabelList]
    memories: dict[str, StoredMemories]
    # All words of a card, folded, the question first, once somebody searched them.
    _words: pa.Array | None = None
    # The same without accents, once somebody searched for a word; those of no accent are shared.
    _plain: pa.Array | None = None
    _by_id: Numbers | None = None
    _by_question: Numbers | None = None
    # How many of the questions come before one that was asked for.
    _gaps: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: pa.Table) -> "Block":
        """Return the rows in the order in which they were made."""
        ids = codec.id_texts(rows["id"])
        made = codec.column_micros(rows["created_at"])
        order = np.lexsort((ids, made))
        rows = rows.take(pa.array(order))
        arrays: dict[str, Numbers] = {name: codec.column_micros(rows[name]) for name in _TIMES}
        for name in _NUMBERS:
            # A missing number is NaN.
            column = rows[name].cast(pa.int8()) if name == "suspended" else rows[name]
            arrays[name] = column.to_numpy()
        lists = {name: LabelList.of(rows[name]) for name in _LISTS}
        memories = StoredMemories.of(rows["memory"], rows["memory_model"])
        return cls(ids[order], arrays, lists, memories)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def size_bytes(self) -> int:
        words = self._words.nbytes if self._words is not None else 0
        if self._plain is not None and self._plain is not self._words:
            words += self._plain.nbytes
        lists = sum(each.rows.nbytes + each.codes.nbytes for each in self.lists.values())
        lists += sum(each.rows.nbytes + each.numbers.nbytes for each in self.memories.values())
        return int(
            self.ids.nbytes + sum(a.nbytes for a in self.arrays.values()) + lists + words + 4096
        )

    def positions(self, ids: Sequence[UUID] | Numbers) -> Numbers:
        """Return where these ids stand; those that are not here are left out."""
        if not isinstance(ids, np.ndarray):
            ids = np.array([str(each) for each in ids], dtype="S36")
        places, is_there = self.lookup(ids)
        return np.asarray(places[is_there])

    def lookup(self, ids: Numbers) -> tuple[Numbers, Mask]:
        """Return where each id, as text of 36 bytes, stands, and whether it is here."""
        if not len(self) or not len(ids):
            return np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=bool)
        if self._by_id is None:
            self._by_id = np.argsort(self.ids, kind="stable")
        places = np.searchsorted(self.ids, ids, sorter=self._by_id)
        found = self._by_id[np.minimum(places, len(self) - 1)]
        return found, np.asarray(self.ids[found] == ids)

    def has_words(self) -> bool:
        return self._words is not None

    @property
    def words(self) -> pa.Array:
        if self._words is None:
            raise RuntimeError("The words of these cards have not been read.")
        return self._words

    def take_words(self, rows: pa.Table) -> None:
        """Keep the texts of the rows with our ids, in our order."""
        ids = codec.id_texts(rows["id"])
        order = np.argsort(ids, kind="stable")
        places = np.minimum(np.searchsorted(ids, self.ids, sorter=order), max(len(ids) - 1, 0))
        there = ids[order[places]] == self.ids if len(ids) else np.zeros(len(self), bool)
        indices = pa.array(order[places] if len(ids) else places, mask=~there)
        question, answer, extra = (
            _folded(_one(rows[name])).take(indices).fill_null("") for name in TEXTS
        )
        self._words = pc.binary_join_element_wise(question, answer, extra, _SEAM)

    def contains(self, text: str) -> Mask:
        found = pc.match_substring(self.words, fold(text))
        return np.asarray(found.to_numpy(zero_copy_only=False))

    def contains_plain(self, text: str) -> Mask:
        """Tell of each card whether these letters, which are plain, occur in its plain words."""
        if self._plain is None:
            others = pc.invert(pc.string_is_ascii(self.words))
            bare = [plain(text) for text in self.words.filter(others).to_pylist()]
            self._plain = self.words
            if bare:
                self._plain = pc.replace_with_mask(self.words, others, pa.array(bare, pa.string()))
        found = pc.match_substring(self._plain, text)
        return np.asarray(found.to_numpy(zero_copy_only=False))

    def by_question(self) -> Numbers:
        """Return the rows' places in the order of their questions."""
        if self._by_question is None:
            self._by_question = pc.sort_indices(self._questions()).to_numpy().astype(np.int32)
        return self._by_question

    def questions_before(self, question: str) -> int:
        """Return how many of the questions come before this one, which is folded."""
        found = self._gaps.get(question)
        if found is None:
            order, words = self.by_question(), self.words
            found = self._gaps[question] = bisect.bisect_left(
                order, question, key=lambda place: words[place].as_py().partition(_SEAM)[0]
            )
        return found

    def questions(self) -> list[str]:
        return list(self._questions().to_pylist())

    def _questions(self) -> pa.Array:
        return pc.list_element(pc.split_pattern(self.words, _SEAM, max_splits=1), 0)


def _folded(texts: pa.Array) -> pa.Array:
    """Return texts as `fold` makes them. Arrow does those in ASCII, in a tenth of the time."""
    lowered = pc.utf8_lower(texts)
    others = pc.invert(pc.string_is_ascii(texts)).fill_null(fill_value=False)
    if not pc.any(others).as_py():
        return lowered
    folded = [fold(text) for text in texts.filter(others).to_pylist()]
    return pc.replace_with_mask(lowered, others, pa.array(folded, type=texts.type))


def _one(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    joined = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(joined, pa.ChunkedArray):
        joined = pa.concat_arrays(joined.chunks) if joined.num_chunks else joined.type
    return joined
