"""All vectors of one owner's cards at once: for what compares a whole collection."""

from typing import Any
from uuid import UUID

import numpy as np

from flashcards.store.journal import journal
from flashcards.store.journal.pending import Pending
from flashcards.store.lance import codec, tables
from flashcards.store.lance.filters import all_of, condition
from flashcards.store.lance.schema import EMBEDDING_DIMENSIONS, EVERYTHING, FLASHCARDS

Vectors = np.ndarray[Any, np.dtype[np.float32]]


def read(owner_id: UUID) -> tuple[list[UUID], Vectors]:
    """Return the ids of an owner's cards that have a vector, and (n, 384) float32 of unit length.

    Cards in the bin are absent. Costs 1.5 KB a card in memory, and one read of LanceDB.
    """
    pending = journal.read(owner_id)
    ids: list[UUID] = []
    parts: list[Vectors] = []
    table = None
    if owner_id not in pending.erased:
        table = tables.existing(FLASHCARDS, pending.flashcards_version)
    if table is not None:
        where = all_of(
            condition(FLASHCARDS, key, value)
            for key, value in (
                ("owner_id", owner_id),
                ("deleted_at__isnull", True),
                ("embedding_model__gt", ""),
            )
        )
        scan = table.search().where(where.to_sql()).select(["id", "embedding"])
        rows = tables.fetch(scan.limit(EVERYTHING))
        rows = rows.filter(rows["embedding"].is_valid()).combine_chunks()
        found = [UUID(card_id) for card_id in rows["id"].to_pylist()]
        if found:
            flat = rows["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
            matrix = flat.astype(np.float32).reshape(-1, EMBEDDING_DIMENSIONS)
            kept = [n for n, card_id in enumerate(found) if _as_stored(pending, card_id)]
            ids += [found[n] for n in kept]
            parts.append(matrix[kept])
    if pending.cards:
        for card_id, data in journal.read_vectors(owner_id).items():
            card = pending.cards.get(card_id)
            if card and not card.deleted_at and card.embedding_model and card_id not in set(ids):
                ids.append(card_id)
                parts.append(np.asarray(codec.vector_from_bytes(data)).reshape(1, -1))
    if not parts:
        return [], np.empty((0, EMBEDDING_DIMENSIONS), dtype=np.float32)
    return ids, np.concatenate(parts)


def _as_stored(pending: Pending, card_id: UUID) -> bool:
    """Tell whether the stored vector is of the card's present words, and the card not deleted."""
    image = pending.cards.get(card_id)
    return image is None or (image.deleted_at is None and bool(image.embedding_model))
