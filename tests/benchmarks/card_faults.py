"""Measure how well the linter tells cards with a fault from those without.

    .venv/bin/python -m tests.benchmarks.card_faults [--half held] [--show]

`data/card_faults.jsonl` has cards written by hand in four languages (en, de, es, fr): right ones,
and ones with one of the linter's faults. Every second one ("held") was kept aside while the rules
were made. Of `data/cards.jsonl`, which are right, as learners have them, the share that is flagged
is printed, too. Prints a table.
"""

import argparse
import sys
from collections import Counter

from flashcards.drafting.linter import lint
from tests.benchmarks.texts import read_rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--half", choices=["build", "held"], default="held")
    parser.add_argument("--show", action="store_true", help="print the cards that are told wrongly")
    options = parser.parse_args()
    told: Counter[tuple[str, str, bool]] = Counter()
    for row in read_rows("card_faults"):
        if row["half"] != options.half:
            continue
        codes = {finding.code for finding in lint(row["question"], row["answer"], "basic")}
        is_right = row["fault"] in codes if row["fault"] else not codes
        told[row["language"], row["fault"] and "faulty", is_right] += 1
        if options.show and not is_right:
            sys.stdout.write(f"{row['fault'] or 'right'}: {row['question']} {codes or ''}\n")
    sys.stdout.write("language   faults named   right ones left alone\n")
    languages = sorted({language for language, *_ in told})
    for language in [*languages, "all"]:
        cells = []
        for kind in ("faulty", ""):
            keys = [key for key in told if key[1] == kind and language in (key[0], "all")]
            good, of = sum(told[key] for key in keys if key[2]), sum(told[key] for key in keys)
            cells.append(f"{good} of {of}")
        sys.stdout.write(f"{language:<11}{cells[0]:<15}{cells[1]}\n")
    cards = [card for card in read_rows("cards") if card["language"] in languages]
    flagged = sum(bool(lint(card["question"], card["answer"], card["kind"])) for card in cards)
    sys.stdout.write(f"learners' cards flagged: {flagged} of {len(cards)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
