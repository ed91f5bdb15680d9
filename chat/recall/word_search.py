"""Messages by their words, and by words that are spelled nearly like those that were typed.

Each message has the search keys of memoryloop.search_words in a tsvector. How telling a word is,
and what a mistyped one may have been, is known from SearchWord. Messages that the worker has not
indexed yet are read and compared here.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from chat.recall import indexing
from chat.recall.asked import Asked
from memoryloop import search_words
from memoryloop.folding import fold
from memoryloop.postgres import text_queries
from memoryloop.search_words import Term
from memoryloop.spelling import likeness
from memoryloop.words import unspaced

# Only the newest messages with the words are ranked: a frequent word may be in thousands.
RANKED_MOST = 400
# With fewer messages that have every word, those that have some are looked for, too; of words that
# are in more than FREQUENT messages only the rarest.
ENOUGH = 40
FREQUENT = 3_000
# The newest messages that are not indexed yet: a few at most, but after an upgrade very many.
UNINDEXED_MOST = 60
# What a word that is spelled nearly like the one typed counts.
NEARLY = 0.7
# So many words that are spelled nearly alike are looked for.
SPELLINGS = 6
SHORTEST_MISTYPED = 4
# A shorter beginning is that of too many words.
SHORTEST_BEGINNING = 2

_COUNTS = """
SELECT word, messages FROM chat_searchword WHERE owner_id = %(owner)s AND word = ANY(%(words)s)
"""
_BEGINS = """
SELECT EXISTS (
    SELECT FROM chat_searchword WHERE owner_id = %(owner)s AND messages > 0
      AND word >= %(from)s AND word < %(to)s AND starts_with(word, %(from)s)
)
"""
_NEARLY = """
SELECT typed, word, messages FROM unnest(%(words)s::text[]) typed, LATERAL (
    SELECT word, messages FROM chat_searchword
    WHERE owner_id = %(owner)s AND is_whole AND messages > 0
      AND chat_near_words(owner_id, word) && chat_near_words(%(owner)s, typed)
) found
"""
_WITH_WORDS = """
SELECT id, length(words), {has} FROM (
    SELECT m.id, m.words, m.content, m.created_at FROM chat_message m
    JOIN chat_conversation c ON c.id = m.conversation_id AND c.deleted_at IS NULL
    WHERE m.owner_id = %(owner)s AND m.words @@ %(query)s::tsquery AND m.provider <> 'Offline'
      AND m.status <> 'streaming'
      AND NOT EXISTS (
          SELECT FROM unnest(%(phrases)s::text[]) p WHERE strpos(chat_folded(m.content), p) = 0
      )
      AND NOT EXISTS (
          SELECT FROM unnest(%(not_phrases)s::text[]) p WHERE strpos(chat_folded(m.content), p) > 0
      )
    ORDER BY m.created_at DESC LIMIT %(most)s
) found
"""
_UNINDEXED = """
SELECT m.id, m.content FROM chat_message m
JOIN chat_conversation c ON c.id = m.conversation_id AND c.deleted_at IS NULL
WHERE m.owner_id = %(owner)s AND m.words IS NULL AND m.status <> 'streaming'
  AND m.provider <> 'Offline'
ORDER BY m.created_at DESC LIMIT %(most)s
"""
_ALLOWED = """
SELECT id FROM chat_message m WHERE owner_id = %(owner)s AND id = ANY(%(ids)s)
  AND NOT (words IS NOT NULL AND words @@ %(query)s::tsquery)
"""


@dataclass(frozen=True)
class Hit:
    """A message that has words of what was asked."""

    id: UUID
    # The part of the asked words' weight that it has, 0 to 1; words in no message do not count.
    share: float
    # The same, a little less in long messages and for words that are spelled nearly alike.
    score: float
    # Whether it has every telling word that was typed, as it was typed.
    is_whole: bool
    # Whether it was found by words that are spelled nearly like those that were typed.
    is_nearly: bool


@dataclass(frozen=True)
class Found:
    """The messages with words of what was asked, the best first, and the keys looked for."""

    hits: list[Hit]
    keys: set[str]


@dataclass(frozen=True)
class _Wanted:
    """A term, the keys by which messages have it, and how much it tells."""

    term: Term
    weight: float
    # Instead of the term's, if it is in no message: words that are spelled nearly like it.
    spellings: tuple[Term, ...] = ()
    beginning: str = ""
    count: int = 0
    # Whether it is only a part of what was typed.
    is_piece: bool = False

    @property
    def is_known(self) -> bool:
        return bool(self.count or self.spellings)

    @property
    def query(self) -> str:
        """Return a tsquery."""
        if self.spellings:
            return " | ".join(f"({_query(each)})" for each in self.spellings)
        return _query(self.term, self.beginning)

    def is_in(self, keys: Collection[str]) -> bool:
        if any(each.is_in(keys) for each in self.spellings or [self.term]):
            return True
        return bool(self.beginning) and any(key.startswith(self.beginning) for key in keys)


def find(*, owner_id: UUID, asked: Asked) -> Found:
    """Return the messages with words of what is asked, the best first.

    A message with a phrase or a word that is not wanted is left out; one without a quoted phrase,
    too. Four to six short SQL queries.
    """
    wanted = _wanted(owner_id, asked)
    if not wanted:
        return Found([], set())
    rows = _messages(owner_id, asked, wanted)
    if not rows and any(len(each.term.groups) > 1 for each in wanted):
        wanted = _in_pieces(owner_id, wanted)
        rows = _messages(owner_id, asked, wanted)
    total = sum(each.weight for each in wanted if _counts(each, rows.values(), wanted)) or 1.0
    hits = [_hit(id_, length, has, wanted, total) for id_, (length, has) in rows.items()]
    keys = {key for each in wanted for term in each.spellings or [each.term] for key in term.keys}
    return Found(sorted(hits, key=lambda hit: (-hit.score, str(hit.id))), keys)


def allowed(*, owner_id: UUID, asked: Asked, ids: Sequence[UUID]) -> set[UUID]:
    """Return those of the messages that have nothing that is not wanted. One SQL query, or none.

    For messages that are found by their meaning; none is if a phrase is quoted.
    """
    if asked.phrases or asked.without_phrases:
        return set()
    if not asked.without_terms:
        return set(ids)
    query = " | ".join(f"({_query(term)})" for term in asked.without_terms)
    rows = _rows(_ALLOWED, {"owner": owner_id, "ids": list(ids), "query": query})
    return {id_ for (id_,) in rows}


def _messages(
    owner_id: UUID, asked: Asked, wanted: Sequence[_Wanted]
) -> dict[UUID, tuple[int, list[bool]]]:
    """Return the messages with any of the terms: how many keys each has, and which terms."""
    parameters = {
        "owner": owner_id,
        "most": RANKED_MOST,
        "phrases": list(asked.phrases),
        "not_phrases": list(asked.without_phrases),
    }
    rows: dict[UUID, tuple[int, list[bool]]] = {}
    if known := [each for each in wanted if each.is_known]:
        limits = _limits(asked)
        every = " & ".join(f"({each.query})" for each in known)
        rows = _with_words(f"({every}){limits}", wanted, parameters)
        if len(rows) < ENOUGH and len(known) > 1:
            any_of = " | ".join(f"({each.query})" for each in _some(known))
            rows |= _with_words(f"({any_of}){limits}", wanted, parameters)
    return rows | _unindexed(asked, wanted, parameters)


def _wanted(owner_id: UUID, asked: Asked) -> list[_Wanted]:
    """Return the telling terms with what they weigh, and what mistyped ones may have been."""
    terms = asked.telling
    keys = {key for term in terms for key in term.keys}
    counts = dict(_rows(_COUNTS, {"owner": owner_id, "words": ["", *keys]}))
    of_all = max(counts.get("", 0), 1)
    wanted = []
    for term in terms:
        count = _count(term, counts)
        beginning = asked.beginning if term.word == asked.beginning else ""
        if len(beginning) < SHORTEST_BEGINNING or unspaced(beginning):
            beginning = ""
        if not count and beginning and _begins(owner_id, beginning):
            count = 1
        wanted.append(_Wanted(term, _weight(count, of_all), (), beginning, count))
    mistyped = [each.term.word for each in wanted if not each.count and _may_be_mistyped(each.term)]
    found = _spellings(owner_id, mistyped) if mistyped else {}
    return [
        _Wanted(
            each.term,
            _weight(max(count for _, count in near), of_all),
            tuple(term for word, _ in near for term in search_words.terms(word)[:1]),
        )
        if (near := found.get(each.term.word))
        else each
        for each in wanted
    ]


def _in_pieces(owner_id: UUID, wanted: Sequence[_Wanted]) -> list[_Wanted]:
    """Return the terms with each pair of letters for itself where no spaces tell words apart."""
    pieces = {
        each.term.word: [Term(min(group), (group,)) for group in each.term.groups]
        for each in wanted
        if len(each.term.groups) > 1
    }
    if not pieces:
        return list(wanted)
    keys = [piece.word for each in pieces.values() for piece in each]
    counts = dict(_rows(_COUNTS, {"owner": owner_id, "words": ["", *keys]}))
    of_all = max(counts.get("", 0), 1)
    found = []
    for each in wanted:
        if each.term.word not in pieces:
            found.append(each)
            continue
        for piece in pieces[each.term.word]:
            count = _count(piece, counts)
            weight = _weight(count, of_all) / len(pieces[each.term.word])
            found.append(_Wanted(piece, weight, count=count, is_piece=True))
    return found


def _count(term: Term, counts: Mapping[str, int]) -> int:
    """Return in how many messages a term is, at most: its rarest letters, its commonest form."""
    return min(max(counts.get(key, 0) for key in group) for group in term.groups)


def _weight(count: int, of_all: int) -> float:
    """Return how much a word tells that is in `count` of all messages (BM25's idf)."""
    return math.log(1 + (of_all - count + 0.5) / (count + 0.5)) if count <= of_all else 0.1


def _begins(owner_id: UUID, beginning: str) -> bool:
    end = beginning[:-1] + chr(min(ord(beginning[-1]) + 1, 0x10FFFF))
    ((found,),) = _rows(_BEGINS, {"owner": owner_id, "from": beginning, "to": end})
    return bool(found)


def _may_be_mistyped(term: Term) -> bool:
    return term.word.isalpha() and len(term.word) >= SHORTEST_MISTYPED and not unspaced(term.word)


def _spellings(owner_id: UUID, words: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """Return the owner's words that are spelled nearly like some words, with their counts."""
    found: dict[str, list[tuple[float, int, str]]] = {}
    for typed, word, messages in _rows(_NEARLY, {"owner": owner_id, "words": list(words)}):
        if like := likeness(typed, word):
            found.setdefault(typed, []).append((-like, -messages, word))
    best: dict[str, list[tuple[str, int]]] = {}
    for typed, near in found.items():
        likest = min(near)[0]
        kept = [each for each in sorted(near) if each[0] == likest][:SPELLINGS]
        best[typed] = [(word, -messages) for _, messages, word in kept]
    return best


def _some(known: Sequence[_Wanted]) -> list[_Wanted]:
    rarest = min(known, key=lambda each: each.count)
    return [each for each in known if each is rarest or each.count <= FREQUENT]


def _limits(asked: Asked) -> str:
    """Return what a tsquery ends with for quoted words and for those that are not wanted."""
    quoted = [term for phrase in asked.phrases for term in search_words.terms(phrase)]
    return "".join(f" & ({_query(term)})" for term in quoted) + "".join(
        f" & !({_query(term)})" for term in asked.without_terms
    )


def _query(term: Term, beginning: str = "") -> str:
    """Return a tsquery for the messages that contain a term, or a word that begins so."""
    query = text_queries.has_all(term.groups)
    return f"({query}) | {text_queries.begins(beginning)}" if beginning else query


def _with_words(
    query: str, wanted: Sequence[_Wanted], parameters: dict[str, Any]
) -> dict[UUID, tuple[int, list[bool]]]:
    """Return the newest messages that match a tsquery: how many keys, and which terms they have."""
    named: dict[str, str] = {}
    has = []
    for number, each in enumerate(wanted):
        named[f"term{number}"] = each.query
        has.append(f"words @@ %(term{number})s::tsquery")
        if len(each.term.groups) > 1:
            # Its pairs of letters may all be there without standing together.
            named[f"run{number}"] = each.term.word
            has[-1] += f" AND strpos(chat_folded(content), %(run{number})s) > 0"
    rows = _rows(_WITH_WORDS.format(has=", ".join(has)), {**parameters, **named, "query": query})
    return {id_: (length, list(each)) for id_, length, *each in rows if any(each)}


def _unindexed(
    asked: Asked, wanted: Sequence[_Wanted], parameters: dict[str, Any]
) -> dict[UUID, tuple[int, list[bool]]]:
    found = {}
    for id_, content in _rows(_UNINDEXED, {**parameters, "most": UNINDEXED_MOST}):
        keys = indexing.keys_of(content)
        folded = fold(content)
        has = [
            each.is_in(keys) and (len(each.term.groups) < 2 or each.term.word in folded)
            for each in wanted
        ]
        if any(has) and _is_wanted(asked, keys, folded):
            found[id_] = (len(keys), has)
    return found


def _is_wanted(asked: Asked, keys: set[str], folded: str) -> bool:
    if any(term.is_in(keys) for term in asked.without_terms):
        return False
    if not asked.phrases and not asked.without_phrases:
        return True
    return all(phrase in folded for phrase in asked.phrases) and not any(
        phrase in folded for phrase in asked.without_phrases
    )


def _counts(
    each: _Wanted, rows: Iterable[tuple[int, list[bool]]], wanted: Sequence[_Wanted]
) -> bool:
    """Tell whether a term is in any message: one that is in none says nothing of the others."""
    if each.is_known:
        return True
    place = wanted.index(each)
    return any(has[place] for _, has in rows)


def _hit(
    id_: UUID, length: int, has: Sequence[bool], wanted: Sequence[_Wanted], total: float
) -> Hit:
    there = [each for each, is_there in zip(wanted, has, strict=True) if is_there]
    share = sum(each.weight for each in there) / total
    counted = sum(each.weight * (NEARLY if each.spellings else 1.0) for each in there) / total
    return Hit(
        id=id_,
        share=share,
        score=counted * (0.8 + 0.2 / (1 + length / 150)),
        is_whole=all(has) and not any(each.spellings or each.is_piece for each in wanted),
        is_nearly=any(each.spellings for each in there),
    )


def _rows(sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
