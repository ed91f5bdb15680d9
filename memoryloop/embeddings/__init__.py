"""Text embeddings: vectors that are near each other when the texts mean nearly the same."""

import functools

from memoryloop.embeddings.base import Embedder, EmbeddingError
from memoryloop.embeddings.caching import CachingEmbedder
from memoryloop.embeddings.minilm import MiniLM

__all__ = ["Embedder", "EmbeddingError", "get_embedder"]


@functools.cache
def get_embedder() -> Embedder:
    """Return the process's embedder. Cheap: the model is loaded when it first embeds."""
    return CachingEmbedder(MiniLM())
