"""Find cards by words, by meaning, or by both. Only one owner's are ranked, and all of theirs are:

the filter comes before the ranking, and cards that are still in the journal take part.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flashcards.records import Flashcard
from flashcards.store import codec, journal, tables
from flashcards.store.filters import Expression, all_of, condition
from flashcards.store.journal import Pending
from flashcards.store.query import EVERYTHING
from flashcards.store.schema import FLASHCARDS

Vector = np.ndarray[Any, np.dtype[np.float32]]
_WORD = re.compile(r"\w+")
_TEXT_COLUMNS = ("question", "answer", "extra")
# Of a long text, what is looked for by its words.
WORDS_MOST = 32
# Rank fusion: how slowly a place in a list loses weight. Cormack, Clarke and Büttcher 2009.
FUSION_K = 60
# Both lists are read this many times deeper than what is asked for before they are fused.
FUSION_DEPTH = 3
FARTHEST = 2.0


def by_words(owner_id: UUID, text: str, *, limit: int) -> list[Flashcard]:
    """Return the cards with the most of the words, best match first. Stemmed, accents folded."""
    words = list(dict.fromkeys(word.lower() for word in _WORD.findall(text)))[:WORDS_MOST]
    pending = journal.read(owner_id)
    table = _table(owner_id, pending)
    if not words or limit <= 0:
        return []
    found: list[Flashcard] = []
    if table is not None:
        found = _base(table, _match(table, words), owner_id, pending, limit)
    fresh = [card for card in pending.cards.values() if card.deleted_at is None]
    # Pending cards are not ranked by LanceDB: among equals by words they come first, as newest.
    ranked = [*sorted(fresh, key=lambda card: card.created_at, reverse=True), *found]
    counts = {card.id: _count(words, card) for card in ranked}
    known = {card.id for card in found}
    hits = [card for card in ranked if counts[card.id] or card.id in known]
    return sorted(hits, key=lambda card: -counts[card.id])[:limit]


def by_meaning(
    owner_id: UUID, vector: Vector, *, limit: int, max_distance: float = FARTHEST
) -> list[Flashcard]:
    """Return the cards nearest to a (384,) vector, nearest first; cosine distance, 0 to 2.

    Cards that have no embedding yet are absent.
    """
    pending = journal.read(owner_id)
    if limit <= 0:
        return []
    near: dict[UUID, tuple[float, Flashcard]] = {}
    table = _table(owner_id, pending)
    if table is not None:
        scan = table.search(vector).distance_type("cosine")
        embedded = condition(FLASHCARDS, "embedding_model__gt", "")
        where = _where(owner_id, embedded)
        # Pending images may take some of the nearest away: deleted, or with other words now.
        depth = limit + len(pending.cards)
        rows = _columns(scan.where(where, prefilter=True), "_distance", depth)
        rows = rows.filter(pc.field("_distance") <= max_distance)
        distances = rows["_distance"].to_pylist()
        for distance, card in zip(distances, codec.from_table(FLASHCARDS, rows), strict=True):
            newest = pending.cards.get(card.id, card)
            if newest.deleted_at is None and newest.embedding_model:
                near[card.id] = (distance, newest)
    if pending.cards:
        for card_id, data in journal.read_vectors(owner_id).items():
            card = pending.cards.get(card_id)
            distance = 1.0 - float(np.dot(codec.vector_from_bytes(data), vector))
            if card and not card.deleted_at and card.embedding_model and distance <= max_distance:
                near[card_id] = (distance, card)
    ranked = sorted(near.values(), key=lambda item: (item[0], str(item[1].id)))
    return [card for _, card in ranked[:limit]]


def hybrid(owner_id: UUID, text: str, vector: Vector | None, *, limit: int) -> list[Flashcard]:
    """Return the cards that words and meaning put first, by reciprocal rank fusion.

    Without a vector, by words alone.
    """
    if vector is None:
        return by_words(owner_id, text, limit=limit)
    depth = limit * FUSION_DEPTH
    return fuse(
        [
            by_words(owner_id, text, limit=depth),
            by_meaning(owner_id, vector, limit=depth),
        ]
    )[:limit]


def fuse(lists: Iterable[Sequence[Flashcard]]) -> list[Flashcard]:
    """Return the cards of all lists, those first that stand high in most of them."""
    scores: dict[UUID, float] = {}
    cards: dict[UUID, Flashcard] = {}
    for ranked in lists:
        for place, card in enumerate(ranked, start=1):
            scores[card.id] = scores.get(card.id, 0.0) + 1.0 / (FUSION_K + place)
            cards.setdefault(card.id, card)
    return sorted(cards.values(), key=lambda card: (-scores[card.id], str(card.id)))


def _table(owner_id: UUID, pending: Pending) -> Any | None:
    if owner_id in pending.erased:
        return None
    return tables.existing(FLASHCARDS, pending.flashcards_version)


def _where(owner_id: UUID, *more: Expression) -> str:
    mine = condition(FLASHCARDS, "owner_id", owner_id)
    alive = condition(FLASHCARDS, "deleted_at__isnull", True)
    return all_of([mine, alive, *more]).to_sql()


def _columns(scan: Any, score: str, limit: int) -> pa.Table:
    return tables.fetch(scan.select([*FLASHCARDS.columns, score]).limit(limit))


def _match(table: Any, words: Sequence[str]) -> Any:
    query = tables.match(" ".join(words), list(_TEXT_COLUMNS))
    return table.search(query, query_type="fts")


def _base(table: Any, scan: Any, owner_id: UUID, pending: Pending, limit: int) -> list[Flashcard]:
    """Return the stored matches, in LanceDB's order, without those that have a pending image."""
    indexed = {column for index in table.list_indices() for column in index.columns}
    if not indexed.issuperset(_TEXT_COLUMNS):
        # Before the first indexes are made there are so few rows that all of them can be read.
        rows = table.search().where(_where(owner_id)).select(FLASHCARDS.columns)
        found = tables.fetch(rows.limit(EVERYTHING))
    else:
        filtered = scan.where(_where(owner_id), prefilter=True)
        found = _columns(filtered, "_score", limit + len(pending.cards))
    cards = codec.from_table(FLASHCARDS, found)
    return [card for card in cards if card.id not in pending.cards]


def _count(words: Sequence[str], card: Flashcard) -> int:
    text = f"{card.question}\n{card.answer}\n{card.extra}".lower()
    return sum(1 for word in words if word in text)
