"""Text embeddings: vectors that are near when texts mean much the same."""

import functools

from memoryloop.embeddings.base import Embedder, EmbeddingError
from memoryloop.embeddings.minilm import MiniLM
from memoryloop.embeddings.remembering import Remembering

__all__ = ["Embedder", "EmbeddingError", "get_embedder"]


@functools.cache
def get_embedder() -> Embedder:
    """Return the process's embedder. Cheap: the model is loaded when it first embeds."""
    return Remembering(MiniLM())
