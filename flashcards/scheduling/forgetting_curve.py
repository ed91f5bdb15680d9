"""The forgetting curve: how the chance of recall falls with time, and when it reaches a level.

FSRS's power law, for single numbers and for numpy arrays alike. `decay` is a memory's parameter
(0.1 to 0.8); stability is the days until the chance has fallen to 90 %. Source: FSRS-6, as in the
fsrs package.
"""

from typing import Any, TypeVar

import numpy as np

Numbers = np.ndarray[Any, np.dtype[Any]]
N = TypeVar("N", float, Numbers)


def retrievability(elapsed_days: N, stability: N, decay: float) -> N:
    """Return the chance of recall, 0 to 1, so many days after the last review."""
    chance: N = (1 + _factor(decay) * elapsed_days / stability) ** -decay
    return chance


def days_until(level: float, stability: N, decay: float) -> N:
    """Return the days after the last review at which the chance of recall has fallen to a level."""
    days: N = stability / _factor(decay) * (level ** (1 / -decay) - 1)
    return days


def _factor(decay: float) -> float:
    """Return what makes the chance 90 % after as many days as the stability."""
    return float(0.9 ** (1 / -decay) - 1)
