"""The judge: whether two cards ask for the same, for the reverse, or for what is easily confused.

A softmax of the features of a pair (features.py). Its weights are in judge.json, one for each
feature and verdict, fitted by tests/benchmarks/fit_duplicates.py.
"""

import enum
import functools
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flashcards.duplicates.card_text import CardText
from flashcards.duplicates.features import Cosines, asked_alike, features

FILE = Path(__file__).with_name("judge.json")


class Verdict(enum.StrEnum):
    # One fact asked twice: one of them is enough.
    SAME = "same"
    # One fact asked in both directions: siblings of one note.
    REVERSED = "reversed"
    # Two facts that are easily taken for one another: a card that tells them apart helps.
    CONFUSABLE = "confusable"
    # Two facts about one thing.
    NEAR = "near"
    UNRELATED = "unrelated"


# The surest finding first.
ORDER = tuple(Verdict)
# What the softmax tells apart: NEAR and UNRELATED are one to it.
FITTED = (Verdict.SAME, Verdict.REVERSED, Verdict.CONFUSABLE, Verdict.UNRELATED)


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    # How sure the verdict is, 0 to 1.
    chance: float
    # Whether another verdict is nearly as likely, so that a better judge may be asked.
    is_borderline: bool = False


@dataclass(frozen=True)
class Weights:
    names: tuple[str, ...]
    # (features, len(FITTED)) float64.
    matrix: NDArray[np.float64]
    # Two cards are the same from this chance on, confusable from that share of what is left.
    same: float
    confusable: float


# Two questions are near one another from this cosine on, whatever their answers are.
NEAR_QUESTION = 0.6
# Chances between which the verdict is borderline, as multiples of the odds of the bound.
_BORDERLINE_ODDS = 4.0


@functools.cache
def weights() -> Weights:
    given = json.loads(FILE.read_text(encoding="utf-8"))
    rows = given["weights"]
    return Weights(
        names=tuple(rows),
        matrix=np.array([[rows[name][verdict] for verdict in FITTED] for name in rows]),
        same=given["same"],
        confusable=given["confusable"],
    )


def judge(a: CardText, b: CardText, near: Cosines) -> Judgement:
    """Return what two cards are to one another; the order of the two makes no difference."""
    if not a.ask or not b.ask or not a.whole or not b.whole:
        # An image alone, say: nothing is known of what it asks.
        return Judgement(Verdict.UNRELATED, 1.0)
    if asked_alike(a.ask, b.ask):
        # Two answers to one question: only one of them can be learnt.
        return Judgement(Verdict.SAME, 1.0)
    return decide(chances(a, b, near), near.asks)


def chances(a: CardText, b: CardText, near: Cosines) -> NDArray[np.float64]:
    """Return (len(FITTED),) chances, which add up to 1."""
    known = weights()
    found = features(a, b, near)
    return softmax(np.array([found[name] for name in known.names]) @ known.matrix)


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def decide(chance: NDArray[np.float64], asked: float) -> Judgement:
    """Return the verdict for the chances of a pair whose questions have this cosine."""
    same, turned, confused, other = (float(each) for each in chance)
    bounds = weights()
    if same >= bounds.same and same >= turned:
        return Judgement(Verdict.SAME, same, _is_close(same, bounds.same))
    if turned >= max(confused, other):
        return Judgement(Verdict.REVERSED, turned, turned < 0.7)
    is_close = _is_close(same, bounds.same)
    if confused >= bounds.confusable * (confused + other):
        return Judgement(Verdict.CONFUSABLE, confused, is_close)
    verdict = Verdict.NEAR if asked >= NEAR_QUESTION else Verdict.UNRELATED
    return Judgement(verdict, other, is_close)


def _is_close(chance: float, bound: float) -> bool:
    odds = chance / max(1e-9, 1.0 - chance) / (bound / (1.0 - bound))
    return abs(math.log(max(odds, 1e-9))) < math.log(_BORDERLINE_ODDS)
