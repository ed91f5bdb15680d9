"""The protocol of an embedder: it turns texts into unit vectors."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from memoryloop import installation
from memoryloop.errors import UserError

# What whoever runs this server reads where a file of the built-in model is missing or damaged.
CANNOT_BE_LOADED = (
    "The embedding model cannot be loaded. "
    f"Run {installation.repair_command()} again to repair the installation."
)


class EmbeddingError(UserError):
    """Texts could not be embedded."""


class Embedder(Protocol):
    @property
    def name(self) -> str:
        """The model's name, stored beside each vector: vectors of two models cannot be compared."""
        ...

    @property
    def dimensions(self) -> int: ...

    @property
    def unrelated(self) -> float:
        """The cosine distance, 0 to 2, beyond which two texts have hardly anything in common.

        Nine of ten texts about what is looked for are nearer, and one of a hundred others.
        """
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, dimensions) float32, each row of length 1. Metric: cosine.

        The built-in model takes about 7 ms of processor time a sentence. Raises EmbeddingError.
        Safe in any thread.
        """
        ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return (dimensions,) float32 of length 1, for a text that is looked for.

        A page waits for it, so that a model on another server gets two seconds. Raises
        EmbeddingError.
        """
        ...
