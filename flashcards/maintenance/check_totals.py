"""Whether the review totals, which statistics read, have every answer of the log."""

from uuid import UUID

import numpy as np

from flashcards import store
from flashcards.store import Numbers

# A learner who answers meanwhile makes the log and the totals differ for a moment.
READINGS = 3


def missing(owner_id: UUID) -> int:
    """Return how many answers of an owner's log their totals lack.

    What the totals have beyond the log is right: it was answered for cards that were erased since.
    """
    found = 0
    for reading in range(READINGS):
        if reading:
            # A checkpoint that was cut off may have stored what it had not counted yet.
            store.settle_batches(owner_id)
            store.clear_cache()
        # In this order, so that an answer that comes in between is only in the totals.
        answers, totals = store.answers(owner_id), store.answer_totals(owner_id)
        if totals is None:
            # The next checkpoint counts them.
            return 0
        given = _keys(answers.quarters, answers.codes)
        counted = _keys(totals.quarters, totals.codes)
        keys, places = np.unique(np.concatenate([given, counted]), return_inverse=True)
        signed = np.concatenate([np.ones(len(given), np.int64), -totals.counts.astype(np.int64)])
        differences = np.bincount(places, weights=signed, minlength=len(keys))
        found = int(differences[differences > 0].sum())
        if not found:
            break
    return found


def _keys(quarters: Numbers, codes: Numbers) -> Numbers:
    """Return the quarter of an hour and the code of each row as one number."""
    keys: Numbers = quarters.astype(np.int64) << 8 | codes
    return keys
