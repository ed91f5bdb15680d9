"""The scheduler: a card, a rating and a time give the card's next state and the row for its log.

Pure functions; none reads a clock or a store. A card's schedule is the fold of its review log
(replay.py): undo, late reviews, new parameters and repair are all that one operation. Days are the
learner's own, by rollover as Anki counts them, not periods of 24 hours.
"""

import dataclasses
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.scheduling import replay
from flashcards.scheduling.fuzz import EMPTY, Agenda, chosen_day, fits, fuzz_range
from flashcards.scheduling.manual_entries import cram_row
from flashcards.scheduling.memory_model import memory_of
from flashcards.scheduling.outcomes import DAY, interval_days, outcomes
from flashcards.scheduling.replay import counted_reviews, effective, governing
from flashcards.scheduling.settings import DEFAULT_SETTINGS, ScheduleSettings

# Longer is a learner who left the desk, not one who thought.
DURATION_MAX_MS = 60_000
_SCHEDULE = (
    "state",
    "step",
    "stability",
    "difficulty",
    "memory",
    "memory_model",
    "due",
    "last_review",
    "reps",
    "lapses",
)
# A row that sets the due time because of another row has an id made from that row's id.
_CONSEQUENCE = uuid.UUID("6c1c2c3e-9a53-4a0c-8f9a-2f7c0f6f0e11")


def review(
    card: Flashcard,
    rating: Rating,
    now: datetime,
    *,
    review_id: uuid.UUID,
    duration_ms: int = 0,
    settings: ScheduleSettings = DEFAULT_SETTINGS,
    agenda: Agenda = EMPTY,
) -> tuple[Flashcard, ReviewLog]:
    """Return the card after the review, and the row for its log. `now` is aware."""
    now = now.astimezone(UTC)
    after = outcomes(card, now, settings, agenda=agenda, until=rating)[rating].card
    # In the learner's days whatever the memory model counts: the exact time is in `reviewed_at`.
    elapsed = settings.day.between(card.last_review, now) if card.last_review else None
    log = ReviewLog(
        id=review_id,
        owner_id=card.owner_id,
        flashcard_id=card.id,
        sequence=card.sequence,
        kind=_log_kind(card.state),
        rating=rating,
        reviewed_at=now,
        duration_ms=min(max(duration_ms, 0), DURATION_MAX_MS),
        elapsed_days=None if elapsed is None else float(elapsed),
        scheduled_days=(after.due - now) / DAY,
        **_before(card),
        **_after(after),
    )
    return dataclasses.replace(after, sequence=card.sequence + 1, buried_until=None), log


def cram(
    card: Flashcard,
    rating: Rating,
    now: datetime,
    *,
    review_id: uuid.UUID,
    duration_ms: int = 0,
) -> tuple[Flashcard, ReviewLog]:
    """Return the card after an answer that is only practice: its schedule stays."""
    duration_ms = min(max(duration_ms, 0), DURATION_MAX_MS)
    log = cram_row(card, rating, now, log_id=review_id, duration_ms=duration_ms)
    return dataclasses.replace(card, sequence=card.sequence + 1), log


def review_late(
    card: Flashcard,
    logs: Iterable[ReviewLog],
    rating: Rating,
    at: datetime,
    *,
    review_id: uuid.UUID,
    duration_ms: int = 0,
    settings: ScheduleSettings = DEFAULT_SETTINGS,
) -> tuple[Flashcard, list[ReviewLog]]:
    """Return the card with a review put into its place in the past, and the rows for its log.

    For a review that arrives after later ones: made offline, or by a clock that is behind. `logs`
    is the card's whole log. The reviews after `at` are replayed after it, and the second row sets
    the due time that this gives.
    """
    history = list(logs)
    earlier = [review for review in counted_reviews(history) if review.log.reviewed_at <= at]
    begun = replay.before_first_review(
        card, [row for row in history if row.reviewed_at <= at], settings.model
    )
    there = dataclasses.replace(_replayed(begun, earlier, settings), sequence=card.sequence)
    _, log = review(
        there, rating, at, review_id=review_id, duration_ms=duration_ms, settings=settings
    )
    return _anew(card, [*history, log], log, settings=settings, at=None)


def put_into_past(
    card: Flashcard,
    logs: Iterable[ReviewLog],
    late: Sequence[ReviewLog],
    *,
    settings: ScheduleSettings,
) -> tuple[Flashcard, list[ReviewLog]]:
    """Return the card with rows put into their places in the past, and the rows for its log.

    As `review_late`, for rows that say themselves when the card came back. `logs` is the card's
    whole log, and the last row returned sets the due time that all reviews give.
    """
    after, rows = _anew(card, [*logs, *late], late[-1], settings=settings, at=None)
    return after, [*late[:-1], *rows]


def undo(
    card: Flashcard,
    logs: Iterable[ReviewLog],
    now: datetime,
    *,
    undo_id: uuid.UUID,
    undoes: uuid.UUID | None = None,
    settings: ScheduleSettings = DEFAULT_SETTINGS,
) -> tuple[Flashcard, list[ReviewLog]]:
    """Return the card without a review, its last by default, and the log rows that record this.

    `logs` is the card's whole log. Without its newest review the card is what it was before that
    review; without one from the middle, the others are replayed. Raises ValueError if there is no
    such review.
    """
    history = list(logs)
    last = next((log for log in reversed(effective(history)) if undoes in (None, log.id)), None)
    if last is None:
        raise ValueError("This card has no review to take back.")
    chosen = governing(history)
    row = _undo_row(card, last.id, now, undo_id=undo_id)
    after = fold(card, [*history, row], settings=settings)
    row = dataclasses.replace(row, **_after(after))
    if chosen is not None and chosen.id != last.id and after.reps and last.kind in replay.RATED:
        return _anew(card, [*history, row], row, settings=settings, at=row.reviewed_at)
    return after, [row]


def undo_newest(
    card: Flashcard, before: Flashcard, review_id: uuid.UUID, now: datetime, *, undo_id: uuid.UUID
) -> tuple[Flashcard, ReviewLog]:
    """Return what `undo` does, without the log: of the review that is the newest row of the log.

    `before` is the card as it was before that review, of the same memory model and parameters.
    """
    schedule = {name: getattr(before, name) for name in _SCHEDULE}
    after = dataclasses.replace(card, **schedule, sequence=card.sequence + 1)
    row = _undo_row(card, review_id, now, undo_id=undo_id)
    return after, dataclasses.replace(row, **_after(after))


def reschedule(
    card: Flashcard,
    logs: Iterable[ReviewLog],
    now: datetime,
    *,
    row_id: uuid.UUID,
    settings: ScheduleSettings,
    agenda: Agenda = EMPTY,
) -> tuple[Flashcard, ReviewLog | None]:
    """Return the card with the due time that these settings give, and the log row that sets it.

    The memory is folded with the settings' model, and the interval counted from the last review. A
    card in its steps keeps its time, a card whose day fits the settings keeps its day, and a new
    card is left alone: then there is no row.
    """
    history = list(logs)
    folded = fold(card, history, settings=settings)
    if folded.state is not State.REVIEW or folded.last_review is None:
        return folded, None
    memory = memory_of(folded, settings.model)
    assert memory is not None  # noqa: S101 - a card in review has one
    days = interval_days(memory, settings)
    first, last = fuzz_range(days, settings.maximum_interval_days) if settings.fuzz else (days,) * 2
    if fits(folded, first, last, settings):
        return folded, None
    if settings.fuzz:
        today = settings.day.of(folded.last_review)
        days = chosen_day(folded, first, last, today=today, settings=settings, agenda=agenda)
    due = settings.day.later(folded.last_review, days)
    row = _manual(
        card,
        folded.sequence,
        dataclasses.replace(folded, due=due),
        row_id=row_id,
        at=now.astimezone(UTC),
    )
    return fold(card, [*history, row], settings=settings), row


def fold(
    card: Flashcard, logs: Iterable[ReviewLog], *, settings: ScheduleSettings = DEFAULT_SETTINGS
) -> Flashcard:
    """Return the card with the schedule that its log gives, replayed from nothing.

    Of the settings only the memory model and its parameters matter; what was chosen is in the log.
    """
    return replay.fold(card, logs, settings=settings)


def preview(
    card: Flashcard,
    *,
    now: datetime,
    settings: ScheduleSettings = DEFAULT_SETTINGS,
    agenda: Agenda = EMPTY,
) -> dict[Rating, timedelta]:
    """Return how long until the card is due again, for each rating; days are the learner's."""
    found = outcomes(card, now.astimezone(UTC), settings, agenda=agenda)
    return {rating: outcome.interval for rating, outcome in found.items()}


def retrievability(
    card: Flashcard, now: datetime, *, settings: ScheduleSettings = DEFAULT_SETTINGS
) -> float | None:
    """Return the chance, 0 to 1, that the learner recalls the card now; None for a new card.

    Elapsed time is taken to the second, not in whole days: the curve is smooth.
    """
    memory = memory_of(card, settings.model)
    if memory is None or card.last_review is None:
        return None
    return settings.model.retrievability(memory, max(0.0, (now - card.last_review) / DAY))


def days_until(
    card: Flashcard, level: float, *, settings: ScheduleSettings = DEFAULT_SETTINGS
) -> float:
    """Return the days after the last review at which retrievability has fallen to a level.

    Raises ValueError for a new card.
    """
    memory = memory_of(card, settings.model)
    if memory is None:
        raise ValueError("A card that was never reviewed has no memory to fade.")
    return settings.model.days_until(memory, level)


def is_outdated(card: Flashcard, settings: ScheduleSettings) -> bool:
    """Tell whether a card's memory is of another model or other parameters than these.

    It is still the fold of the card's log, with those that it names, and is to be folded anew.
    """
    return card.stability is not None and card.memory_model != settings.model.key


def _replayed(
    card: Flashcard, reviews: Iterable[replay.CountedReview], settings: ScheduleSettings
) -> Flashcard:
    """Return the card after these reviews, as if these settings had been in effect for all."""
    for one in reviews:
        found = outcomes(
            card,
            one.log.reviewed_at,
            settings,
            elapsed_days=one.days_for(settings.model),
            until=one.rating,
        )
        card = found[one.rating].card
    return card


def _anew(
    card: Flashcard,
    history: list[ReviewLog],
    cause: ReviewLog,
    *,
    settings: ScheduleSettings,
    at: datetime | None,
) -> tuple[Flashcard, list[ReviewLog]]:
    """Return the card with the due time that a replay of its history gives, and the two rows.

    `cause` is the row that changed the history, and the second one sets the due time.
    """
    due = _replayed(
        replay.before_first_review(card, history, settings.model),
        counted_reviews(history),
        settings,
    )
    row = _manual(
        card,
        cause.sequence + 1,
        due,
        row_id=uuid.uuid5(_CONSEQUENCE, str(cause.id)),
        at=at or due.last_review or cause.reviewed_at,
    )
    return fold(card, [*history, row], settings=settings), [cause, row]


def _undo_row(
    card: Flashcard, undoes: uuid.UUID, now: datetime, *, undo_id: uuid.UUID
) -> ReviewLog:
    return ReviewLog(
        id=undo_id,
        owner_id=card.owner_id,
        flashcard_id=card.id,
        sequence=card.sequence,
        kind=LogKind.UNDO,
        reviewed_at=now.astimezone(UTC),
        undoes=undoes,
        **_before(card),
        **_after(card),
    )


def _manual(
    card: Flashcard, sequence: int, after: Flashcard, *, row_id: uuid.UUID, at: datetime
) -> ReviewLog:
    return ReviewLog(
        id=row_id,
        owner_id=card.owner_id,
        flashcard_id=card.id,
        sequence=sequence,
        kind=LogKind.MANUAL,
        reviewed_at=at,
        scheduled_days=(after.due - at) / DAY,
        **_before(card),
        **_after(after),
    )


def _log_kind(state: State) -> LogKind:
    if state in (State.NEW, State.LEARNING):
        return LogKind.LEARN
    return LogKind.REVIEW if state is State.REVIEW else LogKind.RELEARN


def _before(card: Flashcard) -> dict[str, Any]:
    return {
        "state_before": card.state,
        "stability_before": card.stability,
        "difficulty_before": card.difficulty,
    }


def _after(card: Flashcard) -> dict[str, Any]:
    return {
        "state_after": card.state,
        "stability_after": card.stability,
        "difficulty_after": card.difficulty,
    }
