"""The vectors of one owner's cards, all at once: for what compares a whole collection."""

from uuid import UUID

import numpy as np

from flashcards.store.journal.pending import Pending, read_pending, read_pending_vectors
from flashcards.store.lance.filters import condition
from flashcards.store.lance.schema import EMBEDDING_DIMENSIONS, FLASHCARDS
from flashcards.store.repository import stored_rows
from flashcards.store.values import Vector


def read(owner_id: UUID) -> tuple[list[UUID], Vector]:
    """Return the ids of an owner's cards that have a vector, and (n, 896) float32 of unit length.

    Cards in the trash are absent. Costs 1.5 KB a card in memory, and one read of LanceDB.
    """
    pending = read_pending(owner_id)
    rows = stored_rows.read(
        FLASHCARDS,
        owner_id,
        pending,
        ["id", "embedding"],
        condition(FLASHCARDS, "deleted_at__isnull", True),
        condition(FLASHCARDS, "embedding_model__gt", ""),
    )
    rows = rows.filter(rows["embedding"].is_valid()).combine_chunks()
    found = [UUID(card_id) for card_id in rows["id"].to_pylist()]
    ids: list[UUID] = []
    parts: list[Vector] = []
    if found:
        flat = rows["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        matrix = flat.astype(np.float32).reshape(-1, EMBEDDING_DIMENSIONS)
        kept = [n for n, card_id in enumerate(found) if _as_stored(pending, card_id)]
        ids += [found[n] for n in kept]
        parts.append(matrix[kept])
    if pending.cards:
        stored = set(ids)
        for card_id, vector in read_pending_vectors(owner_id).items():
            card = pending.cards.get(card_id)
            if card and not card.deleted_at and card.embedding_model and card_id not in stored:
                ids.append(card_id)
                parts.append(vector.reshape(1, -1))
    if not parts:
        return [], np.empty((0, EMBEDDING_DIMENSIONS), dtype=np.float32)
    return ids, np.concatenate(parts)


def _as_stored(pending: Pending, card_id: UUID) -> bool:
    """Tell whether the stored vector is of the card's present words, and the card not deleted."""
    image = pending.cards.get(card_id)
    return image is None or (image.deleted_at is None and bool(image.embedding_model))
