"""Re-embedding: vectors for the cards that lack one, of the model that the settings name.

Vectors of the model before serve until all are there. The worker does the same by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import get_user_model

from flashcards import store
from flashcards.cards import embedding, model_switch
from flashcards.store import cards


@dataclass(frozen=True)
class Reembedded:
    """What was done: `embedded` vectors were made of the cards of `owners` learners."""

    owners: int
    embedded: int
    # The model whose vectors serve now, and the one whose are still to come.
    serving: str
    coming: str = ""


def reembed(
    *,
    owner_id: UUID | None = None,
    everything: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Reembedded:
    """Embed the cards that have no vector, or none of the wanted model; of one owner, or of all.

    With `everything`, all vectors are made anew. What is done stays done: cut off, it is called
    again (without `everything`) and goes on. `progress` gets vectors made and vectors in all.
    Raises EmbeddingError when the model cannot be run.
    """
    sets = model_switch.make_anew() if everything else model_switch.follow_settings()
    key = sets.filled[-1].key
    owners = [owner_id] if owner_id is not None else _all_owners()
    lacking = {owner: cards.for_owner(owner).exclude(embedding_model=key) for owner in owners}
    counts = {owner: found.count() for owner, found in lacking.items()}
    total, done = sum(counts.values()), 0

    def count(embedded: int) -> None:
        nonlocal done
        done += embedded
        progress(done, max(total, done))

    for owner in owners:
        embedding.embed_all(owner_id=owner, progress=count)
        if counts[owner]:
            store.checkpoint_all()
    store.finish_vectors()
    sets = store.read_vector_sets()
    return Reembedded(
        owners=sum(map(bool, counts.values())),
        embedded=done,
        serving=sets.serving.model,
        coming="" if sets.coming is None else sets.coming.model,
    )


def _all_owners() -> list[UUID]:
    return list(get_user_model().objects.order_by("pk").values_list("pk", flat=True))
