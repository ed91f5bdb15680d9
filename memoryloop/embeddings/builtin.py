"""The built-in embedding model: MiniLM, best for English, and a multilingual one, as one.

The vectors of both are joined, so that the cosine is the weighted mean of their cosines: better
than either, and a text in one language finds what says the same in another.
"""

import functools
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from memoryloop.embeddings.base import EmbeddingError
from memoryloop.embeddings.minilm import MiniLM
from memoryloop.embeddings.use import UniversalSentenceEncoder

# How much MiniLM counts: see docs/decisions/0004-embedding-model.md.
SHARE = 0.3
# Unit vectors, at right angles to one another, which say of a text what language it is in
# (data/make_languages.py). Without them MiniLM takes any two German texts for similar.
LANGUAGES = Path(__file__).parent / "data" / "minilm-languages.npy"


class BuiltIn:
    """896 dimensions, 16 languages. Loads in about 0.3 s, the first time ever in 2 s."""

    name = "minilm-l6+use-multilingual-3"
    dimensions = MiniLM.dimensions + UniversalSentenceEncoder.dimensions
    unrelated = 0.62

    def __init__(self, folder: Path | None = None) -> None:
        """Keep files that processes share in `folder`; without one, in memory."""
        self._english, self.multilingual = MiniLM(), UniversalSentenceEncoder(folder)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, 896) float32, each row of length 1. Raises EmbeddingError."""
        # Both let go of Python's lock while they compute.
        waiting = _beside().submit(self.multilingual.embed, texts)
        try:
            english = self._english.embed(texts)
        finally:
            # Not left behind when the other fails.
            waiting.exception()
        languages = _languages()
        english -= (english @ languages.T) @ languages
        joined: NDArray[np.float32] = np.hstack(
            [math.sqrt(SHARE) * english, math.sqrt(1 - SHARE) * waiting.result()]
        )
        joined /= np.linalg.norm(joined, axis=1, keepdims=True)
        return joined

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return (896,) float32 of length 1. Raises EmbeddingError."""
        vector: NDArray[np.float32] = self.embed([text])[0]
        return vector


@functools.cache
def _languages() -> NDArray[np.float32]:
    try:
        found: NDArray[np.float32] = np.load(LANGUAGES)
    except (OSError, ValueError) as error:
        raise EmbeddingError("A file of the embedding model is missing or damaged.") from error
    return found


@functools.cache
def _beside() -> ThreadPoolExecutor:
    """Return the threads in which the second models of this process compute."""
    return ThreadPoolExecutor(2, thread_name_prefix="embedding")
