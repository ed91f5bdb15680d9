"""Fuzz: the day of its range on which an interval lands, with few cards and none near in meaning.

Source of the bands: fuzz as published for Anki's FSRS. The day depends on what else is due, which
a replay does not know; so the log row stores it (`scheduled_days`).
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flashcards.domain.records import Flashcard
from flashcards.scheduling.settings import ScheduleSettings

# (from, to, share) in days: an interval may move by the sum of the shares it passes through.
FUZZ_BANDS = ((2.5, 7.0, 0.15), (7.0, 20.0, 0.10), (20.0, float("inf"), 0.05))
FUZZ_FLOOR_DAYS = 2.5


def _nothing(first: int, last: int) -> Sequence[int]:
    return [0] * (last - first + 1)


@dataclass(frozen=True)
class Agenda:
    """What is due when, in the learner's days from today (0)."""

    # How many cards are due on each day from the first to the last, both included.
    counts: Callable[[int, int], Sequence[int]] = _nothing
    # Days on which a card near in meaning to this one is due.
    near: frozenset[int] = frozenset()

    def is_beside(self, day: int) -> bool:
        """Tell whether a card near in meaning is due that day, the day before or the day after."""
        return not self.near.isdisjoint((day - 1, day, day + 1))


EMPTY = Agenda()


def fuzz_range(interval_days: int, maximum_days: int) -> tuple[int, int]:
    """Return the first and last day an interval may land on, both included."""
    if interval_days < FUZZ_FLOOR_DAYS:
        return interval_days, interval_days
    delta = 1.0 + sum(
        share * max(min(interval_days, end) - start, 0.0) for start, end, share in FUZZ_BANDS
    )
    last = min(round(interval_days + delta), maximum_days)
    return min(max(2, round(interval_days - delta)), last), last


def fits(card: Flashcard, first: int, last: int, settings: ScheduleSettings) -> bool:
    """Tell whether the day on which a card is due is within its range.

    A day that was chosen for its load or for a neighbour is. A day on which nothing should come
    (an easy day of 0 %) is not, where the range has another day.
    """
    if card.last_review is None:
        return False
    day = settings.day.of(card.due)
    shut = settings.fuzz and first < last and settings.easy_days[day.weekday()] == 0
    return first <= (day - settings.day.of(card.last_review)).days <= last and not shut


def chosen_day(
    card: Flashcard,
    first: int,
    last: int,
    *,
    today: date,
    settings: ScheduleSettings,
    agenda: Agenda = EMPTY,
) -> int:
    """Return the day of a range, in days from today, on which the card will be due.

    Days beside a card near in meaning come last; then the day with the fewest cards for what the
    learner wants of its weekday; between equals a draw that is the card's own.
    """
    if first >= last:
        return last
    drawn = _draw(card, first, last)
    counts = agenda.counts(first, last)

    def cost(day: int) -> tuple[bool, bool, float, int]:
        weight = settings.easy_days[(today + timedelta(days=day)).weekday()]
        # A day that should get nothing gets something only if all of the range is such days.
        load = (counts[day - first] + 1) * 100 / (weight or 1)
        return weight == 0, agenda.is_beside(day), load, abs(day - drawn)

    return min(range(first, last + 1), key=cost)


def _draw(card: Flashcard, first: int, last: int) -> int:
    seed = hashlib.blake2b(card.id.bytes + card.reps.to_bytes(4, "big"), digest_size=8).digest()
    # The same share of the range for each rating, so that Easy does not come before Good.
    return first + int.from_bytes(seed, "big") * (last - first + 1) // 2**64
