"""Fit how much each evidence for a card counts in the one search.

    BENCH_KEEP=/tmp/bench .venv/bin/python -m tests.benchmarks.fit_finding

A logistic regression over the candidates of data/search_queries.jsonl: for each search the cards
that its words, their spelling and its meaning name, of which some are right. Prints the weights for
flashcards/search/evidence.py, and how often the right card is among the first ten by five-fold
cross-validation over the searches.
"""

import argparse
import json
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks import filled, finding
from tests.benchmarks.texts import read_rows

FOLDS = 5
# Of the weights' squares, against searches that happen to agree.
PENALTY = 1.0
DEEP = 60

Matrix = NDArray[np.float64]


def main() -> int:
    filled.run(_fit, filled.arguments(__doc__).parse_args())
    return 0


def _fit(_: argparse.Namespace) -> dict[str, Any]:
    from flashcards.search import evidence
    from flashcards.search.find_cards import find_cards

    user, notes = finding.learner()
    queries = read_rows("search_queries")
    rows, right, of_query = [], [], []
    for number, query in enumerate(queries):
        wanted = {notes[card] for card in query["cards"]}
        for found in find_cards(owner_id=user.pk, text=query["query"], limit=DEEP):
            rows.append(found.evidence.features)
            right.append(found.card.note_id in wanted)
            of_query.append(number)
    features, labels, owners = np.array(rows), np.array(right, dtype=float), np.array(of_query)
    held_out = np.zeros(len(rows))
    for fold in range(FOLDS):
        there = owners % FOLDS != fold
        weights = _regress(features[there], labels[there], owners[there])
        held_out[~there] = features[~there] @ weights[1:]
    weights = _regress(features, labels, owners)
    for name, weight in zip(("constant", *evidence.FEATURES), weights, strict=True):
        sys.stdout.write(f"{name:12} {weight:8.3f}\n")
    return {"cross_validated": _recall(held_out, labels, owners, len(queries)),
            "fitted": _recall(features @ weights[1:], labels, owners, len(queries)),
            "weights": json.dumps([round(float(weight), 3) for weight in weights])}  # fmt: skip


def _regress(features: Matrix, labels: Matrix, owners: NDArray[Any]) -> Matrix:
    """Return the constant and the weights. Each search counts alike, whatever its candidates."""
    design = np.column_stack([np.ones(len(features)), features])
    _, places, counts = np.unique(owners, return_inverse=True, return_counts=True)
    shares = DEEP / counts[places]
    weights = np.zeros(design.shape[1])
    penalty = np.full(len(weights), PENALTY)
    penalty[0] = 0
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (shares * (labels - chance)) - penalty * weights
        curve = (design * (shares * chance * (1 - chance))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curve, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def _recall(scores: Matrix, labels: Matrix, owners: NDArray[Any], queries: int) -> float:
    found = 0
    for query in range(queries):
        mine = np.flatnonzero(owners == query)
        first = mine[np.argsort(-scores[mine], kind="stable")][: finding.FIRST]
        found += bool(labels[first].any())
    return round(found / queries, 3)


if __name__ == "__main__":
    sys.exit(main())
