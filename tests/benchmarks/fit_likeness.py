"""Fit the weights of flashcards/alike/likeness.py, and say how well they tell duplicates.

    .venv/bin/python -m tests.benchmarks.fit_likeness [--show]

The labelled pairs are in duplicate_pairs.jsonl. Facts with an even number are fitted on, odd ones
only measured; pairs of one fact never lie on both sides. Prints one line of JSON: recall is the
share of the pairs that say the same that were found, false alarms the share of the others that
were taken for the same.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAIRS = Path(__file__).with_name("duplicate_pairs.jsonl")
RIDGE = 0.0003
STEPS = 60

Matrix = NDArray[np.float64]


def pairs() -> list[dict[str, Any]]:
    return [json.loads(line) for line in PAIRS.read_text().splitlines()]


def matrix(rows: list[dict[str, Any]]) -> tuple[Matrix, Matrix]:
    """Return (n, features) and (n,) labels, 1 for pairs that say the same."""
    from flashcards.alike import likeness
    from flashcards.faces import Draft
    from memoryloop.embeddings import get_embedder

    def said(side: list[str]) -> likeness.Said:
        kind = "cloze" if "{{c" in side[0] else "basic"
        return likeness.said(Draft(kind=kind, question=side[0], answer=side[1]))

    sides = [(said(row["a"]), said(row["b"])) for row in rows]
    texts = sorted({text for a, b in sides for text in likeness.texts(a, b)})
    vectors = dict(zip(texts, get_embedder().embed(texts), strict=True))
    found = [likeness.features(a, b, vectors) for a, b in sides]
    return np.stack(found), np.array([float(row["label"] == "same") for row in rows])


def fit(x: Matrix, y: Matrix) -> Matrix:
    """Return the weights of a logistic regression with a ridge, by Newton's method."""
    weights = np.zeros(x.shape[1])
    ridge = np.eye(x.shape[1]) * RIDGE * len(x)
    ridge[0, 0] = 1e-9
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (chance - y) + ridge @ weights
        curve = (x * (chance * (1 - chance))[:, None]).T @ x + ridge
        weights -= np.linalg.solve(curve, slope)
    return weights


def measured(scores: Matrix, y: Matrix, threshold: float) -> dict[str, float]:
    same, other = scores[y > 0], scores[y == 0]
    return {
        "recall": round(float((same >= threshold).mean()), 4),
        "false_alarms": round(float((other >= threshold).mean()), 4),
        "same": len(same),
        "other": len(other),
    }


def chances(x: Matrix, weights: Matrix) -> Matrix:
    return np.asarray(1 / (1 + np.exp(-np.clip(x @ weights, -30, 30))))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--show", action="store_true", help="Print what is told wrongly.")
    options = parser.parse_args()

    import django

    django.setup()
    from flashcards.alike import likeness

    rows = pairs()
    x, y = matrix(rows)
    train = np.array([row["fact"] % 2 == 0 for row in rows])
    weights = fit(x[train], y[train])
    scores = chances(x, weights)
    fitted = dict(zip(likeness.FEATURES, (round(w, 3) for w in weights.tolist()), strict=True))
    near = np.array([row["label"] == "near" for row in rows])
    result = {
        "pairs": len(rows),
        "weights": fitted,
        "train": measured(scores[train], y[train], likeness.SAME),
        "test": measured(scores[~train], y[~train], likeness.SAME),
        "shipped_test": measured(
            chances(x, np.array(likeness.WEIGHTS))[~train], y[~train], likeness.SAME
        ),
        "cosine_alone_test": _cosine_alone(x, y, train),
        "near_flagged_test": round(float((scores[~train & near] >= likeness.SAME).mean()), 4),
        "by_subject": _by_subject(rows, scores, y, ~train),
    }
    if options.show:
        for row, score, label in zip(rows, scores, y, strict=True):
            if (score >= likeness.SAME) != bool(label):
                sys.stdout.write(f"{score:.2f} {row['label']} {row['a']} | {row['b']}\n")
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


def _by_subject(
    rows: list[dict[str, Any]], scores: Matrix, y: Matrix, chosen: NDArray[np.bool_]
) -> dict[str, dict[str, float]]:
    from flashcards.alike import likeness

    subjects = np.array([row["subject"] for row in rows])
    return {
        str(name): measured(
            scores[chosen & (subjects == name)], y[chosen & (subjects == name)], likeness.SAME
        )
        for name in np.unique(subjects)
    }


def _cosine_alone(x: Matrix, y: Matrix, train: NDArray[np.bool_]) -> dict[str, float]:
    """Return what a threshold on the cosine of the whole cards would do, for comparison."""
    from flashcards.alike import likeness

    cosine = x[:, likeness.FEATURES.index("whole_meaning")]
    best = max(
        np.unique(cosine[train]),
        key=lambda t: (
            (cosine[train][y[train] > 0] >= t).mean() - (cosine[train][y[train] == 0] >= t).mean()
        ),
    )
    return measured(cosine[~train], y[~train], float(best))


if __name__ == "__main__":
    sys.exit(main())
