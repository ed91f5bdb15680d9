"""A card's memory: what FSRS knows of it, and its past reviews."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flashcards import scheduling
from flashcards.domain.records import Flashcard, LogKind, ReviewLog
from flashcards.scheduling import DEFAULT_SETTINGS, ScheduleSettings
from flashcards.store import review_logs


@dataclass(frozen=True)
class CardMemory:
    """The chance to recall a card now (0 to 1), its stability in days, its difficulty (1-10)."""

    retrievability: float
    stability: float
    difficulty: float


@dataclass(frozen=True)
class PastReview:
    """One row of a card's history, and whether it was undone."""

    log: ReviewLog
    is_undone: bool


def memory_of(
    card: Flashcard, now: datetime, *, settings: ScheduleSettings = DEFAULT_SETTINGS
) -> CardMemory | None:
    """Return what FSRS knows of a card; None for a card that was never reviewed."""
    chance = scheduling.retrievability(card, now, settings=settings)
    if chance is None or card.stability is None or card.difficulty is None:
        return None
    return CardMemory(chance, card.stability, card.difficulty)


def logs_of(*, owner_id: UUID, card_id: UUID) -> list[ReviewLog]:
    """Return a card's whole log, oldest first."""
    query = review_logs.for_owner(owner_id).filter(flashcard_id=card_id)
    return list(query.order_by("reviewed_at", "sequence"))


def history_of(logs: Sequence[ReviewLog]) -> list[PastReview]:
    """Return the rows of a log that are not an undo, newest first."""
    undone = {log.undoes for log in logs if log.kind is LogKind.UNDO}
    return [
        PastReview(log, log.id in undone) for log in reversed(logs) if log.kind is not LogKind.UNDO
    ]


def chances(
    card: Flashcard, logs: Sequence[ReviewLog], *, settings: ScheduleSettings = DEFAULT_SETTINGS
) -> dict[UUID, float]:
    """Return by the id of each review that counts how likely the recall was just before it.

    By the memory model as it is now. There is none of a card's first review.
    """
    found: dict[UUID, float] = {}
    before: Flashcard | None = None
    for log, after in scheduling.after_each(card, logs, settings=settings):
        if before is not None:
            chance = scheduling.retrievability(before, log.reviewed_at, settings=settings)
            found[log.id] = chance or 0.0
        before = after
    return found
