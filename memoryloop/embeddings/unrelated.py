"""How far apart texts lie for a model that have nothing in common: it differs from model to model.

For some the cosine of any two texts is above 0.7. A bound for what is worth showing is set by what
the model makes of texts of which is known that no two have to do with one another.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

# The bound of the built-in model, found with cards and questions, as a share of its median here.
_SHARE = 0.66
_TEXTS = (
    "What is osmosis?",
    "The Peace of Westphalia was concluded in 1648.",
    "git rebase --interactive",
    "der Bahnhof: the railway station",
    "Who composed The Magic Flute?",
    "The mitochondria make ATP.",
    "Wie heißt die Hauptstadt von Slowenien?",
    "El coste de oportunidad",
    "F = m · a",
    "Lithium has atomic number 3.",
    "A sonnet has fourteen lines.",
    "L'imparfait du verbe être",
    "What does the kidney filter?",
    "二十四の瞳は誰の小説か。",
    "通货膨胀是什么意思？",
    "The offside rule",
    "Chess: how does the knight move?",
    "Photosynthesis gives off oxygen.",
    "The yield of a bond falls as its price rises.",
    "Which ocean is the deepest?",
)


class _Embedder(Protocol):
    def embed(self, texts: "tuple[str, ...]") -> NDArray[np.float32]: ...


def measure_unrelated(embedder: _Embedder) -> float:
    """Return the cosine distance beyond which two texts have hardly anything in common.

    Raises EmbeddingError.
    """
    vectors = embedder.embed(_TEXTS)
    pairs = np.triu_indices(len(_TEXTS), 1)
    return float(_SHARE * np.median(1.0 - (vectors @ vectors.T)[pairs]))
