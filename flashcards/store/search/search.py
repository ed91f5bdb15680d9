"""Search by meaning: one owner's cards, those nearest to a vector first.

The filter by owner comes before the ranking, and cards that are still in the journal take part.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings

from flashcards.domain.records import Flashcard
from flashcards.store import asked
from flashcards.store.journal.pending import read_pending, read_pending_vectors
from flashcards.store.lance import sql, tables
from flashcards.store.lance.stored import table_of
from flashcards.store.pending import Pending
from flashcards.store.rows import codec
from flashcards.store.rows.filters import condition
from flashcards.store.rows.schema import FLASHCARDS
from flashcards.store.values import FARTHEST, Asked, VectorSets

# Of the vector index: parts that are looked into, and how many times what is asked for is compared
# by its real vectors. 1,000 neighbours among 100,000 cards: 995 are found.
PROBES = 16
REFINED = 4
# What is read beyond what is asked for, in the place of cards in the trash.
SPARE = 5
# With this share of all cards an owner's are searched without a filter first.
ALONE_SHARE = 0.9
ALONE_REMEMBERED = 1_000
_alone: "OrderedDict[UUID, tuple[tuple[str, int], bool]]" = OrderedDict()


def by_meaning(
    owner_id: UUID, vector: Asked, *, limit: int, max_distance: float = FARTHEST
) -> list[Flashcard]:
    """Return the cards nearest to a vector, nearest first; cosine distance, 0 to 2.

    The vector is of the serving model, or a function that returns the one of the model it is given.
    Cards that have no vector yet are absent.
    """
    return [card for _, card in nearest(owner_id, vector, limit=limit, max_distance=max_distance)]


def nearest(
    owner_id: UUID, vector: Asked, *, limit: int, max_distance: float = FARTHEST
) -> list[tuple[float, Flashcard]]:
    """Return what `by_meaning` does, each card behind its distance."""
    pending = read_pending(owner_id)
    if limit <= 0:
        return []
    sets = pending.stored.vectors
    serving = sets.serving
    wanted = asked.vector(vector, serving)
    near: dict[UUID, tuple[float, Flashcard]] = {}
    # Cards that have another vector in the journal.
    renewed = read_pending_vectors(owner_id, serving) if pending.cards else {}
    table = table_of(FLASHCARDS, owner_id, pending)
    if table is not None:

        def scan() -> Any:
            probed = table.query().nearest_to(wanted).column(serving.column)
            return probed.distance_type("cosine").nprobes(PROBES).refine_factor(REFINED)

        alone = is_nearly_alone(owner_id, pending, table)
        # Pending images may take some of the nearest away: deleted, or with other words now. That
        # is seldom so, and looking deeper costs twice as much.
        for depth in (limit, limit + len(pending.cards)):
            best = _best(scan, "_distance", owner_id, depth, alone=alone)
            newest = ((d, pending.cards.get(card.id, card)) for d, card in best)
            near = {
                card.id: (distance, card)
                for distance, card in newest
                if card.id not in renewed and _is_findable(card, sets)
            }
            if len(near) >= limit or len(best) < depth:
                break
    for card_id, pending_vector in renewed.items():
        image = pending.cards.get(card_id)
        if image is not None and _is_findable(image, sets):
            distance = 1.0 - float(np.dot(pending_vector, wanted))
            near[card_id] = (distance, image)
    ranked = sorted(near.values(), key=lambda item: (item[0], str(item[1].id)))
    return [(distance, card) for distance, card in ranked[:limit] if distance <= max_distance]


def clear_cache() -> None:
    """Drop what is remembered of the owners' shares, as between tests."""
    _alone.clear()


def _best(
    scan: Callable[[], Any], score: str, owner_id: UUID, depth: int, *, alone: bool = False
) -> list[tuple[float, Flashcard]]:
    """Return the best stored cards of an owner that are not in the trash, with their score.

    What is rare is looked through here, and LanceDB is asked to leave it out only when it took too
    many of the best away: the trash, which costs half as much again, and the cards of others where
    the owner is `alone` but for a few, which costs as much.
    """
    owned = condition(FLASHCARDS, "owner_id", owner_id)
    alive = condition(FLASHCARDS, "deleted_at__isnull", True)
    filters = [sql.where(owned), sql.where(owned, alive)]
    best: list[tuple[float, Flashcard]] = []
    for where in ["", *filters] if alone else filters:
        most = depth + SPARE
        filtered = scan().where(where) if where else scan()
        rows = tables.fetch(filtered.select([*FLASHCARDS.whole, score]).limit(most))
        cards = codec.from_table(FLASHCARDS, rows)
        scores = rows[score].to_pylist()
        best = [
            (value, card)
            for value, card in zip(scores, cards, strict=True)
            if value is not None and card.deleted_at is None and card.owner_id == owner_id
        ]
        if len(best) >= depth or (where and len(cards) < most):
            break
    return best


def is_nearly_alone(owner_id: UUID, pending: Pending, table: Any) -> bool:
    """Tell whether nearly all stored cards are theirs. Counted once a checkpoint of theirs."""
    key = settings.LANCEDB_URI, pending.generation
    known = _alone.get(owner_id)
    if known is None or known[0] != key:
        owned = sql.where(condition(FLASHCARDS, "owner_id", owner_id))
        theirs, all_of_them = (tables.wait_for(table.count_rows(where)) for where in (owned, None))
        known = _alone[owner_id] = key, theirs >= ALONE_SHARE * all_of_them
        while len(_alone) > ALONE_REMEMBERED:
            _alone.popitem(last=False)
    return known[1]


def _is_findable(card: Flashcard, sets: VectorSets) -> bool:
    return card.deleted_at is None and sets.serves(card.embedding_model)
