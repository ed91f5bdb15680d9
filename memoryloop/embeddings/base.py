"""The protocol of an embedder: it turns texts into unit vectors."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from memoryloop.errors import UserError


class EmbeddingError(UserError):
    """Texts could not be embedded."""


class Embedder(Protocol):
    @property
    def name(self) -> str:
        """The model's name, stored beside each vector: vectors of two models cannot be compared."""
        ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, dimensions) float32, each row of length 1. Metric: cosine.

        Takes about 6 ms of processor time a sentence. Raises EmbeddingError. Safe in any thread.
        """
        ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return (dimensions,) float32 of length 1, for a text that is looked for.

        A page waits for it, so that a model on another server gets two seconds. Raises
        EmbeddingError.
        """
        ...
