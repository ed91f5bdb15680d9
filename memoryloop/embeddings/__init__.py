"""Text embeddings: vectors that are near when texts mean much the same."""

import functools

from django.conf import settings

from memoryloop.embeddings.base import Embedder, EmbeddingError
from memoryloop.embeddings.minilm import MiniLM
from memoryloop.embeddings.remembering import Remembering

__all__ = ["Embedder", "EmbeddingError", "get_embedder"]


@functools.cache
def get_embedder() -> Embedder:
    """Return the process's embedder. Cheap: the model is loaded when it first embeds."""
    # A program without settings has no folder of its own.
    folder = settings.MODELS_ROOT if settings.configured else None
    return Remembering(MiniLM(folder=folder))
