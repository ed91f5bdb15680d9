"""Within which bounds parameters lie, and how far people's lie from the defaults."""

from typing import Any

import numpy as np

from flashcards.scheduling.fsrs_adapter import DEFAULT_PARAMETERS, FSRS6
from flashcards.scheduling.memory_model import Numbers

# The standard deviations of the parameters that were fitted to thousands of people's collections.
# Source: fsrs-rs, PARAMS_STDDEV.
SPREADS = np.array(
    [
        *(6.43, 9.66, 17.58, 27.85, 0.57, 0.28, 0.6, 0.12, 0.39, 0.18, 0.33),
        *(0.3, 0.09, 0.16, 0.57, 0.25, 1.03, 0.31, 0.32, 0.14, 0.27),
    ]
)
DEFAULTS = np.array(DEFAULT_PARAMETERS)
LEAST, MOST = (np.array(each) for each in FSRS6.bounds)


def within_bounds(w: Any) -> Numbers:
    """Return parameters moved to the nearest that FSRS-6 takes."""
    found: Numbers = np.clip(np.asarray(w, dtype=np.float64), LEAST, MOST)
    return found
