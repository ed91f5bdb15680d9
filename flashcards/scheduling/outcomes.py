"""Outcomes: for each rating the card's next state, and the interval it would get.

The rules of the learning steps are those of the fsrs package, which a test compares; they hold for
every memory model.
"""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta

from flashcards.domain.records import Flashcard, Rating, State
from flashcards.scheduling.fuzz import EMPTY, Agenda, chosen_day, fuzz_range
from flashcards.scheduling.memory_model import Memory, memory_fields, memory_of
from flashcards.scheduling.settings import ScheduleSettings

DAY = timedelta(days=1)
_GRADUATED = (State.REVIEW, None, None)


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

    `elapsed_days` are the memory model's days since the last review, where a log says them. As in
    Anki, Good comes back at least a day after Hard, and Easy a day after Good, whatever their
    ranges, if that is within the longest interval. Hard is never sooner than Again.
    """
    model, before = settings.model, memory_of(card, settings.model)
    if elapsed_days is None:
        elapsed_days = _elapsed_days(card, now, settings)
    found: dict[Rating, Outcome] = {}
    latest = 0
    for rating in Rating:
        if rating > until:
            break
        memory = model.next(before, rating, elapsed_days)
        state, step, interval = after_rating(card.state, card.step, rating, settings)
        if interval is None:
            first = last = interval_days(memory, settings)
            if settings.fuzz:
                first, last = fuzz_range(first, settings.maximum_interval_days)
            soonest = latest + (rating > Rating.HARD and latest > 0)
            first = min(max(first, soonest), settings.maximum_interval_days)
            last = max(first, last)
            today = settings.day.of(now)
            days = chosen_day(card, first, last, today=today, settings=settings, agenda=agenda)
            latest = days
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


def after_rating(
    state: State, step: int | None, rating: Rating, settings: ScheduleSettings
) -> tuple[State, int | None, timedelta | None]:
    """Return a card's state and step after a rating, and the interval of that step.

    The interval is None for a card in review: the memory model says it.
    """
    if state is State.REVIEW:
        if rating is Rating.AGAIN and settings.relearning_steps:
            return State.RELEARNING, 0, settings.relearning_steps[0]
        return _GRADUATED
    relearning = state is State.RELEARNING
    steps = settings.relearning_steps if relearning else settings.learning_steps
    learning = State.RELEARNING if relearning else State.LEARNING
    done = step or 0
    # The settings may have had more steps when the card was rated last.
    if not steps or rating is Rating.EASY or (done >= len(steps) and rating is not Rating.AGAIN):
        return _GRADUATED
    if rating is Rating.AGAIN:
        return learning, 0, steps[0]
    if rating is Rating.HARD:
        return learning, done, _hard(steps, done)
    if done + 1 == len(steps):
        return _GRADUATED
    return learning, done + 1, steps[done + 1]


def _hard(steps: tuple[timedelta, ...], done: int) -> timedelta:
    """Return the interval of Hard: between Again and Good on the first step, else the step's."""
    if done:
        return steps[done]
    return steps[0] * 1.5 if len(steps) == 1 else (steps[0] + steps[1]) / 2.0
