"""Facts: what can honestly be said of recall in a sentence.

A difference counts only if chance would not explain it: by a test of two shares at the level of one
in twenty, made stricter where several are looked at for the best.
"""

import enum
from dataclasses import dataclass
from statistics import NormalDist

from flashcards.insight.aims import Aim
from flashcards.insight.review_statistics import Hour, Hours, Recall
from flashcards.review.summary import TESTED_ENOUGH

# One in twenty.
CHANCE = 0.05
# Tests in an hour that are worth comparing.
ENOUGH_IN_AN_HOUR = 30


class Standing(enum.Enum):
    """How recall compares with what is asked for."""

    TOO_FEW = "too few"
    AS_DESIRED = "as desired"
    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class HourFact:
    """An hour of the day (0 to 23) at which recall is other than at all others together."""

    hour: int
    recall: Recall
    others: Recall


def standing_of(recall: Recall, aim: Aim) -> Standing:
    """Return how recall compares with the aim."""
    interval = recall.interval
    if interval is None or recall.tested < TESTED_ENOUGH:
        return Standing.TOO_FEW
    low, high = interval
    if low <= aim.mean <= high:
        return Standing.AS_DESIRED
    return Standing.ABOVE if low > aim.mean else Standing.BELOW


def comparable(hours: Hours) -> list[Hour]:
    """Return the hours with enough tests to compare them."""
    return [each for each in hours.hours if each.recall.tested >= ENOUGH_IN_AN_HOUR]


def best_hour(hours: Hours) -> HourFact | None:
    """Return the hour at which most is recalled, if it stands out from all others together."""
    return _hour_that_stands_out(hours, 1)


def worst_hour(hours: Hours) -> HourFact | None:
    """Return the hour at which least is recalled, if it stands out from all others together."""
    return _hour_that_stands_out(hours, -1)


def differ(one: Recall, other: Recall, *, chance: float = CHANCE) -> bool:
    """Tell whether two shares differ by more than chance explains (a test of two proportions)."""
    if not one.tested or not other.tested:
        return False
    both = one + other
    share = both.recalled / both.tested
    spread = (share * (1 - share) * (1 / one.tested + 1 / other.tested)) ** 0.5
    apart = abs(one.recalled / one.tested - other.recalled / other.tested)
    return bool(spread > 0 and apart / spread > NormalDist().inv_cdf(1 - chance / 2))


def _hour_that_stands_out(hours: Hours, sign: int) -> HourFact | None:
    every = sum((each.recall for each in hours.hours), Recall())
    tried = comparable(hours)
    if len(tried) < 2:
        return None
    found = max(tried, key=lambda each: sign * _share(each.recall))
    recalled = every.recalled - found.recall.recalled
    others = Recall(every.tested - found.recall.tested, recalled)
    # The best of several is the best by chance, too, if they are all alike.
    if sign * (_share(found.recall) - _share(others)) <= 0:
        return None
    if not differ(found.recall, others, chance=CHANCE / len(tried)):
        return None
    return HourFact(found.hour, found.recall, others)


def _share(recall: Recall) -> float:
    return recall.recalled / recall.tested
