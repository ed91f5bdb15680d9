"""The forgetting of the last lapse: how much of what was forgotten once is known days later."""

from dataclasses import dataclass

import numpy as np

from flashcards.domain.answer_codes import IS_LAPSE, IS_RECALLED, IS_REVIEW, IS_SPACED
from flashcards.insight.reading import Reading
from flashcards.insight.review_statistics import Recall
from flashcards.store import Numbers

# Where the bars of days since the lapse begin.
_EDGES = (1, 2, 3, 4, 6, 8, 11, 15, 21, 31, 61, 121)


@dataclass(frozen=True, slots=True)
class LapseBar:
    """Cards tested from `first_day` to `last_day` days after the lapse; None for any later."""

    first_day: int
    last_day: int | None
    recall: Recall


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
    return Forgetting(
        tuple(
            LapseBar(
                _EDGES[number],
                lasts[number] if number < len(lasts) else None,
                Recall(tests[number], known[number]),
            )
            for number in range(max(filled, default=-1) + 1)
        )
    )


def _first_tests(reading: Reading) -> tuple[Numbers, Numbers]:
    """Return the days since the lapse of each first test in the span, and which were recalled."""
    answers = reading.answers
    codes = answers.codes
    is_lapse, is_test = IS_LAPSE[codes], (IS_REVIEW & IS_SPACED)[codes]
    bears = is_lapse | is_test
    if reading.answered is not None:
        bears &= reading.answered
    # Only the cards that lapsed bear on it.
    lapsed = np.zeros(int(answers.cards.max(initial=-1)) + 1, dtype=bool)
    lapsed[answers.cards[is_lapse]] = True
    chosen = np.flatnonzero(bears & lapsed[answers.cards])
    chosen = chosen[np.lexsort((answers.quarters[chosen], answers.cards[chosen]))]
    cards = answers.cards[chosen]
    # The row before: if it is a lapse of the same card, this is the first test after it.
    follows = is_lapse[chosen[:-1]] & is_test[chosen[1:]] & (cards[1:] == cards[:-1])
    after, before = chosen[1:][follows], chosen[:-1][follows]
    days = reading.day_numbers(answers.quarters[after])
    apart = days - reading.day_numbers(answers.quarters[before])
    first = (reading.first - reading.today).days
    kept = (apart >= 1) & (days >= first) & (days <= 0)
    return apart[kept], IS_RECALLED[codes[after[kept]]]
