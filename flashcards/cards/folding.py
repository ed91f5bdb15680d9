"""Folding cards again: what other parameters, another preset or memory model make necessary.

The worker folds outdated cards (`memories.py`) batch by batch, and a rating folds the card that it
is about to rate. So nothing has to be kept of how far a fold has come: what is left to do is read
from the cards.
"""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from flashcards import store, study_settings
from flashcards.cards import batch, jobs, memories
from flashcards.cards.change import change_cards
from flashcards.domain.records import Flashcard
from flashcards.models import Deck, StudySettings
from flashcards.study_settings import presets

# Whose settings changed longer ago and name no parameters has no outdated cards any more.
CHANGED_WITHIN = timedelta(days=7)
# Learners whose cards are read at a time.
OWNERS_AT_ONCE = 20


def set_parameters(
    *, owner_id: UUID, preset_id: int | None, parameters: Sequence[float] | None, now: datetime
) -> None:
    """Set the parameters of a preset, or with None of all cards, and have the cards folded.

    They hold at once: a card that is rated before the worker came to it is folded then. Due dates
    stay. None for parameters has a preset use those for all cards, and all cards the model's own.
    Raises ValueError for parameters that are not the model's, StudySettings.DoesNotExist.
    """
    with transaction.atomic():
        store.lock_owner(owner_id)
        presets.save_model(owner_id=owner_id, preset_id=preset_id, parameters=parameters, now=now)
        jobs.request_folding(owner_id)


def choose_preset(
    *, owner_id: UUID, deck_ids: Iterable[UUID], preset_id: int | None, now: datetime
) -> dict[UUID, int | None]:
    """Have decks use a preset, or none of their own, and their cards folded; return what they used.

    Raises StudySettings.DoesNotExist.
    """
    with transaction.atomic():
        jobs.request_folding(owner_id)
        return presets.choose(owner_id=owner_id, deck_ids=deck_ids, preset_id=preset_id, now=now)


def set_back(*, owner_id: UUID, deck: Deck, now: datetime) -> None:
    """Have a deck use no preset of its own, and its cards folded."""
    with transaction.atomic():
        jobs.request_folding(owner_id)
        presets.set_back(owner_id=owner_id, deck=deck, now=now)


def delete_preset(*, owner_id: UUID, preset_id: int) -> dict[str, Any]:
    """Delete a preset and have the cards of its decks folded; return what `restore_preset` takes.

    Raises StudySettings.DoesNotExist.
    """
    with transaction.atomic():
        jobs.request_folding(owner_id)
        return presets.delete(owner_id=owner_id, preset_id=preset_id)


def restore_preset(*, owner_id: UUID, kept: Mapping[str, Any], now: datetime) -> StudySettings:
    """Create a deleted preset again, for those of its decks that have none now."""
    with transaction.atomic():
        jobs.request_folding(owner_id)
        return presets.restore(owner_id=owner_id, kept=kept, now=now)


def set_memory_model(
    *, owner_id: UUID, model: str, parameters: Sequence[float] | None = None, now: datetime
) -> int:
    """Have another memory model schedule a learner's cards; return how many memories changed.

    Every reviewed card is folded from its log, batch by batch. Due dates stay until the next
    review, unless the cards are rescheduled. Raises ValueError for an unknown model, or parameters
    that are not the model's.
    """
    with transaction.atomic():
        store.lock_owner(owner_id)
        presets.save_model(
            owner_id=owner_id, preset_id=None, parameters=parameters, model=model, now=now
        )
    ids = memories.outdated(owner_id)
    batch.run_batches(owner_id, _Folds(owner_id, ids).next)
    return len(ids)


def fold_outdated(*, owner_id: UUID, seconds: float = math.inf) -> bool:
    """Fold the owner's outdated cards, all or for so long; return whether some are left.

    For the worker: a batch is a transaction, and a review waits for one batch at most.
    """
    return batch.run_batches(
        owner_id, _Folds(owner_id, memories.outdated(owner_id)).next, seconds=seconds
    )


def fold_all_outdated(
    now: datetime, *, after: UUID | None = None, seconds: float = math.inf
) -> UUID | None:
    """Ask for the folding of the cards of every learner who has outdated ones.

    Learners are looked at in the order of their ids from `after` on, all or for so long. Returns
    the last one looked at if there are more, else None.
    """
    deadline = time.monotonic() + seconds
    changed = StudySettings.objects.filter(
        Q(parameters__isnull=False) | Q(updated_at__gte=now - CHANGED_WITHIN)
    )
    if after is not None:
        changed = changed.filter(owner_id__gt=after)
    owners = list(changed.order_by("owner_id").values_list("owner_id", flat=True).distinct())
    for start in range(0, len(owners), OWNERS_AT_ONCE):
        some = owners[start : start + OWNERS_AT_ONCE]
        for owner_id in memories.owners_of_outdated(some):
            jobs.request_folding(owner_id)
        if some[-1] != owners[-1] and time.monotonic() >= deadline:
            return some[-1]
    return None


class _Folds:
    """Folds cards batch by batch."""

    def __init__(self, owner_id: UUID, ids: Sequence[UUID]) -> None:
        self._owner_id = owner_id
        self._left = list(ids)

    def next(self) -> bool:
        """Fold a batch in one transaction; return whether there is more."""
        ids, self._left = self._left[: batch.BATCH_CARDS], self._left[batch.BATCH_CARDS :]
        if ids:
            with transaction.atomic():
                store.lock_owner(self._owner_id)
                settings = study_settings.settings_for(owner_id=self._owner_id)
                logs = memories.logs_of(self._owner_id, ids)

                def fold(card: Flashcard) -> Flashcard:
                    return memories.up_to_date(card, logs[card.id], settings)

                change_cards(self._owner_id, ids, fold, include_deleted=True)
        return bool(self._left)
