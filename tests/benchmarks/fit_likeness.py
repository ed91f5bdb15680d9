"""Fit the weights of flashcards/duplicates/similarity.py, and say how well they tell duplicates.

    .venv/bin/python -m tests.benchmarks.fit_likeness [--show] [--weights]

Fitted is on duplicate_pairs.jsonl, all of it. `folds` says what ten fits make of the tenth that
each has not seen (pairs of one fact are never on both sides), with the threshold that nine tenths
give. `blind` is duplicate_pairs_blind.jsonl: pairs that were written before anybody looked at the
features, on which nothing was ever fitted or chosen; `blind_unseen` leaves out those of which a
question stands in the other file too. Prints one line of JSON: recall is the share of the pairs
that say the same that were found, false alarms the share of the others taken for the same.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAIRS = Path(__file__).with_name("duplicate_pairs.jsonl")
BLIND = Path(__file__).with_name("duplicate_pairs_blind.jsonl")
# Chosen by the folds: 0.0003 finds four in a hundred fewer there.
RIDGE = 0.00003
STEPS = 60
FOLDS = 10
# Of the pairs fitted on that are not the same, the share that may lie above the threshold.
FALSE_ALARMS = 0.035

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]


def pairs(path: Path = PAIRS) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def matrix(rows: list[dict[str, Any]]) -> tuple[Matrix, Matrix]:
    """Return (n, features) and (n,) labels, 1 for pairs that say the same."""
    from flashcards.domain.card_sides import Draft
    from flashcards.duplicates import similarity
    from memoryloop.embeddings import get_embedder

    def said(side: list[str]) -> similarity.CardText:
        kind = "cloze" if "{{c" in side[0] else "basic"
        return similarity.text_of(Draft(kind=kind, question=side[0], answer=side[1]))

    def whole(side: list[str]) -> str:
        return f"{side[0]}\n{side[1]}".strip()

    sides = [side for row in rows for side in (row["a"], row["b"])]
    texts = sorted({text for side in sides for text in (said(side).ask, whole(side))})
    vectors = dict(zip(texts, get_embedder().embed(texts), strict=True))
    found = []
    for row in rows:
        a, b = said(row["a"]), said(row["b"])
        asked = float(vectors[a.ask] @ vectors[b.ask])
        near = float(vectors[whole(row["a"])] @ vectors[whole(row["b"])])
        found.append(similarity.features(a, b, asked=asked, whole=near))
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


def chances(x: Matrix, weights: Matrix) -> Matrix:
    return np.asarray(1 / (1 + np.exp(-np.clip(x @ weights, -30, 30))))


def threshold(scores: Matrix, y: Matrix) -> float:
    """Return the chance above which only so many of the others lie."""
    return float(np.quantile(scores[y == 0], 1 - FALSE_ALARMS))


def measured(hits: Mask, y: Matrix) -> dict[str, float]:
    same, other = hits[y > 0], hits[y == 0]
    return {
        "recall": round(float(same.mean()), 4),
        "false_alarms": round(float(other.mean()), 4),
        "same": len(same),
        "other": len(other),
    }


def folds(rows: list[dict[str, Any]], x: Matrix, y: Matrix) -> Mask:
    """Return which pairs are taken for the same by a fit that has not seen their fact."""
    fact = np.array([f"{row['subject']} {row['fact']}" for row in rows])
    order = np.random.default_rng(0).permutation(np.unique(fact))
    hits = np.zeros(len(y), dtype=bool)
    for number in range(FOLDS):
        held = np.isin(fact, order[number::FOLDS])
        weights = fit(x[~held], y[~held])
        least = threshold(chances(x[~held], weights), y[~held])
        hits[held] = chances(x[held], weights) >= least
    return hits


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--show", action="store_true", help="Print what is told wrongly.")
    parser.add_argument("--weights", action="store_true", help="Fit, and print what it gives.")
    options = parser.parse_args()

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    django.setup()
    from flashcards.duplicates import similarity

    rows, blind = pairs(), pairs(BLIND)
    x, y = matrix(rows)
    blind_x, blind_y = matrix(blind)
    shipped = np.array(similarity.WEIGHTS)
    if options.weights:
        shipped = fit(x, y)
        for name, weight in zip(similarity.FEATURES, shipped.tolist(), strict=True):
            sys.stdout.write(f"    {weight:.3f},  # {name}\n")
    least = threshold(chances(x, shipped), y) if options.weights else similarity.SAME
    hits = chances(blind_x, shipped) >= least
    known = {row[side][0].lower() for row in rows for side in "ab"}
    unseen = np.array([not {r["a"][0].lower(), r["b"][0].lower()} & known for r in blind])
    labels = np.array([row["label"] for row in blind])
    result = {
        "pairs": len(rows),
        "threshold": round(least, 3),
        "fitted": measured(chances(x, shipped) >= least, y),
        "folds": measured(folds(rows, x, y), y),
        "blind": measured(hits, blind_y),
        "blind_near_flagged": round(float(hits[labels == "near"].mean()), 4),
        "blind_unseen": measured(hits[unseen], blind_y[unseen]),
        "blind_by_subject": _by_subject(blind, hits, blind_y),
    }
    if options.show:
        for row, score, label in zip(rows, chances(x, shipped), y, strict=True):
            if (score >= least) != bool(label):
                sys.stdout.write(f"{score:.2f} {row['label']} {row['a']} | {row['b']}\n")
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


def _by_subject(rows: list[dict[str, Any]], hits: Mask, y: Matrix) -> dict[str, dict[str, float]]:
    subjects = np.array([row["subject"] for row in rows])
    found = {}
    for name in np.unique(subjects):
        chosen = subjects == name
        found[str(name)] = measured(hits[chosen], y[chosen])
    return found


if __name__ == "__main__":
    sys.exit(main())
