"""A fit that is never worse: judged on what it has not seen before it is offered.

Parameters are fitted on the first four fifths of the items in time, and compared on the last fifth
with those in use. A fifth of few reviews is much luck: there the fit must also be better on cards
that it has not seen. Then it is made once more, of everything.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from flashcards.scheduling.fitting import optimizer
from flashcards.scheduling.fitting.histories import Histories
from flashcards.scheduling.fitting.loss import log_losses, predict
from flashcards.scheduling.fitting.measures import (
    NOTHING,
    Point,
    Quality,
    calibration,
    quality,
)
from flashcards.scheduling.memory_model import Mask, Numbers

# With fewer items nothing is fitted, and with fewer than the second the initial stabilities alone.
LEAST_ITEMS, FULL_ITEMS = 400, 1_000
TRAINING_SHARE = 0.8
# On cards not seen, in so many folds, the log loss must be better by so many standard errors of the
# difference. Of many items the last fifth alone is enough where it is clear. Chosen by simulation:
# see docs/decisions/0070-parameters-fitted-in-numpy.md.
MARGIN, CLEAR = 1.5, 3.0
MANY_ITEMS = 50_000
FOLDS = 4


class Verdict(enum.StrEnum):
    BETTER = "better"
    # Nothing is wrong with what is in use: the fit predicts no better.
    NO_BETTER = "no_better"
    TOO_FEW = "too_few"


@dataclass(frozen=True)
class Fitted:
    """What came of a fit."""

    verdict: Verdict
    items: int
    # The parameters of the fit on everything, where it is better.
    parameters: tuple[float, ...] = ()
    # On the last fifth: with what is in use, and with the fit of the first four fifths.
    before: Quality = NOTHING
    after: Quality = NOTHING
    # Of the same, how the predictions with what is in use and with the fit compare with recall.
    calibration_before: tuple[Point, ...] = ()
    calibration_after: tuple[Point, ...] = ()
    # The parameters of the fit on the first four fifths: what is judged.
    trial: tuple[float, ...] = ()
    only_initial: bool = False
    # By how many standard errors the log loss is better, where it was looked at last.
    certainty: float = 0.0


def fit(
    histories: Histories,
    in_use: Numbers,
    *,
    go_on: Callable[[float], None] = optimizer.unwatched,
) -> Fitted:
    """Fit parameters to reviews, and judge them against those in use.

    `go_on` is told the share that is done, and ends the work by raising.
    """
    items = histories.items
    total = int(items.sum())
    if total < LEAST_ITEMS:
        return Fitted(Verdict.TOO_FEW, total)
    only_initial = total < FULL_ITEMS
    free = optimizer.INITIAL if only_initial else optimizer.ALL
    seen, held_out = split(histories)
    counts = np.where(seen, optimizer.weights(histories, seen), 0.0)
    trial = optimizer.fit(histories, counts, free=free, go_on=_part(go_on, 0.0, 0.3))
    old, new = predict(histories, in_use), predict(histories, trial)
    before, after = quality(histories, old, held_out), quality(histories, new, held_out)
    gain = _gain(histories, old, new, held_out)
    is_better = gain > 0 and after.rmse_bins < before.rmse_bins
    everything = optimizer.weights(histories, items)
    if is_better and (total < MANY_ITEMS or gain < CLEAR):
        unseen = _on_unseen_cards(histories, everything, free, _part(go_on, 0.3, 0.6))
        gain = _gain(histories, old, unseen, items)
        is_better = gain > MARGIN
    parameters: tuple[float, ...] = ()
    if is_better:
        found = optimizer.fit(histories, everything, free=free, go_on=_part(go_on, 0.6, 1.0))
        # FSRS's own defaults have as many digits.
        parameters = tuple(round(float(value), 4) for value in found)
    return Fitted(
        verdict=Verdict.BETTER if is_better else Verdict.NO_BETTER,
        items=total,
        parameters=parameters,
        before=before,
        after=after,
        calibration_before=tuple(calibration(histories, old, held_out)),
        calibration_after=tuple(calibration(histories, new, held_out)),
        trial=tuple(map(float, trial)),
        only_initial=only_initial,
        certainty=gain,
    )


def split(histories: Histories) -> tuple[Mask, Mask]:
    """Return the first four fifths of the items in time, and the last."""
    places = np.flatnonzero(histories.items)
    order = places[np.argsort(histories.at[places], kind="stable")]
    cut = int(len(order) * TRAINING_SHARE)
    seen, held_out = (np.zeros(histories.reviews, dtype=bool) for _ in range(2))
    seen[order[:cut]], held_out[order[cut:]] = True, True
    return seen, held_out


def _on_unseen_cards(
    histories: Histories, counts: Numbers, free: Mask, go_on: Callable[[float], None]
) -> Numbers:
    """Return the predictions for each card by a fit of the others."""
    folds = np.repeat(np.arange(len(histories.counts)) % FOLDS, histories.counts)
    found = np.full(histories.reviews, np.nan)
    for fold in range(FOLDS):
        there = folds == fold
        part = _part(go_on, fold / FOLDS, (fold + 1) / FOLDS)
        w = optimizer.fit(histories, np.where(there, 0.0, counts), free=free, go_on=part)
        found[there] = predict(histories, w)[there]
    return found


def _part(go_on: Callable[[float], None], start: float, end: float) -> Callable[[float], None]:
    """Return what tells the progress of a part of the work."""
    return lambda share: go_on(start + (end - start) * share)


def _gain(histories: Histories, old: Numbers, new: Numbers, items: Mask) -> float:
    """Return by how much the log loss fell, in standard errors.

    The reviews of one card share its luck, so each card is one observation.
    """
    recalled = histories.recalled[items]
    fall = log_losses(old[items], recalled) - log_losses(new[items], recalled)
    _, _, cards = histories.numbers()
    _, places = np.unique(cards[items], return_inverse=True)
    sums = np.bincount(places, weights=fall - fall.mean())
    error = float(np.sqrt((sums**2).sum()))
    return float(fall.sum()) / error if error > 0 else 0.0
