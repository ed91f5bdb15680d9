"""Coverage: whether a card is taken for one that says an idea, by meaning alone.

python -m tests.benchmarks.coverage     of data/covered_ideas.jsonl: cards that say an idea and are
                                        found, and cards on its topic that are taken wrongly
"""

import json
import os
import sys
from pathlib import Path

import django

DATA = Path(__file__).parent / "data" / "covered_ideas.jsonl"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    django.setup()
    from flashcards.insight.coverage import MEANS_SHARE
    from memoryloop import embeddings

    rows = [json.loads(line) for line in DATA.read_text().splitlines()]
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
