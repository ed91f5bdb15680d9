"""One rating: what FSRS makes of a card, a rating and the days between. The importer of fsrs."""

import dataclasses
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import fsrs

from flashcards.domain.records import Flashcard, Rating, State
from flashcards.scheduling.fuzz import EMPTY, Agenda, chosen_day, fuzz_range
from flashcards.scheduling.settings import ScheduleSettings

# py-fsrs counts whole 24-hour periods between two times. It is shown two times that are as many
# days apart as the learner's day rolled over.
_NOW = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Memory:
    """How long a memory lasts (days to 90 %) and how hard it is (1 to 10)."""

    stability: float
    difficulty: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rating would give: the card's next image, and the interval it would get."""

    card: Flashcard
    interval: timedelta


def remembered(
    memory: Memory | None, rating: Rating, elapsed_days: int, settings: ScheduleSettings
) -> Memory:
    """Return the memory after a rating. It does not depend on steps, nor on the card's state."""
    card = _fsrs_card(State.LEARNING, 0, memory, elapsed_days)
    after, _ = settings.scheduler().review_card(card, fsrs.Rating(int(rating)), _NOW)
    # A card that was rated always has both.
    return Memory(after.stability or 0.0, after.difficulty or 0.0)


def memory_of(card: Flashcard) -> Memory | None:
    if card.stability is None or card.difficulty is None:
        return None
    return Memory(card.stability, card.difficulty)


def elapsed_days(card: Flashcard, now: datetime, settings: ScheduleSettings) -> int | None:
    """Return how many of the learner's days lie between the last review and now."""
    return settings.day.between(card.last_review, now) if card.last_review else None


def outcomes(
    card: Flashcard,
    now: datetime,
    settings: ScheduleSettings,
    *,
    agenda: Agenda = EMPTY,
    elapsed: int | None = None,
    until: Rating = Rating.EASY,
) -> dict[Rating, Outcome]:
    """Return what each rating up to `until` would give; `sequence` is left to the caller.

    A better rating never comes back sooner: it is given a day after the rating before it where
    its range allows.
    """
    days_before = elapsed_days(card, now, settings) if elapsed is None else elapsed
    found: dict[Rating, Outcome] = {}
    latest, latest_plain = 0, 0
    for rating in Rating:
        if rating > until:
            break
        after, interval = _rated(card, rating, days_before, settings)
        state = State(int(after.state))
        if state is State.REVIEW:
            days = plain = interval.days
            if settings.fuzz:
                first, last = fuzz_range(plain, settings.maximum_interval_days)
                if latest:
                    first = max(first, min(last, latest + (plain > latest_plain)))
                today = settings.day.of(now)
                days = chosen_day(card, first, last, today=today, settings=settings, agenda=agenda)
                latest, latest_plain = days, plain
            interval, due = timedelta(days=days), settings.day.later(now, days)
        else:
            due = now + interval
        changed = dataclasses.replace(
            card,
            state=state,
            step=after.step,
            stability=after.stability,
            difficulty=after.difficulty,
            due=due,
            last_review=now,
            reps=card.reps + 1,
            lapses=card.lapses + (card.state is State.REVIEW and rating is Rating.AGAIN),
        )
        found[rating] = Outcome(changed, interval)
    return found


def interval_days(memory: Memory, settings: ScheduleSettings) -> int:
    """Return the days until the memory falls to the desired retention, at least 1; no fuzz."""
    decay = -settings.parameters[20]
    factor = 0.9 ** (1 / decay) - 1
    days = round(memory.stability / factor * (settings.desired_retention ** (1 / decay) - 1))
    return int(min(max(days, 1), settings.maximum_interval_days))


def from_sm2(ease: float, interval_days: float, settings: ScheduleSettings) -> Memory:
    """Return the memory that an interval and an ease factor (2.5 is SM-2's first) stand for.

    The interval is taken for the days to 90 %, and the difficulty is the one with which FSRS's own
    rule for a Good answer, given after that interval, lengthens it by the ease factor.
    Source: FSRS's increase of stability, solved for the difficulty.
    """
    weights = settings.parameters
    stability = max(interval_days, 0.1)
    growth = math.exp(weights[8]) * stability ** -weights[9] * math.expm1(0.1 * weights[10])
    difficulty = 11 - (ease - 1) / growth
    return Memory(stability, min(max(difficulty, 1.0), 10.0))


def _rated(
    card: Flashcard, rating: Rating, days_before: int | None, settings: ScheduleSettings
) -> tuple[fsrs.Card, timedelta]:
    """Return what FSRS makes of one rating, and the interval; the due time is yet to be chosen."""
    is_new = card.state is State.NEW
    before = _fsrs_card(
        State.LEARNING if is_new else card.state,
        0 if is_new else card.step,
        memory_of(card),
        days_before,
    )
    after, _ = settings.scheduler().review_card(before, fsrs.Rating(int(rating)), _NOW)
    return after, after.due - _NOW


def _fsrs_card(
    state: State, step: int | None, memory: Memory | None, days_before: int | None
) -> fsrs.Card:
    return fsrs.Card(
        card_id=1,  # py-fsrs reads the clock (and sleeps) to make one up
        state=fsrs.State(int(state)),
        step=step,
        stability=memory.stability if memory else None,
        difficulty=memory.difficulty if memory else None,
        due=_NOW,
        last_review=None if days_before is None else _NOW - timedelta(days=days_before),
    )
