"""A plain recount: each statistic worked out from the log in the simplest way there is."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flashcards import scheduling
from flashcards.domain.records import LogKind, Rating, ReviewLog, State
from flashcards.domain.study_day import Day
from flashcards.insight.statistics import Kinds, Period, Recall

DAY = timedelta(days=1)
KINDS = ("learn", "review", "relearn", "cram")


@dataclass
class Recount:
    """The answers from `first` to `last` that were not taken back, one by one."""

    # Of any time.
    every: list[ReviewLog]
    day: Day
    first: date
    last: date

    @classmethod
    def of(
        cls,
        logs: Iterable[ReviewLog],
        day: Day,
        first: date,
        last: date,
        counts: Callable[[UUID], bool] = lambda _: True,
    ) -> "Recount":
        """Return those of the cards that count."""
        every = [each for each in scheduling.effective(logs) if counts(each.flashcard_id)]
        return cls(every, day, first, last)

    @property
    def whole(self) -> Period:
        return Period(self.first, self.last)

    def answers(self, period: Period | None = None) -> list[ReviewLog]:
        wanted = period or self.whole
        return [
            log for log in self.every if wanted.first <= self.day.of(log.reviewed_at) <= wanted.last
        ]

    def reviews(self, period: Period | None = None) -> list[ReviewLog]:
        return [log for log in self.answers(period) if log.kind is not LogKind.CRAM]

    def kinds(self, period: Period | None = None) -> tuple[Kinds, Kinds]:
        """Return the answers of each kind, and their seconds."""
        counts, times = Counter[str](), Counter[str]()
        for log in self.answers(period):
            counts[log.kind.value] += 1
            times[log.kind.value] += log.duration_ms
        return Kinds(*(counts[n] for n in KINDS)), Kinds(*(times[n] / 1000 for n in KINDS))

    def recalls(self, period: Period | None = None) -> tuple[Recall, Recall]:
        """Return what was recalled of young cards, and of mature ones."""
        logs = self.reviews(period)
        young = [log for log in logs if not is_mature(log)]
        return recall_of(young), recall_of([log for log in logs if is_mature(log)])

    def hours(self) -> list[tuple[int, Recall]]:
        by_hour = [self.at_hour(hour) for hour in range(24)]
        return [(len(logs), recall_of(logs)) for logs in by_hour]

    def at_hour(self, hour: int) -> list[ReviewLog]:
        zone = self.day.zone
        return [log for log in self.reviews() if log.reviewed_at.astimezone(zone).hour == hour]

    def buttons(self) -> list[tuple[int, ...]]:
        logs = self.reviews()
        known = [log for log in logs if log.state_before is State.REVIEW]
        return [
            ratings_of([log for log in logs if log.state_before is not State.REVIEW]),
            ratings_of([log for log in known if not is_mature(log)]),
            ratings_of([log for log in known if is_mature(log)]),
        ]

    def learnt(self, period: Period | None = None) -> int:
        return sum(log.state_before is State.NEW for log in self.reviews(period))

    def studied(self) -> set[date]:
        return {self.day.of(log.reviewed_at) for log in self.answers()}

    def cards(self, period: Period, wanted: Callable[[ReviewLog], bool]) -> set[UUID]:
        """Return the cards with such a review."""
        return {log.flashcard_id for log in self.reviews(period) if wanted(log)}

    def after_lapses(self) -> Counter[tuple[int, bool]]:
        """Return how many first tests there were so many days after a lapse, recalled or not."""
        return Counter((days, is_recalled) for _, days, is_recalled in self.first_tests())

    def first_tests(self) -> Iterator[tuple[UUID, int, bool]]:
        """Yield the card of each first test after a lapse, the days since, and if recalled."""
        lapses: dict[Any, ReviewLog | None] = {}
        for log in self.every:
            if log.kind is LogKind.CRAM:
                continue
            lapse = lapses.get(log.flashcard_id)
            if is_spaced(log):
                if lapse is not None:
                    on = self.day.of(log.reviewed_at)
                    apart = (on - self.day.of(lapse.reviewed_at)).days
                    if apart >= 1 and self.first <= on <= self.last:
                        yield log.flashcard_id, apart, log.rating is not Rating.AGAIN
                lapses[log.flashcard_id] = None
            if log.rating is Rating.AGAIN and log.state_before is State.REVIEW:
                lapses[log.flashcard_id] = log


def recall_of(logs: Iterable[ReviewLog]) -> Recall:
    tests = [log for log in logs if log.state_before is State.REVIEW and is_spaced(log)]
    return Recall(len(tests), sum(log.rating is not Rating.AGAIN for log in tests))


def ratings_of(logs: Iterable[ReviewLog]) -> tuple[int, ...]:
    counts = Counter(log.rating for log in logs)
    return tuple(counts[rating] for rating in Rating)


def is_spaced(log: ReviewLog) -> bool:
    return log.elapsed_days is not None and log.elapsed_days >= 1


def is_mature(log: ReviewLog) -> bool:
    return log.stability_before is not None and log.stability_before >= 21
