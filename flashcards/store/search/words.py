"""Search by words: the cards of one owner that have words of a search, or words spelt alike.

LanceDB's index of `search_keys` finds and ranks them; what is still in the journal is looked
through here. The filter by owner comes before the ranking.
"""

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pyarrow.compute as pc

from flashcards.domain.records import Flashcard
from flashcards.domain.search_text import search_text
from flashcards.store import asked
from flashcards.store.journal.pending import read_pending
from flashcards.store.lance import key_queries, sql, tables
from flashcards.store.lance.stored import stored_of, table_of
from flashcards.store.repository.manager import cards
from flashcards.store.rows import codec
from flashcards.store.rows.filters import condition
from flashcards.store.rows.schema import FLASHCARDS
from flashcards.store.rows.search_keys import beginning_key, keys_of
from flashcards.store.search import search
from flashcards.store.values import WordMatches
from memoryloop.search_words import Term
from memoryloop.spelling import likeness

# Letters that may be wrong, missing or too many. More are judged likely or not by whoever ranks the
# cards.
WRONG_LETTERS = 2
# Of the words spelt alike, as many as LanceDB looks for.
SPELLINGS_MOST = 120
# Of the newest cards in the journal, so many are compared letter by letter.
ALIKE_LOOKED_THROUGH = 300

Rows = Any


def begin(owner_id: UUID, terms: Sequence[Term], *, limit: int) -> "WordSearch":
    """Begin to look for cards that have the words, or words that begin so or are spelt alike.

    Common words are not looked for. One SQL query; LanceDB goes on by itself.
    """
    return WordSearch(owner_id, terms, limit=limit)


class WordSearch:
    """A search that LanceDB does while the caller does something else."""

    def __init__(self, owner_id: UUID, terms: Sequence[Term], *, limit: int) -> None:
        """Begin to look for the words. One SQL query."""
        self.terms = asked.telling(terms)
        self._owner_id = owner_id
        self._limit = limit
        self._pending = read_pending(owner_id)
        self._answer: Future[tuple[dict[str, int], list[Rows]]] | None = None
        self._all: list[Flashcard] | None = None
        table = table_of(FLASHCARDS, owner_id, self._pending)
        if table is None or not self.terms:
            return
        if stored_of(self._pending).is_indexed("search_keys"):
            scan = _Scan(table, owner_id, search.is_nearly_alone(owner_id, self._pending, table))
            self._answer = tables.start(_find(scan, self.terms, limit))
        else:
            # Before the first indexes are made there are so few rows that all of them can be read.
            self._all = list(cards.for_owner(owner_id))

    def result(self) -> WordMatches:
        """Wait for the cards. Raises StoreError."""
        counts: dict[str, int] = {}
        found: dict[UUID, Flashcard] = {}
        if self._answer is not None:
            counts, rows = tables.result(self._answer)
            for each in rows:
                for card in codec.from_table(FLASHCARDS, each.select(FLASHCARDS.whole)):
                    if card.owner_id == self._owner_id and card.deleted_at is None:
                        found[card.id] = card
        fresh = self._pending.cards
        for card_id in fresh:
            found.pop(card_id, None)
        found.update(self._looked_through([*(self._all or ()), *fresh.values()], counts))
        return WordMatches(list(found.values()), counts)

    def _looked_through(
        self, unindexed: Iterable[Flashcard], counts: dict[str, int]
    ) -> dict[UUID, Flashcard]:
        """Return those of the cards that have a word, or one alike, and count their words."""
        living = [card for card in unindexed if card.deleted_at is None]
        found = {}
        for card in living:
            keys = keys_of(search_text(card))
            for term in self.terms:
                there = term.is_in(keys)
                counts[term.word] = counts.get(term.word, 0) + there
                if there or not keys.isdisjoint(term.keys):
                    found[card.id] = card
        unknown = [term.word for term in self.terms if not counts.get(term.word)]
        for card in living[-ALIKE_LOOKED_THROUGH:] if unknown else []:
            keys = keys_of(search_text(card))
            if any(beginning_key(word) in keys for word in unknown) or any(
                likeness(word, key) for word in unknown for key in keys
            ):
                found[card.id] = card
        return found


@dataclass(frozen=True)
class _Scan:
    """The table at hand, as one owner searches it."""

    table: Any
    owner_id: UUID
    # Whether nearly all cards are theirs, so that a filter takes longer than it saves.
    alone: bool

    async def best(self, query: Any, limit: int) -> Rows:
        """Return the best rows for a query, whole; some may be in the trash."""
        if self.alone:
            most = limit + search.SPARE
            rows = await self._scan(query, ["owner_id", *FLASHCARDS.whole], most, filtered=False)
            theirs = rows.filter(pc.equal(rows["owner_id"], str(self.owner_id)))
            if theirs.num_rows >= limit or rows.num_rows < most:
                return theirs
        return await self._scan(query, FLASHCARDS.whole, limit + search.SPARE, filtered=True)

    async def count(self, query: Any) -> int:
        """Return how many rows a query finds, at most COUNTED_MOST; about, if alone."""
        rows = await self._scan(query, [], asked.COUNTED_MOST, filtered=not self.alone)
        return int(rows.num_rows)

    async def _scan(self, query: Any, columns: list[str], limit: int, *, filtered: bool) -> Rows:
        scan = self.table.query().nearest_to_text(query)
        if filtered:
            scan = scan.where(sql.where(condition(FLASHCARDS, "owner_id", self.owner_id)))
        return await scan.select([*columns, "_score"]).limit(limit).to_arrow()


async def _find(
    scan: _Scan, terms: Sequence[Term], limit: int
) -> tuple[dict[str, int], list[Rows]]:
    """Return how many cards have each word, and rows of cards with words, or words alike."""
    anyhow = key_queries.any_key(key for term in terms for key in term.keys)
    best, *counted = await asyncio.gather(
        scan.best(anyhow, limit),
        *(scan.count(key_queries.all_groups(term.groups)) for term in terms),
    )
    counts = {term.word: count for term, count in zip(terms, counted, strict=True)}
    alike = await asyncio.gather(
        *(
            scan.best(query, asked.ALIKE_MOST)
            for term in terms
            if not counts[term.word]
            for query in _alike(term)
        )
    )
    return counts, [best, *alike]


def _alike(term: Term) -> list[Any]:
    """Return the queries for words that begin as this one does, or are spelt like it."""
    queries = []
    if asked.is_word(term) and (key := beginning_key(term.word)):
        queries.append(key_queries.any_key([key]))
    if asked.may_be_misspelt(term):
        queries.append(key_queries.spelt_like(term.word, WRONG_LETTERS, SPELLINGS_MOST))
    return queries
