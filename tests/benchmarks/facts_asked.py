"""Measure for which share of a text's facts a model is asked for cards.

    .venv/bin/python -m tests.benchmarks.facts_asked [--blind]

`data/draft_texts.jsonl` has texts in four languages with their facts; `--blind` takes the part that
was written by somebody else and that nobody who builds has looked at. The model is asked for a card
for each idea: it is told about how many a text of that length has, and how many it may give. Both
are compared with the facts of each text. Prints a table.
"""

import argparse
import sys
from collections import Counter

from flashcards.drafting.candidates import cards_expected, cards_most
from flashcards.drafting.sections import sections
from tests.benchmarks.texts import read_rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--blind", action="store_true")
    options = parser.parse_args()
    facts: Counter[str] = Counter()
    told: Counter[str] = Counter()
    allowed: Counter[str] = Counter()
    for row in read_rows("draft_texts_blind" if options.blind else "draft_texts"):
        parts, count = sections(row["text"]), len(row["facts"])
        for key in (row["language"], "all"):
            facts[key] += count
            told[key] += min(count, sum(cards_expected(part.words) for part in parts))
            allowed[key] += min(count, sum(cards_most(part.words) for part in parts))
    sys.stdout.write("language   facts   about so many   as many as it may\n")
    for key in [*sorted(facts.keys() - {"all"}), "all"]:
        shares = [counted[key] / facts[key] for counted in (told, allowed)]
        sys.stdout.write(f"{key:<11}{facts[key]:<8}{shares[0]:<16.0%}{shares[1]:.0%}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
