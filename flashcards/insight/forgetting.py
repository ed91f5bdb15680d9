"""The forgetting of the last lapse: how much of what was forgotten once is known days later."""

from dataclasses import dataclass

import numpy as np

from flashcards.domain.answer_codes import IS_RECALLED
from flashcards.domain.query.syntax import Dates, Returned
from flashcards.insight.reading import Reading
from flashcards.insight.review_statistics import Recall
from flashcards.search.answered import first_tests
from flashcards.store import Numbers

# Where the bars of days since the lapse begin.
_EDGES = (1, 2, 3, 4, 6, 8, 11, 15, 21, 31, 61, 121)


@dataclass(frozen=True, slots=True)
class LapseBar:
    """Cards tested from `first_day` to `last_day` days after the lapse; None for any later."""

    first_day: int
    last_day: int | None
    recall: Recall
    # The cards that were tested.
    search: str


@dataclass(frozen=True, slots=True)
class Forgetting:
    """How well cards are known after they were forgotten.

    A lapse is a card in review that was answered Again. Of each lapse the first test counts: the
    first review on a later day, by how many of the learner's days lie between the two. Until then
    nothing but the steps of that day has strengthened the memory, so the bars are its forgetting
    curve. Tests of the span count, wherever their lapse was.
    """

    bars: tuple[LapseBar, ...]

    @property
    def all(self) -> Recall:
        return sum((bar.recall for bar in self.bars), Recall())


def forgetting(reading: Reading) -> Forgetting:
    """Return the forgetting curve after a lapse. The one chart that always reads the log."""
    days, recalled = _first_tests(reading)
    at = np.searchsorted(_EDGES, days, side="right") - 1
    tests = np.bincount(at, minlength=len(_EDGES)).tolist()
    known = np.bincount(at[recalled], minlength=len(_EDGES)).tolist()
    filled = [number for number, count in enumerate(tests) if count]
    lasts = [edge - 1 for edge in _EDGES[1:]]
    dates = Dates(reading.first, reading.today)
    bars = []
    for number in range(max(filled, default=-1) + 1):
        first, last = _EDGES[number], lasts[number] if number < len(lasts) else None
        search = reading.search(Returned(dates, first, last))
        bars.append(LapseBar(first, last, Recall(tests[number], known[number]), search))
    return Forgetting(tuple(bars))


def _first_tests(reading: Reading) -> tuple[Numbers, Numbers]:
    """Return the days since the lapse of each first test in the span, and which were recalled."""
    answers = reading.answers
    after, before = first_tests(answers, reading.answered)
    days = reading.day_numbers(answers.quarters[after])
    apart = days - reading.day_numbers(answers.quarters[before])
    first = (reading.first - reading.today).days
    kept = (apart >= 1) & (days >= first) & (days <= 0)
    return apart[kept], IS_RECALLED[answers.codes[after[kept]]]
