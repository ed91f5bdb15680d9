"""Cosines: how near the sides of pairs of cards are in meaning, all embedded at once.

The built-in multilingual encoder always does this, whichever model the cards are searched with: the
judge is fitted on it, and it takes a third of the time.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flashcards.duplicates.card_text import CardText
from flashcards.duplicates.features import Cosines
from memoryloop.embeddings import multilingual_encoder

# Of a longer side only the beginning is compared.
LONGEST_CHARACTERS = 1_000
# Vectors that are kept, 2 KB each, and the text.
KEPT = 512

Vector = NDArray[np.float32]


def cosines(pairs: Sequence[tuple[CardText, CardText]]) -> list[Cosines]:
    """Return the cosines of each pair. Embeds each different side once. Raises EmbeddingError."""
    sides = {_side(text) for pair in pairs for card in pair for text in (card.ask, card.answer)}
    vectors = _embedded(sorted(sides - {""}))

    def near(one: str, other: str) -> float:
        a, b = vectors.get(_side(one)), vectors.get(_side(other))
        return 0.0 if a is None or b is None else float(a @ b)

    return [
        Cosines(
            near(a.ask, b.ask),
            near(a.answer, b.answer),
            near(a.ask, b.answer),
            near(a.answer, b.ask),
        )
        for a, b in pairs
    ]


def _side(text: str) -> str:
    return text[:LONGEST_CHARACTERS]


def _embedded(texts: Sequence[str]) -> dict[str, Vector]:
    """Return the vectors of texts, of which those that were asked for last are kept."""
    if len(texts) > KEPT // 2:
        return dict(zip(texts, multilingual_encoder().embed(texts), strict=True))
    with _lock:
        found = {text: _kept[text] for text in texts if text in _kept}
    new = [text for text in texts if text not in found]
    if new:
        found.update(zip(new, multilingual_encoder().embed(new), strict=True))
    with _lock:
        for text, vector in found.items():
            _kept[text] = vector
            _kept.move_to_end(text)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


# A card that is being written is compared with the same few cards at every pause.
_kept: OrderedDict[str, Vector] = OrderedDict()
_lock = threading.Lock()
