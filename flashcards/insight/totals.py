"""The totals of all of a learner's answers, wherever they are to be had."""

from datetime import datetime
from uuid import UUID

import numpy as np

from flashcards import store
from flashcards.domain.answer_codes import CODES, QUARTER_MICROS
from flashcards.domain.study_day import micros
from flashcards.store import AnswerTotals


def totals_of(owner_id: UUID) -> AnswerTotals:
    """Return how many answers a learner gave when. One SQL query, two the first time.

    From the totals. Right after an upgrade they may not be counted: then from the log.
    """
    totals = store.answer_totals(owner_id)
    if totals is not None:
        return totals
    answers = store.answers(owner_id)
    each = np.ones(len(answers), dtype=np.int32)
    times = answers.durations_ms.astype(np.int64)
    return AnswerTotals(answers.quarters, answers.codes, each, times)


def totals_by_code(owner_id: UUID, since: datetime) -> list[tuple[int, int, int]]:
    """Return (code, answers, milliseconds) of all that was answered since a time."""
    totals = totals_of(owner_id)
    recent = totals.quarters >= micros(since) // QUARTER_MICROS
    codes = totals.codes[recent]
    sums = (
        np.bincount(codes, weights=numbers[recent], minlength=CODES).astype(np.int64).tolist()
        for numbers in (totals.counts, totals.durations_ms)
    )
    rows = zip(range(CODES), *sums, strict=True)
    return [(code, count, spent) for code, count, spent in rows if count > 0]
