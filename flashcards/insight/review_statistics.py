"""Statistics of answers: what was reviewed when, for how long, and how much was recalled."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from flashcards.domain.answer_codes import (
    CODES,
    IS_MATURE,
    IS_RECALLED,
    IS_REVIEW,
    IS_TEST,
    KIND_OF,
    KINDS,
    RATING_OF,
    STATE_OF,
)
from flashcards.domain.query.syntax import Dates, Rated
from flashcards.domain.records import Rating, State
from flashcards.insight.aims import Aim, aim_of
from flashcards.insight.reading import Reading
from flashcards.insight.spans import DAY, Period, Step, periods, step_for, summed
from flashcards.insight.tallies import Tally, group_of
from flashcards.review.streak import run_of
from flashcards.store import Numbers

# How many answers were Again, Hard, Good, Easy.
Ratings = tuple[int, int, int, int]
# So many days the calendar shows at least.
CALENDAR_DAYS = 371
_EVERY_KIND = group_of(*[np.asarray(place == KIND_OF) for place, _ in enumerate(KINDS)])
_IS_YOUNG_TEST, _IS_MATURE_TEST = IS_TEST & ~IS_MATURE, IS_TEST & IS_MATURE
_TESTS = group_of(
    _IS_YOUNG_TEST & IS_RECALLED,
    _IS_YOUNG_TEST,
    _IS_MATURE_TEST & IS_RECALLED,
    _IS_MATURE_TEST,
)
_IS_KNOWN = STATE_OF == State.REVIEW
_BUTTON_MASKS = (
    IS_REVIEW & ~_IS_KNOWN,
    IS_REVIEW & _IS_KNOWN & ~IS_MATURE,
    IS_REVIEW & _IS_KNOWN & IS_MATURE,
)
_BUTTONS = group_of(*(mask & (rating == RATING_OF) for mask in _BUTTON_MASKS for rating in Rating))
FIRST = group_of(IS_REVIEW & (STATE_OF == State.NEW))
_ANY = group_of(np.ones(CODES, dtype=bool))
_HOURLY = group_of(IS_TEST & IS_RECALLED, IS_TEST, IS_REVIEW)


@dataclass(frozen=True, slots=True)
class Recall:
    """How many reviews tested a known card after a day or more, and how many recalled it.

    Their share is the true retention.
    """

    tested: int = 0
    recalled: int = 0

    @property
    def share(self) -> float | None:
        """Return the share that was recalled, 0 to 1; None without a test."""
        return self.recalled / self.tested if self.tested else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return between which shares the memory lies, in 19 of 20 cases (Wilson's interval)."""
        if not self.tested:
            return None
        share, n, z = self.recalled / self.tested, self.tested, 1.96
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        reach = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def __add__(self, other: "Recall") -> "Recall":
        return Recall(self.tested + other.tested, self.recalled + other.recalled)


@dataclass(frozen=True, slots=True)
class Kinds:
    """A number for each kind of answer: of cards in their first steps (new ones among them), in
    review, in the steps after they were forgotten, and in practice.
    """

    learn: float = 0
    review: float = 0
    relearn: float = 0
    cram: float = 0

    @property
    def total(self) -> float:
        return self.learn + self.review + self.relearn + self.cram


@dataclass(frozen=True, slots=True)
class Today:
    """The learner's day so far."""

    date: date
    # How many answers, and how many seconds they took.
    answers: Kinds
    seconds: Kinds
    # Answers Again, Hard, Good, Easy; practice is left out.
    by_rating: Ratings
    young: Recall
    mature: Recall
    # Cards reviewed for the first time.
    learnt: int
    # The cards that were reviewed.
    search: str

    @property
    def recall(self) -> Recall:
        return self.young + self.mature


@dataclass(frozen=True, slots=True)
class RetentionBar:
    period: Period
    young: Recall
    mature: Recall
    # The cards that were reviewed, and those that were forgotten or not known.
    search: str
    forgotten_search: str

    @property
    def all(self) -> Recall:
        return self.young + self.mature


@dataclass(frozen=True, slots=True)
class Retention:
    """True retention: the share of known cards that were recalled after a day or more.

    Mature is a card whose stability was 21 days or more before the review.
    """

    step: Step
    bars: tuple[RetentionBar, ...]
    young: Recall
    mature: Recall
    aim: Aim

    @property
    def all(self) -> Recall:
        return self.young + self.mature


@dataclass(frozen=True, slots=True)
class ReviewBar:
    period: Period
    answers: Kinds
    seconds: Kinds
    search: str


@dataclass(frozen=True, slots=True)
class Reviews:
    """Answers and the seconds they took, by day, week or month, and by kind."""

    step: Step
    bars: tuple[ReviewBar, ...]
    answers: Kinds
    seconds: Kinds
    days: int
    # On so many of them anything was answered.
    studied_days: int


@dataclass(frozen=True, slots=True)
class CalendarDay:
    date: date
    answers: int
    seconds: float
    search: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """Every day of the span (of a year at least), oldest first, and the run of days.

    A run goes on over a single day off, as on the Today page.
    """

    days: tuple[CalendarDay, ...]
    # The run that goes on today or went on yesterday.
    run: int
    run_days_off: int
    studied_days: int


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the learner's clock, 0 to 23: its reviews, practice left out, and their recall."""

    hour: int
    reviews: int
    recall: Recall
    # The cards that were reviewed.
    search: str


@dataclass(frozen=True, slots=True)
class Hours:
    hours: tuple[Hour, ...]


@dataclass(frozen=True, slots=True)
class Buttons:
    """Answers by rating: Again, Hard, Good, Easy. Practice is left out."""

    # New cards and those in their steps; known cards before and after 21 days of stability.
    learning: Ratings
    young: Ratings
    mature: Ratings
    # The cards that were answered so, whatever they were then.
    searches: tuple[str, str, str, str]


def today(reading: Reading) -> Today:
    """Return the learner's day so far, whatever the span."""
    tally = reading.tally_of(reading.today)
    young, mature = _recalls(tally.by_day(*_TESTS)[0])
    return Today(
        reading.today,
        _kinds(tally.by_day(*_EVERY_KIND)[0]),
        _seconds(tally.milliseconds_by_day(*_EVERY_KIND)[0]),
        _ratings(tally.total(*_BUTTONS).reshape(3, 4).sum(axis=0)),
        young,
        mature,
        int(tally.total(*FIRST)[0]),
        reading.search(Rated(1)),
    )


def retention(reading: Reading, step: Step | None = None) -> Retention:
    """Return the true retention of the span, by day, week or month."""
    tally = reading.tally
    step, bars = bars_of(tally, step)
    sums = summed(tally.by_day(*_TESTS), bars)
    found = []
    for bar, row in zip(bars, sums, strict=True):
        dates = dates_of(bar)
        found.append(
            RetentionBar(
                bar,
                *_recalls(row),
                reading.search(Rated(dates)),
                reading.search(Rated(dates, Rating.AGAIN)),
            )
        )
    return Retention(step, tuple(found), *_recalls(sums.sum(axis=0)), aim_of(reading))


def reviews(reading: Reading, step: Step | None = None) -> Reviews:
    """Return how much was answered in the span, and how long it took."""
    tally = reading.tally
    step, bars = bars_of(tally, step)
    by_day, times = tally.by_day(*_EVERY_KIND), tally.milliseconds_by_day(*_EVERY_KIND)
    found = tuple(
        ReviewBar(bar, _kinds(row), _seconds(spent), reading.search(Rated(dates_of(bar))))
        for bar, row, spent in zip(bars, summed(by_day, bars), summed(times, bars), strict=True)
    )
    studied = int(np.count_nonzero(by_day.sum(axis=1)))
    return Reviews(
        step,
        found,
        _kinds(by_day.sum(axis=0)),
        _seconds(times.sum(axis=0)),
        tally.length,
        studied,
    )


def calendar(reading: Reading) -> Calendar:
    """Return how much was answered on each day of the span, but of a year at least."""
    first = min(reading.first, reading.today - (CALENDAR_DAYS - 1) * DAY)
    tally = reading.tally_of(first)
    counts, times = tally.by_day(*_ANY)[:, 0], tally.milliseconds_by_day(*_ANY)[:, 0]
    days = [
        CalendarDay(
            first + timedelta(days=number),
            count,
            spent / 1000,
            reading.search(Rated(Dates.of(first + timedelta(days=number)))) if count else "",
        )
        for number, (count, spent) in enumerate(zip(counts.tolist(), times.tolist(), strict=True))
    ]
    studied = {each.date for each in days if each.answers}
    run, off = run_of(studied, reading.today)
    return Calendar(tuple(days), run, off, len(studied))


def hours(reading: Reading) -> Hours:
    """Return how much was reviewed, and how well, by the hour of the learner's clock."""
    table = reading.tally.by_hour(*_HOURLY).tolist()
    dates = Dates(reading.first, reading.today)
    return Hours(
        tuple(
            Hour(
                hour,
                sum(row),
                Recall(row[0] + row[1], row[0]),
                reading.search(Rated(dates, hour=hour)),
            )
            for hour, row in enumerate(table)
        )
    )


def buttons(reading: Reading) -> Buttons:
    """Return how often each button was pressed for cards of each kind."""
    learning, young, mature = map(_ratings, reading.tally.total(*_BUTTONS).reshape(3, 4))
    dates = Dates(reading.first, reading.today)
    again, hard, good, easy = (reading.search(Rated(dates, rating)) for rating in Rating)
    return Buttons(learning, young, mature, (again, hard, good, easy))


def bars_of(tally: Tally, step: Step | None) -> tuple[Step, tuple[Period, ...]]:
    """Return the bars to cut a tally into."""
    chosen = step or step_for(tally.length)
    return chosen, periods(tally.first, tally.last, chosen)


def dates_of(bar: Period) -> Dates:
    return Dates(bar.first, bar.last)


def _recalls(row: Numbers) -> tuple[Recall, Recall]:
    young, not_young, mature, not_mature = row.tolist()
    return Recall(young + not_young, young), Recall(mature + not_mature, mature)


def _ratings(row: Numbers) -> Ratings:
    again, hard, good, easy = row.tolist()
    return again, hard, good, easy


def _kinds(row: Numbers) -> Kinds:
    return Kinds(*row.tolist())


def _seconds(row: Numbers) -> Kinds:
    return Kinds(*(each / 1000 for each in row.tolist()))
