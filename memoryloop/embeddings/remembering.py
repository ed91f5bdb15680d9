"""An embedder that remembers the texts it was last asked for alone.

A question is looked up by several parts of the program at once: in the cards, in what was said
before. It is embedded once, and whoever asks meanwhile waits for that.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from memoryloop.embeddings.base import Embedder

# 1.5 KB each, and the text.
REMEMBERED = 256
# What is longer is no question, and would be held in memory for nothing.
LONGEST_CHARACTERS = 4_000

Vector = NDArray[np.float32]


class Remembering:
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: OrderedDict[str, Future[Vector]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Vector:
        """Return (n, dimensions) float32, each row of length 1. Raises EmbeddingError."""
        if len(texts) != 1 or len(texts[0]) > LONGEST_CHARACTERS:
            return self._embedder.embed(texts)
        text = texts[0]
        with self._lock:
            known = self._known.get(text)
            if known is None:
                mine = self._known[text] = Future()
                if len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
            else:
                self._known.move_to_end(text)
        # A copy, so that nobody changes what others are given.
        return (self._embed(text, mine) if known is None else known.result()).copy()

    def _embed(self, text: str, mine: "Future[Vector]") -> Vector:
        """Embed a text for all who wait for it. A failure is theirs too, but is not remembered."""
        try:
            vector = self._embedder.embed([text])
        except BaseException as error:
            with self._lock:
                if self._known.get(text) is mine:
                    del self._known[text]
            mine.set_exception(error)
            raise
        mine.set_result(vector)
        return vector
