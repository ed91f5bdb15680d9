"""Folding every card again: what another memory model, or other parameters, make necessary."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from flashcards import scheduling, store, study_settings
from flashcards.cards.change import change_cards
from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.models import StudySettings
from flashcards.scheduling import ScheduleSettings
from flashcards.store import Change, cards, review_logs

Fold = Callable[[Flashcard, list[ReviewLog], ScheduleSettings], Flashcard | Change | None]


def set_memory_model(
    *, owner_id: UUID, model: str, parameters: Sequence[float] | None = None, now: datetime
) -> int:
    """Have another memory model schedule a learner's cards; return how many memories changed.

    Every reviewed card is folded from its log, all in one transaction. Due dates stay until the
    next review, unless the cards are rescheduled. Raises ValueError for an unknown model, or
    parameters that are not the model's.
    """
    with transaction.atomic():
        store.lock_owner(owner_id)
        save_model(owner_id, model, parameters, now)
        return fold_all(
            owner_id, lambda card, logs, settings: scheduling.fold(card, logs, settings=settings)
        )


def fold_all(owner_id: UUID, fold: Fold) -> int:
    """Fold every reviewed card of an owner, who is locked; return how many changed."""
    settings = study_settings.settings_for(owner_id=owner_id)
    by_card: dict[UUID, list[ReviewLog]] = defaultdict(list)
    for log in review_logs.for_owner(owner_id):
        by_card[log.flashcard_id].append(log)

    def folded(card: Flashcard) -> Flashcard | Change | None:
        return fold(card, by_card[card.id], study_settings.for_card(settings, card).schedule)

    reviewed = cards.for_owner(owner_id).with_deleted().filter(reps__gt=0)
    return len(change_cards(owner_id, reviewed, folded))


def save_model(
    owner_id: UUID, model: str, parameters: Sequence[float] | None, now: datetime
) -> None:
    """Set the memory model and its parameters; the caller folds the cards. Raises ValueError."""
    given = tuple(parameters or ())
    # Raises ValueError for what the model does not take.
    ScheduleSettings(memory_model=model, parameters=given).model  # noqa: B018 - it is made
    values = {"memory_model": model, "parameters": list(given) or None, "updated_at": now}
    StudySettings.objects.update_or_create(owner_id=owner_id, deck=None, defaults=values)
