"""The caching embedder: it keeps the vectors of the last texts it was asked for.

Several parts of the program look a question up at once, in the cards and in the messages: it is
embedded once, and the others wait for it. A card that is being written is compared with the same
few cards at every pause.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from memoryloop.embeddings.base import Embedder

# 3.5 KB each, and the text.
CACHED_TEXTS = 512
# More texts at once belong to a document or a collection, which is not asked for again.
LARGEST_REQUEST = 16
# A longer text is not a question, and would only take memory.
LONGEST_CHARACTERS = 4_000

Vector = NDArray[np.float32]
# Whether a text is a query, which some models embed otherwise, and the text.
_Key = tuple[bool, str]


class CachingEmbedder:
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: OrderedDict[_Key, Future[Vector]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    @property
    def unrelated(self) -> float:
        return self._embedder.unrelated

    def embed(self, texts: Sequence[str]) -> Vector:
        """Return (n, dimensions) float32, each row of length 1. Raises EmbeddingError."""
        if not texts or len(texts) > LARGEST_REQUEST or max(map(len, texts)) > LONGEST_CHARACTERS:
            return self._embedder.embed(texts)
        return np.stack(self._vectors([(False, text) for text in texts]))

    def embed_query(self, text: str) -> Vector:
        """Return (dimensions,) float32 of length 1. Raises EmbeddingError."""
        if len(text) > LONGEST_CHARACTERS:
            return self._embedder.embed_query(text)
        return self._vectors([(True, text)])[0].copy()

    def _vectors(self, keys: "Sequence[_Key]") -> list[Vector]:
        mine: dict[_Key, Future[Vector]] = {}
        wanted: list[Future[Vector]] = []
        with self._lock:
            for key in keys:
                known = self._known.get(key)
                if known is None:
                    known = self._known[key] = mine[key] = Future()
                else:
                    self._known.move_to_end(key)
                wanted.append(known)
            while len(self._known) > CACHED_TEXTS:
                self._known.popitem(last=False)
        # The own texts first, so that no two threads wait for each other.
        if mine:
            self._embed(mine)
        return [future.result() for future in wanted]

    def _embed(self, mine: "dict[_Key, Future[Vector]]") -> None:
        """Embed texts for all that wait for them. A failure is raised in all, but not kept."""
        try:
            # A query is asked for alone.
            if any(is_query for is_query, _ in mine):
                vectors = [self._embedder.embed_query(text) for _, text in mine]
            else:
                vectors = list(self._embedder.embed([text for _, text in mine]))
        except BaseException as error:
            with self._lock:
                for key, future in mine.items():
                    if self._known.get(key) is future:
                        del self._known[key]
            for future in mine.values():
                future.set_exception(error)
            raise
        for future, vector in zip(mine.values(), vectors, strict=True):
            future.set_result(vector)
