"""How well predictions fit what was answered: log loss, RMSE(bins), calibration."""

from dataclasses import dataclass

import numpy as np

from flashcards.scheduling.fitting.histories import Histories
from flashcards.scheduling.fitting.loss import log_losses
from flashcards.scheduling.memory_model import Mask, Numbers

# The bases of the bins: days since the review before, items so far, lapses so far.
# Source: the FSRS benchmark, and fsrs-rs, r_matrix_index.
_DAYS, _LENGTH, _LAPSES = 3.62, 1.89, 1.73
# The calibration plot's points have so many reviews each, as far as there are as many.
POINTS = 10


@dataclass(frozen=True)
class Quality:
    """How well parameters predict some items."""

    items: int
    # The mean; smaller is better, as is the next.
    log_loss: float
    # The share by which predictions are off, over groups of alike reviews.
    rmse_bins: float


NOTHING = Quality(0, 0.0, 0.0)


@dataclass(frozen=True)
class Point:
    """A tenth of the items, those with alike predictions: what was predicted, and what was."""

    predicted: float
    recalled: float
    items: int


def quality(histories: Histories, chances: Numbers, items: Mask) -> Quality:
    """Return how well chances predict the chosen items."""
    if not items.any():
        return Quality(0, 0.0, 0.0)
    losses = log_losses(chances[items], histories.recalled[items])
    return Quality(int(items.sum()), float(losses.mean()), rmse_bins(histories, chances, items))


def rmse_bins(histories: Histories, chances: Numbers, items: Mask) -> float:
    """Return the root mean square of the differences of predicted and actual recall, by bins."""
    bins = _bins(histories)[items]
    _, places = np.unique(bins, return_inverse=True)
    off = np.bincount(places, weights=chances[items] - histories.recalled[items])
    return float(np.sqrt((off**2 / np.bincount(places)).sum() / max(1, len(bins))))


def _bins(histories: Histories) -> Numbers:
    before, lapses, _ = histories.numbers()
    days = np.floor(np.log(np.maximum(histories.days, 1)) / np.log(_DAYS) + 1e-12)
    length = np.floor(np.log(before + 2) / np.log(_LENGTH))
    lapsed = np.where(
        lapses > 0, 1 + np.floor(np.log(np.maximum(lapses, 1)) / np.log(_LAPSES) + 1e-12), 0
    )
    found: Numbers = (days * 100 + length) * 100 + lapsed
    return found


def calibration(histories: Histories, chances: Numbers, items: Mask) -> list[Point]:
    """Return tenths of the items, by what was predicted for them."""
    predicted, recalled = chances[items], histories.recalled[items]
    order = np.argsort(predicted, kind="stable")
    parts = np.array_split(order, min(POINTS, len(order))) if len(order) else []
    return [
        Point(float(predicted[part].mean()), float(recalled[part].mean()), len(part))
        for part in parts
    ]
