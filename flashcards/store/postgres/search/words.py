"""Search by words: the cards of one owner that have words of a search, or words spelt alike.

PostgreSQL's index of the cards' keys (`CardKeys`) finds them. Cards in the trash have no keys.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from flashcards.store import asked
from flashcards.store.postgres.changes import read_pending
from flashcards.store.postgres.search import records, spellings
from flashcards.store.rows.search_keys import beginning_of, has_beginning
from flashcards.store.values import WordMatches
from memoryloop.postgres.text_queries import begins, has_all, has_any
from memoryloop.search_words import Term

# So many cards are ranked at most: of those with all words, and of those with the rarest.
RANKED_MOST = 5_000
# An owner's cards are counted up to so many: how much rarer a word is than another hardly changes.
OWNED_MOST = 10_000
# For each pair of letters of a script without spaces that is looked for, a count is made.
PAIRS_MOST = 40
# Of BM25: how fast a long card loses, and how many keys a card has that is neither long nor short.
_BM25 = {"k1": 1.2, "b": 0.75, "usual": 30.0}

_COUNT = """
(SELECT {number}, count(*) FROM (
    SELECT FROM flashcards_cardkeys WHERE owner_id = %s AND keys @@ %s::tsquery LIMIT %s
) counted)
"""
_COUNT_ALL = """
(SELECT -1, count(*) FROM (
    SELECT FROM flashcards_cardkeys WHERE owner_id = %s LIMIT %s
) counted)
"""
_WITH = """
(SELECT card_id, keys FROM flashcards_cardkeys
WHERE owner_id = %s AND keys @@ %s::tsquery LIMIT %s)
"""
_BEST = """
SELECT card_id FROM ({candidates}) candidates
ORDER BY ({score}) / (1 + {k1} * (1 - {b} + {b} * length(keys) / {usual})) DESC, card_id LIMIT %s
"""
_SCORE = "CASE WHEN keys @@ %s::tsquery THEN %s::float8 ELSE 0 END"

Weights = Mapping[str, float]


@dataclass(frozen=True)
class _Counted:
    """How many cards the owner has, and how many have each word and each pair of letters."""

    owned: int
    words: dict[str, int]
    pairs: dict[str, int]

    def weight(self, count: int) -> float:
        """Return how much a word tells that so many cards have, as in BM25."""
        return math.log1p(max(self.owned - count + 0.5, 0.5) / (count + 0.5))


def begin(owner_id: UUID, terms: Sequence[Term], *, limit: int) -> "WordSearch":
    """Look for cards that have the words, or words that begin so or are spelt alike.

    Common words are not looked for. Some four SQL queries, and two for a word that no card has.
    """
    return WordSearch(find(owner_id, terms, limit=limit))


class WordSearch:
    """A search that is done: PostgreSQL answers one question of a connection at a time."""

    def __init__(self, found: WordMatches) -> None:
        self._found = found

    def result(self) -> WordMatches:
        return self._found


def find(owner_id: UUID, terms: Sequence[Term], *, limit: int) -> WordMatches:
    """Return the cards with the words, the best `limit` of them, and those with words alike."""
    # Whether the cards still are in PostgreSQL.
    read_pending(owner_id)
    wanted = asked.telling(terms)
    if not wanted or limit <= 0:
        return WordMatches([], {})
    counted = _count(owner_id, wanted)
    having = dict.fromkeys(_best(owner_id, wanted, counted, limit))
    beginning: dict[UUID, list[str]] = {}
    for term in wanted:
        if counted.words[term.word]:
            continue
        if asked.may_be_misspelt(term) and (known := spellings.like(owner_id, term.word)):
            having |= dict.fromkeys(_with_any(owner_id, has_any(known), known))
        if asked.is_word(term) and (letters := beginning_of(term.word)):
            for card_id in _with_any(owner_id, begins(letters)):
                beginning.setdefault(card_id, []).append(letters)
    cards = [
        card
        for card in records.by_ids(owner_id, list(having | dict.fromkeys(beginning)))
        # The key that begins so may be the stem of a word that does not.
        if card.id in having or any(has_beginning(card, each) for each in beginning[card.id])
    ]
    return WordMatches(cards, counted.words)


def _count(owner_id: UUID, terms: Sequence[Term]) -> _Counted:
    """Count the cards that have each word, and each pair of letters. One SQL query."""
    pairs = [key for term in terms if not asked.is_word(term) for key in sorted(term.keys)]
    pairs = list(dict.fromkeys(pairs))[:PAIRS_MOST]
    queries = [*(has_all(term.groups) for term in terms), *(has_any([pair]) for pair in pairs)]
    # Each with its own query, so that PostgreSQL knows whether it finds many.
    statement = [_COUNT_ALL, *(_COUNT.format(number=n) for n in range(len(queries)))]
    parameters = [each for query in queries for each in (owner_id, query, asked.COUNTED_MOST)]
    rows = _rows(" UNION ALL ".join(statement), [owner_id, OWNED_MOST, *parameters])
    (_, owned), *found = sorted(rows)
    counts = [count for _, count in found]
    words = dict(zip((term.word for term in terms), counts, strict=False))
    return _Counted(owned, words, dict(zip(pairs, counts[len(terms) :], strict=True)))


def _best(owner_id: UUID, terms: Sequence[Term], counted: _Counted, limit: int) -> list[UUID]:
    """Return the best cards with any of the words, as BM25 ranks them: rare words count more.

    Of frequent words only the cards are ranked that have all words, and some that have any.
    """
    weights: dict[str, float] = {}
    sought: list[tuple[int, frozenset[str]]] = []
    for term in terms:
        if asked.is_word(term):
            parts = [(counted.words[term.word], term.keys)]
        else:
            parts = [(counted.pairs.get(key, asked.COUNTED_MOST), frozenset([key]))
                     for key in term.keys]  # fmt: skip
        for count, keys in parts:
            if count:
                sought.append((count, keys))
                # A card has all keys of a word that it has as it was typed, and few if it has
                # a form of it.
                for key in keys:
                    weights[key] = weights.get(key, 0.0) + counted.weight(count) / len(term.keys)
    if not sought:
        return []
    sought.sort(key=lambda part: (part[0], sorted(part[1])))
    rarest, left = set(sought[0][1]), RANKED_MOST - sought[0][0]
    for count, keys in sought[1:]:
        left -= count
        if left >= 0:
            rarest |= keys
    queries = [has_any(rarest)]
    if len(rarest) < len(weights):
        there = [group for term in terms if counted.words[term.word] for group in term.groups]
        queries += [has_all(there)] if there else []
    return _ranked(owner_id, queries, weights, limit)


def _with_any(owner_id: UUID, query: str, weights: Weights | None = None) -> list[UUID]:
    """Return some cards that a query finds, the shortest of them, or the best by the weights."""
    return _ranked(owner_id, [query], weights or {}, asked.ALIKE_MOST)


def _ranked(owner_id: UUID, queries: Sequence[str], weights: Weights, limit: int) -> list[UUID]:
    """Return the best cards that any of the queries finds, by the weights of the keys they have."""
    statement = _BEST.format(
        candidates=" UNION ".join([_WITH] * len(queries)),
        score=" + ".join([_SCORE] * len(weights)) or "1",
        **_BM25,
    )
    candidates = [each for query in queries for each in (owner_id, query, RANKED_MOST)]
    scores = [each for key, weight in weights.items() for each in (has_any([key]), weight)]
    found = _rows(statement, [*candidates, *scores, limit])
    return [card_id for (card_id,) in found]


def _rows(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
