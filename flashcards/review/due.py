"""What is due: the first cards to review, and when the next one will be."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from flashcards import study_settings
from flashcards.store import DueQueue
from flashcards.store.due import due_queue as queue
from flashcards.store.journal import journal
from flashcards.store.journal.pending import Pending
from flashcards.study_settings.settings import EffectiveSettings
from memoryloop.postgres.pipeline import ask_both


def due_queue(
    *,
    owner_id: UUID,
    now: datetime,
    limit: int = 2,
    settings: EffectiveSettings | None = None,
    ahead: timedelta = timedelta(0),
    only: Collection[str] | None = None,
    pending: Pending | None = None,
) -> DueQueue:
    """Return the first cards to review, in order, and how many there are within the day's limits.

    `settings` and `pending`: what the caller has read. Cards in their steps come `ahead` of
    their time; with `only`, a set of ids, other cards are left out.
    """
    if settings is None:
        known, read = ask_both(study_settings.question(owner_id), journal.question(owner_id))
    else:
        known, read = settings, pending or journal.read(owner_id)
    queue_settings = study_settings.plan_for(known, now)
    return queue.read(owner_id, now, limit, queue_settings, ahead=ahead, only=only, pending=read)


def next_due_at(
    *,
    owner_id: UUID,
    now: datetime,
    settings: EffectiveSettings | None = None,
    only: Collection[str] | None = None,
) -> datetime | None:
    """Return when the next card falls due after `now`, or None if none will.

    One that is learnt is waiting from the beginning of that day on.
    """
    settings = settings or study_settings.settings_for(owner_id=owner_id)
    return queue.next_due_at(owner_id, now, study_settings.plan_for(settings, now), only=only)
