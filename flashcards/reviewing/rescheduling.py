"""New FSRS parameters, or new settings for cards that have their day already: each card folded."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from flashcards import jobs, scheduling
from flashcards.models import StudySettings
from flashcards.records import Flashcard, ReviewLog
from flashcards.reviewing import study
from flashcards.store import journal
from flashcards.store.journal import Change


def set_parameters(*, owner_id: UUID, parameters: Sequence[float] | None, now: datetime) -> int:
    """Have FSRS go by these 21 parameters, or by its own with None; return how many cards moved.

    The memory of every reviewed card is folded from its log with them, and its day chosen anew,
    all or nothing: state = fold(log) holds for the old parameters before and for the new after.
    """
    with transaction.atomic():
        journal.lock_owner(owner_id)
        StudySettings.objects.update_or_create(
            owner_id=owner_id,
            deck=None,
            defaults={"parameters": parameters and list(parameters), "updated_at": now},
        )
        return reschedule_all(owner_id=owner_id, now=now)


def reschedule_all(*, owner_id: UUID, now: datetime) -> int:
    """Give every reviewed card the day that today's settings would; return how many moved.

    One row in each card's log says so. Reads the learner's whole log: for a worker or a command.
    """
    with transaction.atomic():
        journal.lock_owner(owner_id)
        mine = study.settings_for(owner_id=owner_id)
        cards = Flashcard.objects.for_owner(owner_id).with_deleted().filter(reps__gt=0)
        by_card: dict[UUID, list[ReviewLog]] = defaultdict(list)
        for log in ReviewLog.objects.for_owner(owner_id):
            by_card[log.flashcard_id].append(log)
        changes = []
        for card in cards:
            after, row = scheduling.reschedule(
                card,
                by_card[card.id],
                now,
                row_id=uuid.uuid4(),
                settings=study.for_card(mine, card).schedule,
            )
            if (after.due, after.stability, after.difficulty) != (
                card.due,
                card.stability,
                card.difficulty,
            ):
                changes.append(Change(after, row))
        journal.append(changes)
        jobs.request_checkpoint()
    return len(changes)
