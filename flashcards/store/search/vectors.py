"""The vectors of one owner's cards, all at once: for what compares a whole collection."""

from uuid import UUID

import numpy as np

from flashcards.store.journal.pending import read_pending, read_pending_vectors
from flashcards.store.lance import sql, tables
from flashcards.store.lance.stored import table_of
from flashcards.store.rows import codec
from flashcards.store.rows.filters import condition
from flashcards.store.rows.schema import EVERYTHING, FLASHCARDS
from flashcards.store.values import Numbers

# Rows read at a time: what is read is in memory twice.
_BATCH_ROWS = 4_096


def read(owner_id: UUID) -> tuple[list[UUID], Numbers]:
    """Return the ids of an owner's cards that have a vector, and (n, dimensions) float16.

    They are the serving model's, of unit length. Cards in the trash are absent. Costs 1.8 KB a card
    in memory, and one read of LanceDB.
    """
    pending = read_pending(owner_id)
    sets = pending.stored.vectors
    serving = sets.serving
    changed = pending.cards
    renewed = read_pending_vectors(owner_id, serving) if changed else {}

    def is_as_stored(card_id: UUID) -> bool:
        """Tell whether the stored vector is of the card's present words, and it is not deleted."""
        image = changed.get(card_id)
        if image is None:
            return True
        known = card_id not in renewed and sets.serves(image.embedding_model)
        return known and image.deleted_at is None

    ids: list[UUID] = []
    parts: list[Numbers] = []
    table = table_of(FLASHCARDS, owner_id, pending)
    if table is not None:
        kept = [
            condition(FLASHCARDS, "owner_id", owner_id),
            condition(FLASHCARDS, "deleted_at__isnull", True),
            condition(FLASHCARDS, "embedding_model__in", list(sets.served_keys)),
        ]
        scan = table.query().where(sql.where(*kept)).select(["id", serving.column])
        for batch in tables.stream(scan.limit(EVERYTHING), _BATCH_ROWS):
            found = list(map(UUID, batch["id"].to_pylist()))
            column = batch[serving.column]
            has = column.is_valid().to_pylist()
            places = [n for n, card_id in enumerate(found) if has[n] and is_as_stored(card_id)]
            ids += [found[place] for place in places]
            parts.append(codec.vector_matrix(column.take(places)).astype(np.float16))
    for card_id, vector in renewed.items():
        card = changed.get(card_id)
        if card is not None and card.deleted_at is None and sets.serves(card.embedding_model):
            ids.append(card_id)
            parts.append(vector.astype(np.float16).reshape(1, -1))
    if not ids:
        return [], np.empty((0, serving.dimensions), dtype=np.float16)
    return ids, np.concatenate(parts)
