"""Embedders for tests: of any width, and made of nothing but the words of a text."""

import contextlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest import mock

import numpy as np

from flashcards.cards import embedding
from memoryloop import embeddings
from memoryloop.embeddings import EmbeddingError

# By model, the dimension of each word: two embedders of one name make the same vectors.
_known: dict[str, dict[str, int]] = defaultdict(dict)


class Words:
    """Texts with words in common are near. Counts its `texts`; `fails` makes it raise."""

    unrelated = 0.9

    def __init__(self, name: str, dimensions: int) -> None:
        self.name, self.dimensions = name, dimensions
        self.texts = 0
        self.fails = False
        # Called each time before the vectors are made.
        self.meanwhile: Callable[[], object] = lambda: None

    def embed(self, texts: Sequence[str]) -> Any:
        if self.fails:
            raise EmbeddingError("The server is gone.")
        self.texts += len(texts)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        vectors = np.full((len(texts), self.dimensions), 1e-3, dtype=np.float32)
        known = _known[self.name]
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[known.setdefault(word, len(known)) % self.dimensions] += 1.0
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def embed_query(self, text: str) -> Any:
        return self.embed([text])[0]


@contextlib.contextmanager
def using(*models: Words, wanted: Words) -> Iterator[None]:
    """Have these models be all that there are, and one of them the one of the settings."""
    known = {model.name: model for model in (*models, wanted)}

    def named(name: str) -> Words:
        if name not in known:
            raise EmbeddingError(f"{name} is not configured any more.")
        return known[name]

    with (
        mock.patch.object(embedding, "embedder_named", named),
        mock.patch.object(embeddings, "configured", return_value=wanted),
    ):
        yield
