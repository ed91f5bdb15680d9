"""Measure the one search over 100,000 cards, as a ratio to one plain PostgreSQL commit.

    .venv/bin/python -m tests.benchmarks.finding_speed [--cards 100000] [--rounds 60]
    BENCH_KEEP=/tmp/bench .venv/bin/python -m tests.benchmarks.finding_speed    # fills it once

One learner with so many cards with vectors (collection.py). What is typed is three words of cards,
a word that is mistyped, and a question in other words, by turns; each is embedded. Prints one line
of JSON: medians in milliseconds, the ratio, and the memory of the process.
"""

import argparse
import random
import resource
import statistics
import sys
import time
from typing import Any

from tests.benchmarks import collection, filled

CARDS = 100_000
ROUNDS = 60
WARM_UP = 6
AIM_RATIO = 40


def main() -> int:
    options = filled.arguments(__doc__, cards=CARDS, rounds=ROUNDS).parse_args()
    return 0 if filled.run(_measure, options)["ratio"] <= AIM_RATIO else 1


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from flashcards.maintenance.benchmark.one_learner import plain_ratings
    from flashcards.search.find_cards import find_cards

    user = collection.learner(options.cards)
    draw = random.Random(9)
    took: dict[str, list[float]] = {"words": [], "typo": [], "question": []}
    for number in range(options.rounds + WARM_UP):
        kind = list(took)[number % len(took)]
        words = [*draw.sample(collection.WORDS, 2), f"w{draw.randrange(2_000)}"]
        text = " ".join(words)
        if kind == "typo":
            word = draw.choice([each for each in collection.WORDS if len(each) > 5])
            at = draw.randrange(1, len(word) - 1)
            text = f"{word[:at]}{word[at + 1 :]} {words[2]}q"
        elif kind == "question":
            text = f"How does a {words[0]} get {words[1]} number {number}?"
        begun = time.perf_counter()
        find_cards(owner_id=user.pk, text=text, limit=10)
        if number >= WARM_UP:
            took[kind].append((time.perf_counter() - begun) * 1_000)
    commit = statistics.median(span.seconds for span in plain_ratings(300)) * 1_000
    whole = statistics.median([each for times in took.values() for each in times])
    return {
        "cards": options.cards,
        "median_ms": {kind: round(statistics.median(times), 1) for kind, times in took.items()},
        "commit_ms": round(commit, 2),
        "ratio": round(whole / commit, 1),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


if __name__ == "__main__":
    sys.exit(main())
