"""Embedding: give each card the vector of its text, and find the cards nearest to a text.

Which model's vectors serve, and which are to come, is recorded with the store: see
`flashcards.store.VectorSets`. What is looked for is embedded by the model that serves.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from uuid import UUID

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from flashcards import store
from flashcards.cards import batch
from flashcards.cards.change import change_cards
from flashcards.domain.records import Flashcard
from flashcards.store import Change, Vector, VectorSet, cards
from memoryloop import installation
from memoryloop.embeddings import EmbeddingError, embedder_named

BATCH_CARDS = 256


def asked(text: str) -> Callable[[str], Vector]:
    """Return what makes the vector of a text that is looked for, by the model it is given."""
    return lambda model: embedder_named(model).embed_query(text)


def asked_all(texts: Sequence[str]) -> list[Callable[[str], Vector]]:
    """Return what makes the vector of each of some texts; they are embedded together."""

    @functools.cache
    def made(model: str) -> NDArray[np.float32]:
        return embedder_named(model).embed(texts)

    def row(place: int, model: str) -> Vector:
        vector: Vector = made(model)[place]
        return vector

    return [functools.partial(row, place) for place in range(len(texts))]


def unrelated() -> float:
    """Return the cosine distance beyond which a card and a text are unrelated. One SQL query."""
    return store.read_vector_sets().serving.unrelated


def similar_cards(
    *, owner_id: UUID, text: str, limit: int, max_distance: float = store.FARTHEST
) -> list[Flashcard]:
    """Return the cards nearest in meaning to a text, nearest first; cosine distance, 0 to 2.

    Cards without a vector yet are absent. Raises EmbeddingError when the model cannot be run.
    """
    return store.search_meaning(owner_id, asked(text), limit=limit, max_distance=max_distance)


def embed_cards(*, owner_id: UUID, limit: int = BATCH_CARDS) -> int:
    """Give up to `limit` cards without a vector one. Return how many got it. For the worker.

    First the cards that have none in the set that serves; then, while another set is to come, the
    others in that. The model runs before the owner is locked; a card edited meanwhile is left for
    the next call. Raises EmbeddingError.
    """
    sets = store.read_vector_sets()
    target = sets.serving
    lacking = cards.for_owner(owner_id).exclude(embedding_model__in=list(sets.served_keys))
    found = list(lacking[:limit]) if sets.coming is None or _can_be_made(target) else []
    if not found and sets.coming is not None:
        target = sets.coming
        # In the trash, too: a card may be restored.
        every = cards.for_owner(owner_id).with_deleted()
        found = list(every.exclude(embedding_model=target.key)[:limit])
    if not found:
        return 0
    done = _embed(owner_id, found, target)
    # If the sets have changed meanwhile, there is something else to do.
    return embed_cards(owner_id=owner_id, limit=limit) if done is None else done


def embed_all(
    *,
    owner_id: UUID,
    progress: Callable[[int], None] = lambda _: None,
    seconds: float = math.inf,
) -> bool:
    """Give every card of an owner a vector, for so long. Return whether some are left.

    `progress` gets how many cards each batch had. For the worker. Raises EmbeddingError.
    """

    def embed_next() -> bool:
        embedded = embed_cards(owner_id=owner_id)
        if embedded:
            progress(embedded)
        return embedded > 0

    return batch.run_batches(owner_id, embed_next, seconds=seconds)


def _embed(owner_id: UUID, found: Sequence[Flashcard], target: VectorSet) -> int | None:
    """Give cards a vector in a set. Return how many got it, or None if that set is gone."""
    vectors = embedder_named(target.model).embed([card.embedding_text for card in found])
    if vectors.shape[1] != target.dimensions:
        raise EmbeddingError(
            f"The embedding model {target.model} makes vectors of another width than before: "
            f"run `{installation.command('reembed --all')}`."
        )
    embedded = {card.id: (card.text_hash, row) for card, row in zip(found, vectors, strict=True)}
    with transaction.atomic():
        sets = store.read_vector_sets(hold=True)
        if target not in sets.filled:
            return None
        ready = _can_be_made(sets.serving)

        def add_vector(card: Flashcard) -> Change | None:
            text_hash, vector = embedded[card.id]
            if card.text_hash != text_hash or card.embedding_model == target.key:
                return None
            # A vector of what is to come says that there is one that serves.
            if target != sets.serving and ready and not sets.serves(card.embedding_model):
                return None
            return Change(dataclasses.replace(card, embedding_model=target.key), vector=vector)

        return len(change_cards(owner_id, list(embedded), add_vector, include_deleted=True))


def _can_be_made(wanted: VectorSet) -> bool:
    """Tell whether this installation has the model of a set, or knows the server that has."""
    try:
        embedder_named(wanted.model)
    except EmbeddingError:
        return False
    return True
