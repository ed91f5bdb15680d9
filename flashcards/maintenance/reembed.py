"""Re-embedding: give every card a vector of the current embedding model."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import get_user_model

from flashcards import store
from flashcards.cards import batch, embedding
from flashcards.cards.change import change_cards
from flashcards.domain.records import Flashcard
from flashcards.store import Query, cards
from memoryloop.embeddings import get_embedder


@dataclass(frozen=True)
class Reembedded:
    """What was done: `dropped` vectors were removed first, `embedded` were made."""

    owners: int = 0
    dropped: int = 0
    embedded: int = 0


def reembed(
    *,
    owner_id: UUID | None = None,
    everything: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Reembedded:
    """Embed the cards that have no vector, or one of another model; of one owner, or of all.

    With `everything`, all vectors are made anew. What is done stays done: cut off, it is
    called again (without `everything`) and goes on. `progress` gets cards done and cards in all.
    Raises EmbeddingError when the model cannot be run.
    """
    name = get_embedder().name
    owners = [owner_id] if owner_id is not None else _all_owners()
    # Vectors of different models cannot be compared: the old ones are removed first.
    dropped = sum(_drop(owner, "" if everything else name) for owner in owners)
    store.checkpoint_all()
    counts = {owner: _without_vector(owner).count() for owner in owners}
    total, done = sum(counts.values()), 0

    def count(embedded: int) -> None:
        nonlocal done
        done += embedded
        progress(done, max(total, done))

    for owner in owners:
        embedding.embed_all(owner_id=owner, progress=count)
    store.checkpoint_all()
    return Reembedded(sum(map(bool, counts.values())), dropped, done)


def _all_owners() -> list[UUID]:
    return list(get_user_model().objects.order_by("pk").values_list("pk", flat=True))


def _without_vector(owner_id: UUID) -> Query[Flashcard]:
    return cards.for_owner(owner_id).filter(embedding_model="")


def _drop(owner_id: UUID, keep: str) -> int:
    """Remove an owner's vectors, except those of one model. Return how many.

    The cards are marked as having no vector; a checkpoint then removes it.
    """
    # In the trash too: a card may be restored.
    found = cards.for_owner(owner_id).with_deleted().exclude(embedding_model="")
    dropped = 0

    def drop_next() -> bool:
        nonlocal dropped
        ids = [card.id for card in found.exclude(embedding_model=keep)[: batch.BATCH_CARDS]]
        changed = change_cards(
            owner_id,
            ids,
            lambda card: dataclasses.replace(card, embedding_model=""),
            include_deleted=True,
        )
        dropped += len(changed)
        return bool(changed)

    batch.run_batches(owner_id, drop_next)
    return dropped
