"""The search for the parameters with the least loss: Fisher scoring, damped, within bounds.

What is made small is the published sum: the weighted log loss of all items, and for each parameter
the square of its distance from the default, in standard deviations of it among people. The four
initial stabilities are searched, and held to their defaults, as logarithms: they are scales, and
a rating that was pressed five times should not leave the range of what people have.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from flashcards.scheduling.fitting.bounds import DEFAULTS, LEAST, MOST, SPREADS, within_bounds
from flashcards.scheduling.fitting.histories import Histories
from flashcards.scheduling.fitting.loss import Slope, slope
from flashcards.scheduling.memory_model import Mask, Numbers

INITIAL = np.arange(21) < 4
ALL = np.ones(21, dtype=bool)
# Of the logarithm of an initial stability: two of three people are within a factor of 2.5.
INITIAL_SPREAD = 0.9
# It is enough when a step gains less than this share of a standard error's worth of loss.
ENOUGH = 0.01
MOST_STEPS = 40
# The way there is found on a sample: the last steps alone walk through everything.
SAMPLE_REVIEWS = 60_000


def unwatched(share: float) -> None:
    """Do nothing with the share that is done: for a fit that nobody waits for."""


def weights(histories: Histories, items: Mask) -> Numbers:
    """Return how much each of these items counts: the newest 1, the oldest 0.25.

    Source: fsrs-rs, recency_weighted_fsrs_items.
    """
    places = np.flatnonzero(items)
    order = places[np.argsort(histories.at[places], kind="stable")]
    found = np.zeros(histories.reviews)
    age = np.arange(len(order)) / max(1, len(order) - 1)
    found[order] = 0.25 + 0.75 * age**3
    return found


def fit(
    histories: Histories,
    counts: Numbers,
    *,
    free: Mask = ALL,
    go_on: Callable[[float], None] = unwatched,
    seed: int = 1,
) -> Numbers:
    """Return the parameters with the least loss on items that count so much.

    Those that are not `free` stay at their defaults. `go_on` is told the share that is done, and
    ends the search by raising.
    """
    w = DEFAULTS.copy()
    if histories.reviews > 2 * SAMPLE_REVIEWS:
        share = SAMPLE_REVIEWS / histories.reviews
        chosen = np.random.default_rng(seed).random(len(histories.counts)) < share
        sample, there = histories.chosen(chosen), np.repeat(chosen, histories.counts)
        w = _descend(sample, counts[there], w, free, lambda done: go_on(done * 0.3))
        return _descend(histories, counts, w, free, lambda done: go_on(0.3 + done * 0.7))
    return _descend(histories, counts, w, free, go_on)


@dataclass
class _Point:
    w: Numbers
    value: float
    gradient: Numbers
    curvature: Numbers


def _descend(
    histories: Histories,
    counts: Numbers,
    w: Numbers,
    free: Mask,
    go_on: Callable[[float], None],
) -> Numbers:
    here = _point(slope(histories, counts, w), w)
    damping = 1e-3
    for step in range(MOST_STEPS):
        go_on(step / MOST_STEPS)
        move, gain = _move(here, free, damping)
        if gain < ENOUGH:
            break
        there_w = _moved(here.w, move)
        there = _point(slope(histories, counts, there_w), there_w)
        if there.value < here.value:
            is_last = here.value - there.value < ENOUGH
            here, damping = there, max(damping / 10, 1e-7)
            if is_last:
                break
        else:
            damping = damping * 10
            if damping > 1e6:
                break
    return here.w


def _point(found: Slope, w: Numbers) -> _Point:
    """Return the penalized loss and its derivatives, by the logarithms of the stabilities."""
    scale = np.where(INITIAL, w, 1.0)
    away = (w - DEFAULTS) / SPREADS
    away[INITIAL] = np.log(w[INITIAL] / DEFAULTS[INITIAL]) / INITIAL_SPREAD
    width = np.where(INITIAL, INITIAL_SPREAD, SPREADS)
    return _Point(
        w,
        found.loss + float((away**2).sum()),
        found.gradient * scale + 2 * away / width,
        found.information * np.outer(scale, scale) + np.diag(2 / width**2),
    )


def _move(here: _Point, free: Mask, damping: float) -> tuple[Numbers, float]:
    """Return the step, and by how much it should lessen the loss. Parameters at a bound stay."""
    outward = ((here.w <= LEAST) & (here.gradient > 0)) | ((here.w >= MOST) & (here.gradient < 0))
    moving = np.flatnonzero(free & ~outward)
    curvature = here.curvature[np.ix_(moving, moving)]
    damped = curvature + damping * np.diag(np.diag(curvature))
    step = np.linalg.solve(damped, -here.gradient[moving])
    move = np.zeros(len(here.w))
    move[moving] = step
    gain = -float(here.gradient[moving] @ step) - 0.5 * float(step @ curvature @ step)
    return move, gain


def _moved(w: Numbers, move: Numbers) -> Numbers:
    grown = w * np.exp(np.clip(move, -2.0, 2.0))
    return within_bounds(np.where(INITIAL, grown, w + move))
