"""What is due, for those who ask nothing else of a learner."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from flashcards.review.learner import NO_TIME, Learner
from flashcards.store import DueQueue


def due_queue(
    *,
    owner_id: UUID,
    now: datetime,
    limit: int = 2,
    ahead: timedelta = NO_TIME,
    only: Collection[str] | None = None,
) -> DueQueue:
    """Return the first cards to review, in order, and how many there are within the limits."""
    return Learner.read(owner_id).due_queue(now, limit=limit, ahead=ahead, only=only)


def next_due_at(
    *, owner_id: UUID, now: datetime, only: Collection[str] | None = None
) -> datetime | None:
    """Return when the next card falls due after `now`, or None if none will."""
    return Learner.read(owner_id).next_due_at(now, only=only)
