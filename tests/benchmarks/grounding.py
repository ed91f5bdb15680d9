"""Measure how well rules tell invented cards from those that their passage supports.

    .venv/bin/python -m tests.benchmarks.grounding [--half held] [--show]

`data/grounding.jsonl` has cards written by hand for passages in four languages (en, de, es, fr):
true ones, and ones with a number, a name or a subject changed, mostly against another of the same
passage. The bounds were made on the half "build"; "held" was not looked at. Prints a table.
"""

import argparse
import sys
from collections import Counter
from typing import Any

from flashcards.drafting import grounding
from tests.benchmarks.texts import read_rows


def is_supported(row: dict[str, Any]) -> bool:
    passage, kind = row["passage"], row["kind"]
    found = grounding.check(row["question"], row["answer"], kind, passage, 0, len(passage))
    return found is None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--half", choices=["build", "held"], default="held")
    parser.add_argument("--show", action="store_true", help="print the cards that are told wrongly")
    options = parser.parse_args()
    count: Counter[tuple[str, bool]] = Counter()
    right: Counter[tuple[str, bool]] = Counter()
    for row in read_rows("grounding"):
        if row["half"] != options.half:
            continue
        key = row["language"], row["supported"]
        count[key] += 1
        is_right = is_supported(row) == row["supported"]
        right[key] += is_right
        if options.show and not is_right:
            sys.stdout.write(f"{row['change'] or 'true'}: {row['question']} {row['answer']}\n")
    sys.stdout.write("language   true cards kept   invented ones caught\n")
    for language in [*sorted({each for each, _ in count}), "all"]:
        told = []
        for supported in (True, False):
            keys = [key for key in count if key[1] == supported and language in (key[0], "all")]
            of, good = sum(count[key] for key in keys), sum(right[key] for key in keys)
            told.append(f"{good} of {of} ({good / of:.0%})")
        sys.stdout.write(f"{language:<11}{told[0]:<18}{told[1]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
