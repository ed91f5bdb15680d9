"""Log rows that are not reviews: resets, new due times, undos, answers in a cram."""

import dataclasses
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State

DAY = timedelta(days=1)


def is_reset(log: ReviewLog) -> bool:
    """Tell whether a row resets the schedule: the card is new again."""
    return log.kind is LogKind.MANUAL and log.state_after is State.NEW and not log.scheduled_days


def is_given(log: ReviewLog) -> bool:
    """Tell whether a row states the memory that a card had when it was imported.

    It stands for all reviews until then, whether or not they have rows: `reviewed_at` is the time
    of the last of them, and `elapsed_days` is 0, where other rows of this kind have none.
    """
    return log.kind is LogKind.MANUAL and log.elapsed_days is not None


def given_counts(log: ReviewLog) -> tuple[int, int]:
    """Return how many reviews a given row stands for, and how many of them were lapses.

    No memory is known before such a row: these two are in the fields of that memory, where rows of
    earlier versions have nothing.
    """
    if log.stability_before is None or log.difficulty_before is None:
        return 1, 0
    return round(log.stability_before), round(log.difficulty_before)


def with_given_counts(log: ReviewLog, reps: int, lapses: int) -> ReviewLog:
    """Return a given row that stands for so many reviews, of which so many were lapses."""
    return dataclasses.replace(log, stability_before=float(reps), difficulty_before=float(lapses))


def since_reset(logs: Iterable[ReviewLog]) -> list[ReviewLog]:
    """Return the rows after the last reset that was not taken back, by their positions."""
    history = sorted(logs, key=lambda log: log.sequence)
    undone = {log.undoes for log in history if log.kind is LogKind.UNDO}
    resets = [log.sequence for log in history if is_reset(log) and log.id not in undone]
    return [log for log in history if not resets or log.sequence > resets[-1]]


def reset_row(card: Flashcard, now: datetime, *, log_id: uuid.UUID) -> ReviewLog:
    """Return the row that makes the card new again; its reviews stay in the log."""
    row = _row(card, now, LogKind.MANUAL, log_id)
    return dataclasses.replace(
        row, state_after=State.NEW, stability_after=None, difficulty_after=None
    )


def due_row(card: Flashcard, due: datetime, now: datetime, *, log_id: uuid.UUID) -> ReviewLog:
    """Return the row that makes the card due at another time, its memory untouched."""
    row = _row(card, now, LogKind.MANUAL, log_id)
    # 0 would make it a reset; a microsecond makes no difference to anybody.
    return dataclasses.replace(row, scheduled_days=(due - now) / DAY or 1e-11)


def given_row(card: Flashcard, at: datetime, *, log_id: uuid.UUID) -> ReviewLog:
    """Return the row that states a card's memory, due time and counts; `at` is its last review."""
    row = _row(card, at, LogKind.MANUAL, log_id)
    days = (card.due - at) / DAY or 1e-11
    row = dataclasses.replace(row, elapsed_days=0.0, scheduled_days=days)
    return with_given_counts(row, card.reps, card.lapses)


def undo_row(card: Flashcard, undoes: uuid.UUID, now: datetime, *, undo_id: uuid.UUID) -> ReviewLog:
    """Return the row that takes back what another row did."""
    return dataclasses.replace(_row(card, now, LogKind.UNDO, undo_id), undoes=undoes)


def cram_row(
    card: Flashcard, rating: Rating, now: datetime, *, log_id: uuid.UUID, duration_ms: int = 0
) -> ReviewLog:
    """Return the row of an answer that is only practice: it takes a position and moves nothing."""
    row = _row(card, now, LogKind.CRAM, log_id)
    return dataclasses.replace(row, rating=rating, duration_ms=duration_ms)


def _row(card: Flashcard, now: datetime, kind: LogKind, row_id: uuid.UUID) -> ReviewLog:
    return ReviewLog(
        id=row_id,
        owner_id=card.owner_id,
        flashcard_id=card.id,
        sequence=card.sequence,
        kind=kind,
        reviewed_at=now.astimezone(UTC),
        state_before=card.state,
        stability_before=card.stability,
        difficulty_before=card.difficulty,
        state_after=card.state,
        stability_after=card.stability,
        difficulty_after=card.difficulty,
    )
