"""Measure how often the check of a typed answer agrees with a person's.

    .venv/bin/python -m tests.benchmarks.typed_answers [--half held] [--show]

`data/typed_answers.jsonl` has answers written by hand in five languages (en, de, es, fr, ja), each
right, nearly right or wrong beside the card's. The bounds were made on the half "build". Without a
language model: words and numbers by rules, the rest by vectors. Prints a table.
"""

import argparse
import os
import sys
from collections import Counter
from typing import Any

import django

from tests.benchmarks.texts import read_rows


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    django.setup()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--half", choices=["build", "held"], default="held")
    parser.add_argument("--show", action="store_true", help="print the answers it disagrees on")
    options = parser.parse_args()
    count: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    opposite = 0
    for row in read_rows("typed_answers"):
        if row["half"] != options.half:
            continue
        told = _verdict(row)
        opposite += {told, row["verdict"]} == {"right", "wrong"}
        for key in (row["language"], "all"):
            count[key] += 1
            agreed[key] += told == row["verdict"]
        if options.show and told != row["verdict"]:
            sys.stdout.write(f"{row['answer']} | {row['typed']}: {row['verdict']}, not {told}\n")
    sys.stdout.write("language   agrees\n")
    for key in [*sorted(count.keys() - {"all"}), "all"]:
        share = agreed[key] / count[key]
        sys.stdout.write(f"{key:<11}{agreed[key]} of {count[key]} ({share:.0%})\n")
    sys.stdout.write(f"right taken for wrong or wrong for right: {opposite}\n")
    return 0


def _verdict(row: dict[str, Any]) -> str:
    from accounts.models import User
    from flashcards.review import answer_check
    from tests.factories import flashcard

    learner = User(email="typed@example.org")
    card = flashcard(learner, question=row["question"], answer=row["answer"])
    found = answer_check.compare(card, row["typed"])
    suggested = found.suggested if found.is_right else answer_check.by_rules(found)[1]
    return {1: "wrong", 2: "nearly", 3: "right"}[suggested.value]


if __name__ == "__main__":
    sys.exit(main())
