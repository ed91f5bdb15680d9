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
    mine: EffectiveSettings | None = None,
    ahead: timedelta = timedelta(0),
    only: Collection[str] | None = None,
    pending: Pending | None = None,
) -> DueQueue:
    """Return the first cards to review, in order, and how many there are within the day's limits.

    `mine` and `pending` are what the caller has read already; cards in their steps come `ahead` of
    their time; with `only`, a set of ids, other cards are left out.
    """
    if mine is None:
        settings, read = ask_both(study_settings.question(owner_id), journal.question(owner_id))
    else:
        settings, read = mine, pending or journal.read(owner_id)
    plan = study_settings.plan_for(settings, now)
    return queue.read(owner_id, now, limit, plan, ahead=ahead, only=only, pending=read)


def next_due_at(
    *,
    owner_id: UUID,
    now: datetime,
    mine: EffectiveSettings | None = None,
    only: Collection[str] | None = None,
) -> datetime | None:
    """Return when the next card falls due after `now`, or None if none will.

    One that is learnt is waiting from the beginning of that day on.
    """
    mine = mine or study_settings.settings_for(owner_id=owner_id)
    return queue.next_due_at(owner_id, now, study_settings.plan_for(mine, now), only=only)
