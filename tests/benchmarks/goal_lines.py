"""Coverage of a goal: whether a heading or question is given the cards that are about it.

    python -m tests.benchmarks.goal_lines [--set fresh]

Of data/goal_lines.jsonl: lines that get a card of their own, and lines that get one of another.
"""

import argparse
import json
import os
import sys

import django
import numpy as np

from tests.benchmarks.texts import read_rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--set", choices=("own", "fresh"), default="own", dest="of")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    django.setup()
    from accounts.models import User
    from flashcards.insight.goal_coverage import ABOUT, PERHAPS
    from flashcards.insight.near_cards import fit
    from memoryloop import embeddings
    from tests.factories import flashcard

    rows = read_rows("goal_lines", asked.of)
    owner, model = User(), embeddings.configured()
    cards = []
    for place, row in enumerate(rows):
        for text in row["cards"]:
            question, answer = text.split("\n")
            cards.append((place, flashcard(owner, question=question, answer=answer)))
    lines = [row["line"] for row in rows]
    cosines = model.embed(lines) @ model.embed([card.embedding_text for _, card in cards]).T
    fits = np.array(
        [
            [
                fit(line, card, cosine=float(cosine), unrelated=model.unrelated)
                for cosine, (_, card) in zip(near, cards, strict=True)
            ]
            for line, near in zip(lines, cosines, strict=True)
        ]
    )
    is_own = np.arange(len(rows))[:, None] == np.array([place for place, _ in cards])
    own = np.where(is_own, fits, -np.inf).max(axis=1)
    other = np.where(is_own, -np.inf, fits).max(axis=1)
    figures = {
        "lines": len(rows),
        "found": int((own >= ABOUT).sum()),
        "found_or_perhaps": int((own >= PERHAPS).sum()),
        "wrongly_found": int((other >= ABOUT).sum()),
        "wrongly_perhaps": int(((other >= PERHAPS) & (other < ABOUT)).sum()),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
