"""Measure how long it takes to say which of a learner's cards a draft repeats.

    .venv/bin/python -m tests.benchmarks.duplicates [--cards 100000] [--rounds 60]

One learner with so many cards of this many topics, with vectors, in LanceDB; a database of its own
that is dropped afterwards. The drafts are the questions of duplicate_pairs.jsonl, one at a time, as
the tray asks. Prints one line of JSON, times in milliseconds.
"""

import argparse
import random
import statistics
import sys
import time
from typing import Any

from tests.benchmarks import filled

CARDS = 100_000
ROUNDS = 60
AIM_MS = 200
BATCH = 5_000


def main() -> int:
    options = filled.arguments(__doc__, cards=CARDS, rounds=ROUNDS).parse_args()
    return 0 if filled.run(_measure, options)["median_ms"] <= AIM_MS else 1


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from flashcards.alike import duplicates
    from tests.benchmarks.fit_likeness import pairs

    user = filled.learner()
    rows = [row for row in pairs() if row["label"] == "same"]
    _fill(user, options.cards, [row["a"] for row in rows])
    draw = random.Random(5)
    times, found = [], 0
    for number in range(options.rounds + 3):
        row = draw.choice(rows)
        begun = time.perf_counter()
        (overlaps,) = duplicates.overlaps(owner_id=user.pk, drafts=[(row["b"][0], row["b"][1])])
        if number >= 3:
            times.append((time.perf_counter() - begun) * 1_000)
            found += any(
                one.verdict == "same" and one.card.question == row["a"][0] for one in overlaps
            )
    times.sort()
    return {
        "cards": options.cards,
        "rounds": options.rounds,
        "median_ms": round(statistics.median(times), 1),
        "p90_ms": round(times[int(len(times) * 0.9)], 1),
        "found": round(found / options.rounds, 3),
    }


def _fill(user: Any, number: int, sides: list[list[str]]) -> None:
    """Store the labelled cards, and others near them in meaning until there are so many."""
    import numpy as np

    from flashcards.store import upkeep
    from flashcards.upkeep import loading
    from memoryloop.embeddings import get_embedder
    from tests.factories import flashcard

    embedder = get_embedder()
    base = embedder.embed([f"{question}\n{answer}".strip() for question, answer in sides])
    noise = np.random.default_rng(5)
    for start in range(0, number, BATCH):
        count = min(BATCH, number - start)
        vectors = base[noise.integers(len(base), size=count)]
        vectors = vectors + 0.06 * noise.standard_normal(vectors.shape).astype(np.float32)
        cards = [
            flashcard(user, embedding_model=embedder.name, question=f"About topic {start + n}?")
            for n in range(count)
        ]
        if start == 0:
            for n, (question, answer) in enumerate(sides):
                kind = "cloze" if "{{c" in question else "basic"
                cards[n] = flashcard(
                    user,
                    question=question,
                    answer=answer,
                    kind=kind,
                    embedding_model=embedder.name,
                )
                vectors[n] = base[n]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        loading.load_cards(owner_id=user.pk, cards=cards, logs=[], vectors=list(vectors))
    upkeep.tend()


if __name__ == "__main__":
    sys.exit(main())
