"""Coverage: whether a card is taken for one that says an idea, by meaning alone.

    python -m tests.benchmarks.coverage [--set fresh]

Of data/covered_ideas.jsonl: cards that say an idea and are found, and cards on its topic that are
taken wrongly.
"""

import argparse
import json
import os
import sys

import django

from tests.benchmarks.texts import read_rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--set", choices=("own", "fresh"), default="own", dest="of")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    django.setup()
    from flashcards.insight.coverage import MEANS_SHARE
    from memoryloop import embeddings

    rows = read_rows("covered_ideas", asked.of)
    model = embeddings.configured()
    ideas, same, other = (
        model.embed([row[name] for row in rows]) for name in ("idea", "same", "other")
    )
    least = 1 - MEANS_SHARE * model.unrelated
    figures = {
        "ideas": len(rows),
        "found": int(((ideas * same).sum(axis=1) >= least).sum()),
        "wrongly_found": int(((ideas * other).sum(axis=1) >= least).sum()),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
