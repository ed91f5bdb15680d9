"""FSRS: a card, a rating and a time give the card's next state. Pure; nothing here reads a clock.

State = fold(log). `fold` replays a card's log from nothing with the same steps as `review`, so
undo, late reviews, new parameters and repair are all this one operation.
Source of the algorithm: FSRS-6 as in the fsrs package; fuzz as published for Anki's FSRS.
"""

import dataclasses
import functools
import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import fsrs

from flashcards.records import Flashcard, LogKind, Rating, ReviewLog, State

# Longer is a learner who left the desk, not one who thought.
DURATION_MAX_MS = 60_000
# (from, to, share) in days: an interval may move by the sum of the shares it passes through.
FUZZ_BANDS = ((2.5, 7.0, 0.15), (7.0, 20.0, 0.10), (20.0, float("inf"), 0.05))
FUZZ_FLOOR_DAYS = 2.5


@dataclass(frozen=True)
class ScheduleSettings:
    """What a learner may set; the defaults are FSRS-6's and Anki's."""

    parameters: tuple[float, ...] = fsrs.scheduler.DEFAULT_PARAMETERS
    desired_retention: float = 0.9
    learning_steps: tuple[timedelta, ...] = (timedelta(minutes=1), timedelta(minutes=10))
    relearning_steps: tuple[timedelta, ...] = (timedelta(minutes=10),)
    maximum_interval_days: int = 36_500
    fuzz: bool = True

    def scheduler(self) -> fsrs.Scheduler:
        """Return py-fsrs's scheduler, made once: it checks 21 parameters and keeps no state."""
        return _scheduler(self)


@functools.lru_cache(maxsize=256)
def _scheduler(settings: ScheduleSettings) -> fsrs.Scheduler:
    return fsrs.Scheduler(
        parameters=settings.parameters,
        desired_retention=settings.desired_retention,
        learning_steps=settings.learning_steps,
        relearning_steps=settings.relearning_steps,
        maximum_interval=settings.maximum_interval_days,
        # Ours is drawn from the card, not from chance: a replay must give the same day.
        enable_fuzzing=False,
    )


DEFAULT_SETTINGS = ScheduleSettings()


def review(
    card: Flashcard,
    rating: Rating,
    now: datetime,
    *,
    review_id: uuid.UUID,
    duration_ms: int = 0,
    settings: ScheduleSettings = DEFAULT_SETTINGS,
) -> tuple[Flashcard, ReviewLog]:
    """Return the card after the review, and the row for its log. `now` is aware."""
    now = now.astimezone(UTC)
    after = _step(card, rating, now, settings.scheduler(), settings)
    log = ReviewLog(
        id=review_id,
        owner_id=card.owner_id,
        flashcard_id=card.id,
        sequence=card.sequence,
        kind=_log_kind(card.state),
        rating=rating,
        reviewed_at=now,
        duration_ms=min(max(duration_ms, 0), DURATION_MAX_MS),
        elapsed_days=_days(now - card.last_review) if card.last_review else None,
        scheduled_days=_days(after.due - now),
        **_before(card),
        **_after(after),
    )
    return dataclasses.replace(after, sequence=card.sequence + 1, buried_until=None), log


def review_late(
    card: Flashcard,
    logs: Iterable[ReviewLog],
    rating: Rating,
    at: datetime,
    *,
    review_id: uuid.UUID,
    duration_ms: int = 0,
    settings: ScheduleSettings = DEFAULT_SETTINGS,
) -> tuple[Flashcard, ReviewLog]:
    """Return the card with a review put into its place in the past, and the row for its log.

    For a review that reaches us after later ones: made offline, or by a clock that is behind.
    `logs` is the card's whole log; the reviews after `at` are replayed on top.
    """
    history = list(logs)
    earlier = [log for log in effective(history) if log.reviewed_at <= at]
    there = dataclasses.replace(fold(card, earlier, settings=settings), sequence=card.sequence)
    _, log = review(
        there, rating, at, review_id=review_id, duration_ms=duration_ms, settings=settings
    )
    return fold(card, [*history, log], settings=settings), log


def undo(
    card: Flashcard,
    logs: Iterable[ReviewLog],
    now: datetime,
    *,
    undo_id: uuid.UUID,
    log_id: uuid.UUID | None = None,
    settings: ScheduleSettings = DEFAULT_SETTINGS,
) -> tuple[Flashcard, ReviewLog]:
    """Return the card without its last review, or the one named, and the row that says so.

    `logs` is the card's whole log. Raises ValueError if there is nothing left to undo.
    """
    history = list(logs)
    standing = effective(history)
    named = [log for log in standing if log_id is None or log.id == log_id]
    if not named:
        raise ValueError("This card has no review to take back.")
    last = named[-1]
    after = fold(card, [log for log in standing if log.id != last.id], settings=settings)
    row = ReviewLog(
        id=undo_id,
        owner_id=card.owner_id,
        flashcard_id=card.id,
        sequence=card.sequence,
        kind=LogKind.UNDO,
        reviewed_at=now.astimezone(UTC),
        undoes=last.id,
        **_before(card),
        **_after(after),
    )
    return dataclasses.replace(after, sequence=card.sequence + 1), row


def reset(card: Flashcard, now: datetime, *, log_id: uuid.UUID) -> tuple[Flashcard, ReviewLog]:
    """Return the card as if it were new, and the log row that says so; its reviews stay."""
    return _manual(card, as_new(card), now, log_id, scheduled_days=0.0)


def set_due(
    card: Flashcard, due: datetime, now: datetime, *, log_id: uuid.UUID
) -> tuple[Flashcard, ReviewLog]:
    """Return the card due at another time, its memory untouched, and the log row that says so."""
    # Zero is what a reset says; nobody minds a microsecond.
    days = _days(due - now) or 1e-11
    after = dataclasses.replace(card, due=now.astimezone(UTC) + timedelta(days=days))
    return _manual(card, after, now, log_id, scheduled_days=days)


def _manual(
    card: Flashcard, after: Flashcard, now: datetime, log_id: uuid.UUID, *, scheduled_days: float
) -> tuple[Flashcard, ReviewLog]:
    log = ReviewLog(
        id=log_id,
        owner_id=card.owner_id,
        flashcard_id=card.id,
        sequence=card.sequence,
        kind=LogKind.MANUAL,
        reviewed_at=now.astimezone(UTC),
        scheduled_days=scheduled_days,
        **_before(card),
        **_after(after),
    )
    return dataclasses.replace(after, sequence=card.sequence + 1), log


def _by_hand(card: Flashcard, log: ReviewLog) -> Flashcard:
    """Return the card after what somebody did to its schedule: begun anew, or made due."""
    if log.scheduled_days == 0.0:
        return as_new(card)
    return dataclasses.replace(card, due=log.reviewed_at + timedelta(days=log.scheduled_days))


def fold(
    card: Flashcard, logs: Iterable[ReviewLog], *, settings: ScheduleSettings = DEFAULT_SETTINGS
) -> Flashcard:
    """Return the card with the schedule that its log gives, replayed from nothing.

    Reviews count in the order of their own times, so a late one takes its place in history.
    """
    history = list(logs)
    scheduler = settings.scheduler()
    card = as_new(card)
    for log in effective(history):
        if log.rating is not None:
            card = _step(card, log.rating, log.reviewed_at, scheduler, settings)
        elif log.kind is LogKind.MANUAL:
            card = _by_hand(card, log)
    after_last = max((log.sequence for log in history), default=-1) + 1
    return dataclasses.replace(card, sequence=after_last)


def effective(logs: Iterable[ReviewLog]) -> list[ReviewLog]:
    """Return the reviews that stand: not undone, oldest first."""
    history = list(logs)
    undone = {log.undoes for log in history if log.kind is LogKind.UNDO}
    standing = [log for log in history if log.kind is not LogKind.UNDO and log.id not in undone]
    return sorted(standing, key=lambda log: (log.reviewed_at, log.sequence))


def as_new(card: Flashcard) -> Flashcard:
    """Return the card as it was before its first review."""
    return dataclasses.replace(
        card,
        state=State.NEW,
        step=None,
        stability=None,
        difficulty=None,
        due=card.created_at,
        last_review=None,
        reps=0,
        lapses=0,
        sequence=0,
    )


def preview(
    card: Flashcard, *, now: datetime, settings: ScheduleSettings = DEFAULT_SETTINGS
) -> dict[Rating, timedelta]:
    """Return how long until the card is due again, for each rating."""
    scheduler = settings.scheduler()
    now = now.astimezone(UTC)
    return {rating: _step(card, rating, now, scheduler, settings).due - now for rating in Rating}


def retrievability(
    card: Flashcard, now: datetime, *, settings: ScheduleSettings = DEFAULT_SETTINGS
) -> float | None:
    """Return the chance, 0 to 1, that the learner recalls the card now; None for a new card.

    Elapsed time is taken to the second, not in whole days: the curve is smooth.
    """
    if card.last_review is None or not card.stability:
        return None
    decay = -settings.parameters[20]
    factor = 0.9 ** (1 / decay) - 1
    elapsed = max(0.0, _days(now - card.last_review))
    return float((1 + factor * elapsed / card.stability) ** decay)


def _step(
    card: Flashcard,
    rating: Rating,
    now: datetime,
    scheduler: fsrs.Scheduler,
    settings: ScheduleSettings,
) -> Flashcard:
    """Return the card after one rating; its `sequence` is left to the caller."""
    is_new = card.state is State.NEW
    before = fsrs.Card(
        card_id=1,  # py-fsrs reads the clock (and sleeps) to make one up
        state=fsrs.State.Learning if is_new else fsrs.State(int(card.state)),
        step=0 if is_new else card.step,
        stability=card.stability,
        difficulty=card.difficulty,
        due=card.due,
        last_review=card.last_review,
    )
    after, _ = scheduler.review_card(before, fsrs.Rating(int(rating)), review_datetime=now)
    state = State(int(after.state))
    due = after.due
    if state is State.REVIEW and settings.fuzz:
        due = now + timedelta(days=_fuzzed((due - now).days, card, settings))
    lapsed = card.state is State.REVIEW and rating is Rating.AGAIN
    return dataclasses.replace(
        card,
        state=state,
        step=after.step,
        stability=after.stability,
        difficulty=after.difficulty,
        due=due,
        last_review=now,
        reps=card.reps + 1,
        lapses=card.lapses + lapsed,
    )


def fuzz_range(interval_days: int, maximum_days: int) -> tuple[int, int]:
    """Return the first and last day an interval may land on, both included."""
    if interval_days < FUZZ_FLOOR_DAYS:
        return interval_days, interval_days
    delta = 1.0 + sum(
        share * max(min(interval_days, end) - start, 0.0) for start, end, share in FUZZ_BANDS
    )
    last = min(round(interval_days + delta), maximum_days)
    return min(max(2, round(interval_days - delta)), last), last


def _fuzzed(interval_days: int, card: Flashcard, settings: ScheduleSettings) -> int:
    first, last = fuzz_range(interval_days, settings.maximum_interval_days)
    seed = hashlib.blake2b(card.id.bytes + card.reps.to_bytes(4, "big"), digest_size=8).digest()
    # The same share of the range for each rating, so that Easy never comes before Good.
    return first + int.from_bytes(seed, "big") * (last - first + 1) // 2**64


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


def _days(delta: timedelta) -> float:
    return delta / timedelta(days=1)
