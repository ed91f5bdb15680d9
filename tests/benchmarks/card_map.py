"""The map of cards: which neighbours it keeps, and what 100,000 cards cost.

python -m tests.benchmarks.card_map            quality on data/cards.jsonl, and the cost
python -m tests.benchmarks.card_map --quality  the quality alone
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import django
import numpy as np
from numpy.typing import NDArray

from flashcards.insight.mapping import layout
from flashcards.insight.mapping.components import Floats, Vectors, reduce

DATA = Path(__file__).parent / "data" / "cards.jsonl"
CARDS = 100_000
# Of each card so many nearest in meaning are looked for among so many nearest on the map.
NEAREST, ON_MAP = 10, 50
ASKED = 1_000
_EMBEDDED_AT_ONCE = 256


def kept(vectors: Vectors, positions: Floats) -> float:
    """Return the share of cards' nearest neighbours that are near on the map."""
    count = len(vectors)
    asked = np.random.default_rng(0).choice(count, min(ASKED, count), replace=False)
    shared = 0
    for start in range(0, len(asked), 100):
        rows = asked[start : start + 100]
        own = np.arange(len(rows))
        near = -_cosines(vectors, rows)
        near[own, rows] = np.inf
        far = ((positions[rows, None] - positions[None]) ** 2).sum(axis=2)
        far[own, rows] = np.inf
        meant = np.argpartition(near, NEAREST, axis=1)[:, :NEAREST]
        shown = np.argpartition(far, ON_MAP, axis=1)[:, :ON_MAP]
        shared += sum(len(np.intersect1d(*each)) for each in zip(meant, shown, strict=True))
    return shared / (len(asked) * NEAREST)


def _cosines(vectors: Vectors, rows: NDArray[np.int64]) -> Floats:
    asked = vectors[rows].astype(np.float32)
    parts = [
        asked @ vectors[start : start + 4_096].astype(np.float32).T
        for start in range(0, len(vectors), 4_096)
    ]
    return np.concatenate(parts, axis=1)


def card_vectors() -> Floats:
    """Return the vectors of the cards of data/cards.jsonl, by the model of the settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    django.setup()
    from memoryloop import embeddings

    cards = [json.loads(line) for line in DATA.read_text().splitlines()]
    texts = [f"{card['question']}\n{card['answer']}".strip() for card in cards]
    model = embeddings.configured()
    return np.concatenate([model.embed(part) for part in _parts(texts)])


def many_vectors(few: Floats) -> Vectors:
    """Return CARDS vectors, each between two near ones of the few, and a little beside them."""
    random = np.random.default_rng(1)
    near = np.argsort(-(few @ few.T), axis=1)[:, 1:13]
    many = np.empty((CARDS, few.shape[1]), dtype=np.float16)
    for start in range(0, CARDS, 5_000):
        one = random.integers(0, len(few), 5_000)
        other = near[one, random.integers(0, 12, 5_000)]
        share = random.uniform(0.3, 1, (5_000, 1))
        made = share * few[one] + (1 - share) * few[other]
        made += random.normal(0, 0.6 / np.sqrt(few.shape[1]), made.shape)
        many[start : start + 5_000] = made / np.linalg.norm(made, axis=1, keepdims=True)
    return many


def _parts(texts: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(texts), _EMBEDDED_AT_ONCE):
        yield texts[start : start + _EMBEDDED_AT_ONCE]


def main(arguments: Iterable[str]) -> None:
    few = card_vectors()
    figures = {
        "kept_of_cards": round(kept(few, layout.lay_out(few)), 3),
        "kept_by_components": round(kept(few, reduce(few, 2)), 3),
    }
    if "--quality" not in set(arguments):
        many = many_vectors(few)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        began = time.process_time()
        found = layout.lay_out(many)
        figures |= {
            "many_processor_s": round(time.process_time() - began, 1),
            "many_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "many_peak_before_mb": before,
            "kept_of_many": round(kept(many, found), 3),
        }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
