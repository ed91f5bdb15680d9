"""An embedder that remembers the texts it was last asked for, one by one or a few at once.

A question is looked up by several parts of the program at once: in the cards, in what was said
before. It is embedded once, and whoever asks meanwhile waits for that. Who writes a card has it
compared with the same few cards at every pause.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from memoryloop.embeddings.base import Embedder

# 1.5 KB each, and the text.
REMEMBERED = 512
# More at once are a text's or a collection's, not what is asked for again.
MOST_AT_ONCE = 16
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
        if not texts or len(texts) > MOST_AT_ONCE or max(map(len, texts)) > LONGEST_CHARACTERS:
            return self._embedder.embed(texts)
        mine: dict[str, Future[Vector]] = {}
        wanted: list[Future[Vector]] = []
        with self._lock:
            for text in texts:
                known = self._known.get(text)
                if known is None:
                    known = self._known[text] = mine[text] = Future()
                else:
                    self._known.move_to_end(text)
                wanted.append(known)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        # Ours first: nobody waits for us while we wait for them.
        if mine:
            self._embed(mine)
        return np.stack([future.result() for future in wanted])

    def _embed(self, mine: "dict[str, Future[Vector]]") -> None:
        """Embed texts for all who wait for them. A failure is theirs too, but not remembered."""
        try:
            vectors = self._embedder.embed(list(mine))
        except BaseException as error:
            with self._lock:
                for text, future in mine.items():
                    if self._known.get(text) is future:
                        del self._known[text]
            for future in mine.values():
                future.set_exception(error)
            raise
        for future, vector in zip(mine.values(), vectors, strict=True):
            future.set_result(vector)
