"""Text embeddings: vectors that are near each other when the texts mean nearly the same.

There are several models: the built-in one, the one before it, and one on a server of the operator's
own. Vectors of two models cannot be compared, so whoever stores vectors records which model made
them, and looks for something with that model.
"""

import functools

from django.conf import settings

from memoryloop.embeddings import remote
from memoryloop.embeddings.base import Embedder, EmbeddingError
from memoryloop.embeddings.builtin import BuiltIn
from memoryloop.embeddings.caching import CachingEmbedder
from memoryloop.embeddings.minilm import MiniLM
from memoryloop.embeddings.use import UniversalSentenceEncoder

__all__ = [
    "Embedder",
    "EmbeddingError",
    "configured",
    "embedder_named",
    "get_embedder",
    "multilingual_encoder",
]


@functools.cache
def get_embedder() -> Embedder:
    """Return the built-in embedder. Cheap: the model is loaded when it first embeds.

    For texts that are compared with one another, here and now. What is compared with stored
    vectors needs the model that made those.
    """
    return CachingEmbedder(_built_in())


def multilingual_encoder() -> UniversalSentenceEncoder:
    """Return the multilingual half of the built-in embedder, which takes a third of the time.

    For many short texts that are compared with one another, here and now; its vectors are stored
    nowhere.
    """
    return _built_in().multilingual


@functools.cache
def _built_in() -> BuiltIn:
    return BuiltIn(settings.EMBEDDING_FILES)


def configured() -> Embedder:
    """Return the embedder that the settings ask for. Asks no server."""
    return _remote() or get_embedder()


def embedder_named(name: str) -> Embedder:
    """Return the embedder whose vectors have this name. Raises EmbeddingError if there is none."""
    if name == BuiltIn.name:
        return get_embedder()
    if name == MiniLM.name:
        return _earlier()
    if (named := _remote()) is not None and named.name == name:
        return named
    raise EmbeddingError(f"The embedding model {name} is not configured any more.")


@functools.cache
def _earlier() -> Embedder:
    """Return the model that was built in before: its vectors serve until there are new ones."""
    return CachingEmbedder(MiniLM())


def _remote() -> Embedder | None:
    values = (
        settings.EMBEDDING_MODEL,
        settings.EMBEDDING_URL,
        settings.EMBEDDING_API_KEY,
        settings.EMBEDDING_QUERY_PREFIX,
        settings.EMBEDDING_TEXT_PREFIX,
    )
    return _remote_of(values) if settings.EMBEDDING_MODEL else None


@functools.lru_cache(maxsize=4)
def _remote_of(_: tuple[str, ...]) -> Embedder | None:
    """Return the embedder of the settings at hand, one for each set of values."""
    found = remote.from_settings()
    return None if found is None else CachingEmbedder(found)
