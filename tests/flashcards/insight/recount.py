"""A plain recount: each statistic worked out from the log in the simplest way there is."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flashcards import scheduling
from flashcards.domain.records import LogKind, Rating, ReviewLog, State
from flashcards.domain.study_day import Day
from flashcards.insight.statistics import Recall

DAY = timedelta(days=1)


@dataclass
class Recount:
    """The answers from `first` to `last` that were not taken back, one by one."""

    logs: list[ReviewLog]
    every: list[ReviewLog]
    day: Day
    first: date
    last: date

    @classmethod
    def of(cls, logs: Iterable[ReviewLog], day: Day, first: date, last: date) -> "Recount":
        every = scheduling.effective(logs)
        return cls(
            [each for each in every if first <= day.of(each.reviewed_at) <= last],
            every,
            day,
            first,
            last,
        )

    @property
    def reviews(self) -> list[ReviewLog]:
        return [log for log in self.logs if log.kind is not LogKind.CRAM]

    def days(self) -> list[date]:
        return [self.first + n * DAY for n in range((self.last - self.first).days + 1)]

    def by_kind(self, days: Iterable[date]) -> tuple[dict[str, int], dict[str, float]]:
        counts, seconds = Counter[str](), Counter[str]()
        for log in self.on(self.logs, days):
            counts[log.kind.value] += 1
            seconds[log.kind.value] += log.duration_ms
        names = ("learn", "review", "relearn", "cram")
        return {n: counts[n] for n in names}, {n: seconds[n] / 1000 for n in names}

    def on(self, logs: Iterable[ReviewLog], days: Iterable[date]) -> list[ReviewLog]:
        wanted = set(days)
        return [log for log in logs if self.day.of(log.reviewed_at) in wanted]

    def recall(self, logs: Iterable[ReviewLog], *, mature: bool | None = None) -> Recall:
        tests = [log for log in logs if is_test(log) and mature in (None, is_mature(log))]
        return Recall(len(tests), sum(log.rating is not Rating.AGAIN for log in tests))

    def first_reviews(self, days: Iterable[date]) -> int:
        return sum(log.state_before is State.NEW for log in self.on(self.reviews, days))

    def after_lapses(self) -> Counter[tuple[int, bool]]:
        """Return how many first tests there were so many days after a lapse, recalled or not."""
        found: Counter[tuple[int, bool]] = Counter()
        by_card: dict[Any, ReviewLog | None] = {}
        for log in self.every:
            if log.kind is LogKind.CRAM:
                continue
            lapse = by_card.get(log.flashcard_id)
            if is_spaced(log):
                if lapse is not None:
                    on = self.day.of(log.reviewed_at)
                    apart = (on - self.day.of(lapse.reviewed_at)).days
                    if apart >= 1 and self.first <= on <= self.last:
                        found[apart, log.rating is not Rating.AGAIN] += 1
                by_card[log.flashcard_id] = None
            if log.rating is Rating.AGAIN and log.state_before is State.REVIEW:
                by_card[log.flashcard_id] = log
        return found


def is_spaced(log: ReviewLog) -> bool:
    return log.elapsed_days is not None and log.elapsed_days >= 1


def is_test(log: ReviewLog) -> bool:
    known = log.state_before is State.REVIEW
    return log.kind is not LogKind.CRAM and known and is_spaced(log)


def is_mature(log: ReviewLog) -> bool:
    return log.stability_before is not None and log.stability_before >= 21
