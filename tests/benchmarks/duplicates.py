"""Measure how long it takes to say which of a learner's cards a draft repeats.

    .venv/bin/python -m tests.benchmarks.duplicates [--cards 100000] [--rounds 60]
    BENCH_KEEP=/tmp/bench .venv/bin/python -m tests.benchmarks.duplicates    # fills it once

One learner with so many cards with vectors (collection.py). The drafts are the questions of
data/duplicate_pairs.jsonl, each once, as the tray asks. Prints a line of JSON, in milliseconds.
"""

import argparse
import random
import statistics
import sys
import time
from typing import Any

from tests.benchmarks import collection, filled
from tests.benchmarks.texts import read_rows

CARDS = 100_000
ROUNDS = 60
WARM_UP = 3
AIM_MS = 200


def main() -> int:
    options = filled.arguments(__doc__, cards=CARDS, rounds=ROUNDS).parse_args()
    return 0 if filled.run(_measure, options)["median_ms"] <= AIM_MS else 1


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from flashcards.duplicates import overlaps as duplicates

    user = collection.learner(options.cards)
    same = [row for row in read_rows("duplicate_pairs") if row["verdict"] == "same"]
    # No draft twice: what was embedded once would be remembered.
    drafts = random.Random(5).sample(same, min(len(same), options.rounds + WARM_UP))
    times, busy, found = [], [], 0
    for number, row in enumerate(drafts):
        begun, worked = time.perf_counter(), time.process_time()
        (overlaps,) = duplicates.find_overlaps(
            owner_id=user.pk, drafts=[(row["second"][0], row["second"][1])]
        )
        if number >= WARM_UP:
            times.append((time.perf_counter() - begun) * 1_000)
            busy.append((time.process_time() - worked) * 1_000)
            found += any(
                one.verdict == "same" and one.card.question == row["first"][0] for one in overlaps
            )
    times.sort()
    return {
        "cards": options.cards,
        "rounds": len(times),
        "median_ms": round(statistics.median(times), 1),
        "p90_ms": round(times[int(len(times) * 0.9)], 1),
        # What one costs without waiting for a busy machine.
        "processor_median_ms": round(statistics.median(busy), 1),
        "found": round(found / len(times), 3),
    }


if __name__ == "__main__":
    sys.exit(main())
