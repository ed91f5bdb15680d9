"""Facts: what can honestly be said of statistics in a sentence; None or TOO_FEW where nothing can.

A difference counts only if chance would not explain it: by a test of two shares at the level of one
in twenty, made stricter where several are looked at for the best.
"""

import enum
from dataclasses import dataclass
from statistics import NormalDist

from flashcards.insight.aims import Aim
from flashcards.insight.card_statistics import CardCounts, FutureDue
from flashcards.insight.review_statistics import Hours, Recall, Retention, Reviews
from flashcards.review.summary import TESTED_ENOUGH

# One in twenty.
CHANCE = 0.05
# Tests in an hour, and in each half of a span, that are worth comparing.
ENOUGH_IN_AN_HOUR = 30
ENOUGH_IN_A_HALF = 50
# Known cards, and days of study, of which a share or a mean says something.
ENOUGH_CARDS = 20
ENOUGH_DAYS = 5


class Standing(enum.Enum):
    """How retention compares with what is asked for."""

    TOO_FEW = "too few"
    AS_DESIRED = "as desired"
    ABOVE = "above"
    BELOW = "below"


class Trend(enum.Enum):
    """How retention changed from the first half of a span to the second."""

    TOO_FEW = "too few"
    STEADY = "steady"
    RISING = "rising"
    FALLING = "falling"


@dataclass(frozen=True, slots=True)
class RetentionFact:
    """True retention against the aim, and whether it changed."""

    recall: Recall
    aim: Aim
    standing: Standing
    trend: Trend
    # Of the halves that were compared.
    earlier: Recall
    later: Recall


@dataclass(frozen=True, slots=True)
class HourFact:
    """An hour of the day (0 to 23) at which recall is other than at all others together."""

    hour: int
    recall: Recall
    others: Recall


@dataclass(frozen=True, slots=True)
class MaturityFact:
    """How many of the cards in review have a stability of 21 days or more."""

    mature: int
    known: int

    @property
    def share(self) -> float:
        return self.mature / self.known


@dataclass(frozen=True, slots=True)
class PaceFact:
    """The mean of the days on which anything was answered."""

    days: int
    answers_a_day: float
    minutes_a_day: float
    seconds_an_answer: float


def retention_fact(retention: Retention) -> RetentionFact:
    """Return how recall compares with the aim, and how it changed over the span."""
    half = len(retention.bars) // 2
    earlier = sum((bar.all for bar in retention.bars[:half]), Recall())
    later = sum((bar.all for bar in retention.bars[half:]), Recall())
    standing = _standing(retention.all, retention.aim)
    return RetentionFact(
        retention.all, retention.aim, standing, _trend(earlier, later), earlier, later
    )


def best_hour(hours: Hours) -> HourFact | None:
    """Return the hour at which most is recalled, if it stands out from all others together."""
    return _hour_that_stands_out(hours, 1)


def worst_hour(hours: Hours) -> HourFact | None:
    """Return the hour at which least is recalled, if it stands out from all others together."""
    return _hour_that_stands_out(hours, -1)


def maturity(counts: CardCounts) -> MaturityFact | None:
    """Return how many of the cards in review are mature; None for a handful of cards."""
    known = counts.young + counts.mature
    return MaturityFact(counts.mature, known) if known >= ENOUGH_CARDS else None


def pace(reviews: Reviews) -> PaceFact | None:
    """Return what a day of study has; None after a few days."""
    days, answers = reviews.studied_days, reviews.answers.total
    if days < ENOUGH_DAYS or not answers:
        return None
    seconds = reviews.seconds.total
    return PaceFact(days, answers / days, seconds / 60 / days, seconds / answers)


def days_of_backlog(due: FutureDue, reviews: Reviews) -> float | None:
    """Return how many days of study, as they were in the span, the backlog is worth."""
    fact = pace(reviews)
    return due.backlog / fact.answers_a_day if fact is not None and due.backlog else None


def differ(one: Recall, other: Recall, *, chance: float = CHANCE) -> bool:
    """Tell whether two shares differ by more than chance explains (a test of two proportions)."""
    if not one.tested or not other.tested:
        return False
    both = one + other
    share = both.recalled / both.tested
    spread = (share * (1 - share) * (1 / one.tested + 1 / other.tested)) ** 0.5
    apart = abs(one.recalled / one.tested - other.recalled / other.tested)
    return bool(spread > 0 and apart / spread > NormalDist().inv_cdf(1 - chance / 2))


def _standing(recall: Recall, aim: Aim) -> Standing:
    interval = recall.interval
    if interval is None or recall.tested < TESTED_ENOUGH:
        return Standing.TOO_FEW
    low, high = interval
    if low <= aim.mean <= high:
        return Standing.AS_DESIRED
    return Standing.ABOVE if low > aim.mean else Standing.BELOW


def _trend(earlier: Recall, later: Recall) -> Trend:
    if min(earlier.tested, later.tested) < ENOUGH_IN_A_HALF:
        return Trend.TOO_FEW
    if not differ(earlier, later):
        return Trend.STEADY
    return Trend.RISING if _share(later) > _share(earlier) else Trend.FALLING


def _hour_that_stands_out(hours: Hours, sign: int) -> HourFact | None:
    every = sum((each.recall for each in hours.hours), Recall())
    tried = [each for each in hours.hours if each.recall.tested >= ENOUGH_IN_AN_HOUR]
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
