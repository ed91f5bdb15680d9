"""Coverage: whether a card is taken for one that says an idea, by meaning alone.

    python -m tests.benchmarks.coverage [--set own|fresh|build|held]

Of data/covered_ideas.jsonl, or a half of data/ideas_in_other_words.jsonl: cards that say an idea
and are found, and cards on its topic that are taken wrongly. "Perhaps" is asked of all cards of the
set: with the card that says the idea, whether it is the one that is shown; without it, whether one
is shown all the same.
"""

import argparse
import json
import os
import sys
from typing import Any

import django
import numpy as np

from tests.benchmarks.texts import read_rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--set", choices=("own", "fresh", "build", "held"), default="own", dest="of"
    )
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    django.setup()
    sys.stdout.write(json.dumps(measure(_rows(asked.of))) + "\n")


def measure(rows: list[dict[str, Any]]) -> dict[str, float]:
    from accounts.models import User
    from flashcards.insight.coverage import CANDIDATES, MEANS_SHARE, PERHAPS
    from flashcards.insight.near_cards import fit
    from memoryloop import embeddings
    from tests.factories import flashcard

    model, owner = embeddings.configured(), User()
    cards = [
        flashcard(owner, question=question, answer=answer)
        for name in ("same", "other")
        for question, answer in (row[name].split("\n", 1) for row in rows)
    ]
    ideas = model.embed([row["idea"] for row in rows])
    cosines = ideas @ model.embed([card.embedding_text for card in cards]).T
    fits = np.full(cosines.shape, -np.inf)
    for place, row in enumerate(rows):
        for near in np.argsort(-cosines[place])[:CANDIDATES]:
            cosine = float(cosines[place, near])
            fits[place, near] = fit(
                row["idea"], cards[near], cosine=cosine, unrelated=model.unrelated
            )
    own = np.arange(len(rows))
    least = 1 - MEANS_SHARE * model.unrelated
    is_shown, shown = fits.max(axis=1) >= PERHAPS, fits.argmax(axis=1)
    without = fits.copy()
    without[own, own] = -np.inf
    right = int((is_shown & (shown == own)).sum())
    wrong = int((is_shown & (shown != own)).sum()) + int((without.max(axis=1) >= PERHAPS).sum())
    return {
        "ideas": len(rows),
        "found": int((cosines[own, own] >= least).sum()),
        "wrongly_found": int((cosines[own, own + len(rows)] >= least).sum()),
        # The share of the ideas with a card that get it, at least perhaps; and, where half of the
        # ideas have one, the share of what is shown that is right.
        "perhaps_recall": round(right / len(rows), 2),
        "perhaps_precision": round(right / max(1, right + wrong), 2),
    }


def _rows(of: str) -> list[dict[str, Any]]:
    if of in ("build", "held"):
        return [row for row in read_rows("ideas_in_other_words") if row["half"] == of]
    return read_rows("covered_ideas", of)


if __name__ == "__main__":
    main()
