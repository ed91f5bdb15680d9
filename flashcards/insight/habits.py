"""A learner's habits: how often they press each button, and how long an answer takes them."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flashcards.domain.answer_codes import IS_REVIEW, RATING_OF, STATE_OF
from flashcards.domain.records import Rating, State
from flashcards.insight.totals import totals_by_code
from flashcards.review.pace import ENOUGH_REVIEWS, SECONDS_RANGE
from flashcards.scheduling.simulation.habits import TYPICAL, Answers, Four, Habits

LOOK_BACK = timedelta(days=180)
# With fewer answers with a button, their time is the typical one, at the learner's pace.
ENOUGH_OF_A_BUTTON = 10
# So many answers of somebody typical are mixed with the learner's own: no button is impossible.
_TYPICAL_ANSWERS = 5.0
_KINDS = {
    State.NEW: "first",
    State.LEARNING: "steps",
    State.RELEARNING: "steps",
    State.REVIEW: "review",
}


@dataclass(frozen=True)
class OwnHabits:
    """A learner's habits, and which kinds of answers had to be taken from somebody typical."""

    habits: Habits
    answers: int
    typical: tuple[str, ...]

    @property
    def is_own(self) -> bool:
        """Tell whether reviews, which are most of the answers, are the learner's own."""
        return "review" not in self.typical


def habits_of(*, owner_id: UUID, now: datetime) -> OwnHabits:
    """Return how a learner has answered for half a year. One SQL query, two the first time."""
    counts: dict[str, Counter[int]] = {kind: Counter() for kind in _KINDS.values()}
    times: dict[str, Counter[int]] = {kind: Counter() for kind in _KINDS.values()}
    for code, reviews, milliseconds in totals_by_code(owner_id, now - LOOK_BACK):
        if IS_REVIEW[code]:
            kind, rating = _KINDS[State(STATE_OF[code])], int(RATING_OF[code])
            counts[kind][rating] += reviews
            times[kind][rating] += milliseconds
    pace = _pace(counts, times)
    found = {
        kind: _answers(getattr(TYPICAL, kind), counts[kind], times[kind], pace) for kind in counts
    }
    few = tuple(kind for kind in counts if counts[kind].total() < ENOUGH_REVIEWS)
    return OwnHabits(Habits(**found), sum(each.total() for each in counts.values()), few)


def _answers(typical: Answers, counts: Counter[int], times: Counter[int], pace: float) -> Answers:
    total = counts.total()
    shares, seconds = typical.shares, [pace * each for each in typical.seconds]
    if total >= ENOUGH_REVIEWS:
        mixed = [
            counts[rating] + _TYPICAL_ANSWERS * typical.shares[rating - 1] for rating in Rating
        ]
        shares = _four([each / sum(mixed) for each in mixed])
    for rating in Rating:
        if counts[rating] >= ENOUGH_OF_A_BUTTON and times[rating]:
            seconds[rating - 1] = _within(times[rating] / counts[rating] / 1000)
    return Answers(shares, _four(seconds))


def _pace(counts: dict[str, Counter[int]], times: dict[str, Counter[int]]) -> float:
    """Return how long the learner takes for one second of somebody typical."""
    theirs = typical = 0.0
    for kind, of_kind in counts.items():
        for rating in Rating:
            if of_kind[rating] and times[kind][rating]:
                theirs += times[kind][rating] / 1000
                typical += of_kind[rating] * getattr(TYPICAL, kind).seconds[rating - 1]
    enough = sum(each.total() for each in counts.values()) >= ENOUGH_REVIEWS
    return min(max(theirs / typical, 0.2), 4.0) if enough and typical else 1.0


def _within(seconds: float) -> float:
    low, high = SECONDS_RANGE
    return min(max(seconds, low), high)


def _four(numbers: list[float]) -> Four:
    again, hard, good, easy = numbers
    return again, hard, good, easy
