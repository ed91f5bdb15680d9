"""Outcomes: for each rating the card's next state, and the interval it would get."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta

from flashcards.domain.records import Flashcard, Rating, State
from flashcards.scheduling.fuzz import EMPTY, Agenda, chosen_day, fuzz_range
from flashcards.scheduling.learning_steps import after_rating
from flashcards.scheduling.memory_model import Memory, memory_fields, memory_of
from flashcards.scheduling.settings import ScheduleSettings

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rating would give: the card's next image, and the interval it would get."""

    card: Flashcard
    interval: timedelta


def outcomes(
    card: Flashcard,
    now: datetime,
    settings: ScheduleSettings,
    *,
    agenda: Agenda = EMPTY,
    elapsed_days: float | None = None,
    until: Rating = Rating.EASY,
) -> dict[Rating, Outcome]:
    """Return what each rating up to `until` would give; `sequence` is left to the caller.

    `elapsed_days` are the memory model's days since the last review, where a log says them. A
    better rating never comes back sooner: it is given a day after the rating before it where its
    range allows.
    """
    model, before = settings.model, memory_of(card, settings.model)
    if elapsed_days is None:
        elapsed_days = _elapsed_days(card, now, settings)
    found: dict[Rating, Outcome] = {}
    latest, latest_plain = 0, 0
    for rating in Rating:
        if rating > until:
            break
        memory = model.next(before, rating, elapsed_days)
        state, step, interval = after_rating(card.state, card.step, rating, settings)
        if interval is None:
            days = plain = interval_days(memory, settings)
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
            step=step,
            due=due,
            last_review=now,
            reps=card.reps + 1,
            lapses=card.lapses + (card.state is State.REVIEW and rating is Rating.AGAIN),
            **memory_fields(memory, model),
        )
        found[rating] = Outcome(changed, interval)
    return found


def interval_days(memory: Memory[float], settings: ScheduleSettings) -> int:
    """Return the days until the memory falls to the desired retention, at least 1; no fuzz."""
    days = round(settings.model.days_until(memory, settings.desired_retention))
    return int(min(max(days, 1), settings.maximum_interval_days))


def _elapsed_days(card: Flashcard, now: datetime, settings: ScheduleSettings) -> float:
    """Return the time since the last review as the memory model counts it; 0 for a new card."""
    if card.last_review is None:
        return 0.0
    if settings.model.whole_days:
        return float(settings.day.between(card.last_review, now))
    return max(0.0, (now - card.last_review) / DAY)
