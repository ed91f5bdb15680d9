"""The switch to the embedding model that the settings ask for, in the background.

The vectors of the model before serve until each card has one of the wanted model; meanwhile new and
changed cards get both.
"""

import logging

from flashcards import store
from flashcards.cards import jobs
from flashcards.store import VectorSets
from memoryloop import embeddings

logger = logging.getLogger(__name__)


def follow_settings() -> VectorSets:
    """Begin the switch that the settings ask for, or give up one that they do not. Return the sets.

    Raises EmbeddingError when the wanted model is on a server that does not answer.
    """
    sets, wanted = store.read_vector_sets(), embeddings.configured()
    if wanted.name == (sets.coming or sets.serving).model:
        return sets
    if wanted.name == sets.serving.model:
        store.give_up_vectors()
        return store.read_vector_sets()
    logger.info("Vectors of %s are to come; those of %s serve.", wanted.name, sets.serving.model)
    return store.begin_vectors(wanted.name, wanted.dimensions, wanted.unrelated)


def make_anew() -> VectorSets:
    """Have all vectors made anew by the wanted model, beside those that serve. Return the sets.

    Raises EmbeddingError.
    """
    wanted = embeddings.configured()
    return store.begin_vectors(wanted.name, wanted.dimensions, wanted.unrelated)


def work(*, sweep: bool) -> None:
    """Do what the switch needs next. For the worker, each minute.

    With `sweep`, cards are looked for, too, that were left without a vector, as when the model
    could not be run.
    """
    store.drop_retired_vectors()
    try:
        sets = follow_settings()
    except embeddings.EmbeddingError as error:
        logger.warning("No vectors of the wanted model can be made: %s", error.sentence)
        sets = store.read_vector_sets()
    if sets.coming is not None and store.finish_vectors():
        logger.info("The vectors of %s serve.", sets.coming.model)
        return
    if sets.coming is not None or sweep:
        for owner_id in store.owners_to_embed():
            jobs.request_embedding(owner_id)
