"""Answer codes: what statistics tell answers apart by, in one byte.

The kind of the log row, the rating, the state before, whether the memory was tested, and whether it
was mature. Arrays of codes take the place of half a million records, and totals are kept by them.
"""

from typing import Any

import numpy as np

from flashcards.domain.records import LogKind, Rating, ReviewLog, State

Array = np.ndarray[Any, np.dtype[Any]]

# The kinds of rows that have a rating. A code has their place in this list.
KINDS = (LogKind.LEARN, LogKind.REVIEW, LogKind.RELEARN, LogKind.CRAM)
# A memory is mature when its stability is so many days or more: recall stays at 90% or above for
# three weeks. Anki asks the same of the interval, which depends on the desired retention as well.
MATURE_DAYS = 21.0
# An answer tests the memory if the learner's day rolled over since the one before.
SPACED_DAYS = 1.0
CODES = 256
_CRAM = KINDS.index(LogKind.CRAM)
# Days and hours of every time zone begin at a quarter of an hour of UTC: counts by it are exact.
QUARTER_MICROS = 15 * 60 * 1_000_000

_EVERY = np.arange(CODES)
# By the code: what it says.
KIND_OF: Array = (_EVERY & 3).astype(np.int8)
RATING_OF: Array = (((_EVERY >> 2) & 3) + 1).astype(np.int8)
STATE_OF: Array = ((_EVERY >> 4) & 3).astype(np.int8)
IS_SPACED: Array = (_EVERY & 64) > 0
IS_MATURE: Array = (_EVERY & 128) > 0
# Answers of a cram are practice: they take time and count for nothing else.
IS_REVIEW: Array = KIND_OF != _CRAM
# Reviews that test whether a known card is still known. Their share of recall is true retention.
IS_TEST: Array = IS_REVIEW & IS_SPACED & (STATE_OF == State.REVIEW)
IS_RECALLED: Array = RATING_OF > Rating.AGAIN
IS_LAPSE: Array = IS_REVIEW & ~IS_RECALLED & (STATE_OF == State.REVIEW)


def code_of(log: ReviewLog) -> int:
    """Return the code of a row of the log that has a rating."""
    elapsed, stability = log.elapsed_days, log.stability_before
    return (
        KINDS.index(log.kind)
        | (int(log.rating or Rating.AGAIN) - 1) << 2
        | int(log.state_before) << 4
        | (elapsed is not None and elapsed >= SPACED_DAYS) << 6
        | (stability is not None and stability >= MATURE_DAYS) << 7
    )


def codes_of(
    kinds: Array, ratings: Array, states: Array, elapsed: Array, stability: Array
) -> Array:
    """Return the codes of many rows as uint8.

    `kinds` are places in KINDS, `elapsed` and `stability` days before the review, NaN for none.
    """
    with np.errstate(invalid="ignore"):
        spaced, mature = elapsed >= SPACED_DAYS, stability >= MATURE_DAYS
    codes = kinds.astype(np.uint8) | ((ratings.astype(np.uint8) - np.uint8(1)) << 2)
    codes |= states.astype(np.uint8) << 4
    return np.asarray(codes | (spaced.astype(np.uint8) << 6) | (mature.astype(np.uint8) << 7))
