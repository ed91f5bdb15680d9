"""Where FSRS does not describe a learner, with the figure that shows it."""

import enum
from dataclasses import dataclass

import numpy as np

from flashcards.scheduling.fitting import optimizer
from flashcards.scheduling.fitting.guard import FULL_ITEMS, LEAST_ITEMS, split
from flashcards.scheduling.fitting.histories import Histories
from flashcards.scheduling.fitting.loss import log_losses, predict
from flashcards.scheduling.memory_model import Mask, Numbers

AGAIN, HARD = 1, 2
# Predictions that are off by more are worth a word.
OFF_BY = 0.05
# Hard is pressed for "forgot" where it is pressed at least as often as Again, and for at least this
# share of what was forgotten.
HARD_SHARE = 0.5
LEAST_HARDS = 40
# Standard errors by which a figure must be beyond chance.
SURE = 2.5


class Concern(enum.StrEnum):
    TOO_FEW = "too_few"
    HARD_FOR_FORGOTTEN = "hard_for_forgotten"
    TIME_DOES_NOT_MATTER = "time_does_not_matter"
    OFF = "off"


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit, and how much: what `amount` is depends on the concern.

    Too few: how many items there are. Hard for forgotten: the share of items with Hard, by which
    recall looks too good. Time does not matter: the log loss of a constant, as a share of FSRS's.
    Off: by how much predictions are too high (positive) or too low on the whole; where that is
    less than the points are off one by one, the amount is theirs and `is_uneven`.
    """

    concern: Concern
    amount: float
    is_uneven: bool = False


def findings(histories: Histories, w: Numbers) -> list[Finding]:
    """Return what does not fit when a learner is scheduled with these parameters.

    The parameters should not have seen the last fifth of the items.
    """
    items = histories.items
    if int(items.sum()) < LEAST_ITEMS:
        return [Finding(Concern.TOO_FEW, float(items.sum()))]
    found = []
    chances = predict(histories, w)
    hards = hard_for_forgotten(histories)
    if hards is not None:
        # Whatever else is off follows from answers that say what did not happen.
        return [Finding(Concern.HARD_FOR_FORGOTTEN, hards)]
    seen, held_out = split(histories)
    constant = _constant_wins(histories, chances, seen, held_out)
    if constant is not None:
        found.append(Finding(Concern.TIME_DOES_NOT_MATTER, constant))
    off = _off(histories, chances, held_out)
    if off is not None:
        found.append(off)
    return found


def with_hard_as_again(histories: Histories) -> Histories:
    """Return the same reviews, each Hard a day or more later counted as Again."""
    ratings = histories.ratings
    lapsed = histories.items & (ratings == HARD)
    return histories.with_ratings(np.where(lapsed, AGAIN, ratings))


def hard_for_forgotten(histories: Histories) -> float | None:
    """Return the share of items with Hard, if Hard is what this learner presses when they forgot.

    Who forgot does so more often the less likely recall was; who found an answer hard has recalled
    it, and presses Hard about as often whatever the chance was. So of the answers that are not
    Again, the share of Hard is compared with the chance of forgetting: how much it rises with it
    is the share of what was forgotten for which Hard was pressed.
    """
    items = histories.items
    ratings = histories.ratings[items]
    hards, others = ratings == HARD, ratings != AGAIN
    if hards.sum() < max(LEAST_HARDS, int((~others).sum())):
        return None
    counted = with_hard_as_again(histories)
    free = optimizer.INITIAL if len(ratings) < FULL_ITEMS else optimizer.ALL
    w = optimizer.fit(counted, items * 1.0, free=free)
    forgetting = (1 - predict(counted, w)[items])[others]
    away, pressed = forgetting - forgetting.mean(), hards[others]
    spread = float((away**2).sum())
    if spread <= 0:
        return None
    share = float(away @ pressed) / spread
    error = float(np.sqrt(((away * (pressed - pressed.mean() - share * away)) ** 2).sum())) / spread
    if share < HARD_SHARE or share < SURE * error:
        return None
    return float(hards.mean())


def _constant_wins(
    histories: Histories, chances: Numbers, seen: Mask, held_out: Mask
) -> float | None:
    recalled = histories.recalled[held_out]
    constant = np.full(len(recalled), histories.recalled[seen].mean())
    losses, constants = log_losses(chances[held_out], recalled), log_losses(constant, recalled)
    better = losses - constants
    error = better.std() / np.sqrt(len(better))
    if better.mean() <= error or losses.mean() <= 0:
        return None
    return float(constants.mean() / losses.mean())


def _off(histories: Histories, chances: Numbers, held_out: Mask) -> Finding | None:
    predicted, recalled = chances[held_out], histories.recalled[held_out]
    noise = float((predicted * (1 - predicted)).sum()) ** 0.5 / len(predicted)
    bias = float((predicted - recalled).mean())
    if abs(bias) > OFF_BY and abs(bias) > SURE * noise:
        return Finding(Concern.OFF, bias)
    parts = np.array_split(np.argsort(predicted, kind="stable"), 10)
    squares = [
        (predicted[part] - recalled[part]).mean() ** 2
        - (predicted[part] * (1 - predicted[part])).mean() / len(part)
        for part in parts
        if len(part)
    ]
    # What is left when the luck of the draw is taken off.
    typical = max(0.0, float(np.mean(squares))) ** 0.5
    spread = float(np.std(squares)) / len(squares) ** 0.5
    if typical > OFF_BY and typical**2 > spread:
        return Finding(Concern.OFF, typical, is_uneven=True)
    return None
