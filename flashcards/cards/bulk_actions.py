"""Bulk actions: do the same to many cards of a learner, with progress and undo.

A row of BulkChange says what is done to which cards and how far it is. Each batch writes, in its
own transaction, the cards, the progress and what undoes the batch (BulkPart), so a worker that
dies goes on where it was. A few hundred cards are changed at once, more in the background.
"""

import math
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from flashcards import store, study_settings
from flashcards.cards import adopting, batch, card_actions, jobs
from flashcards.cards.card_actions import Inverse, Verb
from flashcards.cards.change import change_cards
from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.domain.validation import CardError
from flashcards.models import BulkChange, BulkPart
from flashcards.store import Change, review_logs

Status = BulkChange.Status
_UNDER_WAY = (Status.WORKING, Status.UNDOING)
Clock = Callable[[], datetime]
# The background worker does what would take longer than about a second.
AT_ONCE_CARDS = 500
# An older change cannot be undone.
UNDO_WITHIN = timedelta(days=7)


class NothingSelected(CardError):
    """No card was selected."""


class NothingToUndo(CardError):
    """The change was undone already, or is too old."""


def start(
    *,
    owner_id: UUID,
    verb: Verb,
    argument: Mapping[str, Any],
    card_ids: Sequence[UUID],
    clock: Clock,
) -> BulkChange:
    """Do an action to these cards of the owner; other ids are ignored.

    Up to AT_ONCE_CARDS it is done on return; the background worker does more. Raises
    NothingSelected.
    """
    if not card_ids:
        raise NothingSelected("Select some cards first.")
    change = create(owner_id=owner_id, verb=verb, argument=argument, card_ids=card_ids, now=clock())
    return begin(change, clock)


def create(
    *,
    owner_id: UUID,
    verb: Verb,
    argument: Mapping[str, Any],
    card_ids: Sequence[UUID],
    now: datetime,
) -> BulkChange:
    """Record an action that is to be done, for `begin`, in the caller's transaction."""
    _delete_old(owner_id, now)
    return BulkChange.objects.create(
        owner_id=owner_id,
        verb=verb,
        argument=dict(argument),
        card_ids=b"".join(card_id.bytes for card_id in card_ids),
        total=len(card_ids),
        created_at=now,
    )


def undo(*, owner_id: UUID, change_id: UUID, clock: Clock) -> BulkChange:
    """Undo a change; one that is still under way is stopped first. Raises NothingToUndo."""
    with transaction.atomic():
        stopped = BulkChange.objects.filter(
            id=change_id, owner_id=owner_id, status__in=[Status.WORKING, Status.DONE]
        ).update(status=Status.UNDOING)
        if not stopped:
            raise NothingToUndo("This was undone already, or is too old to undo.")
        change = BulkChange.objects.get(id=change_id)
        if change.verb == Verb.REFOLD:
            adopting.give_back(change, clock())
    return begin(change, clock)


def under_way(*, owner_id: UUID) -> BulkChange | None:
    """Return the owner's oldest change that is still being done or undone, if there is one."""
    return (
        BulkChange.objects.filter(owner_id=owner_id, status__in=_UNDER_WAY)
        .defer("card_ids")
        .order_by("created_at", "id")
        .first()
    )


def resume() -> None:
    """Ask the worker again for every change under way; two workers at one wait for each other."""
    under_way = BulkChange.objects.filter(status__in=_UNDER_WAY).order_by("created_at", "id")
    for change in under_way.only("id", "owner_id"):
        jobs.request_bulk(change.owner_id, change.id)


def run(*, change_id: UUID, clock: Clock, seconds: float = math.inf) -> None:
    """Go on with a change or its undo, batch by batch, to its end or for so long."""
    change = BulkChange.objects.filter(id=change_id).only("owner_id").first()
    if change is not None:
        owner_id = change.owner_id
        batch.run_batches(
            owner_id, lambda: _change_next(change_id, owner_id, clock()), seconds=seconds
        )


def request_next(*, after: UUID) -> None:
    """Ask the worker for the next change of the learner whose this one is, the oldest first."""
    change = BulkChange.objects.filter(id=after).only("owner_id").first()
    if change is not None and (ahead := under_way(owner_id=change.owner_id)) is not None:
        jobs.request_bulk(change.owner_id, ahead.id)


def begin(change: BulkChange, clock: Clock) -> BulkChange:
    """Finish a short change, and leave a long one to the worker; return it as it is then.

    Should this process die in between, `resume` finds the change.
    """
    if change.total > AT_ONCE_CARDS:
        jobs.request_bulk(change.owner_id, change.id)
    else:
        run(change_id=change.id, clock=clock)
        change.refresh_from_db()
    return change


def _change_next(change_id: UUID, owner_id: UUID, now: datetime) -> bool:
    """Do or undo one batch. Return whether there is more."""
    with transaction.atomic():
        store.lock_owner(owner_id)
        # Read under the lock: another worker may have gone on with it, or it is to be undone.
        change = BulkChange.objects.select_for_update().filter(id=change_id).first()
        if change is None or not change.is_under_way:
            return False
        if change.status == Status.WORKING:
            return _act(change, now)
        return _take_back(change, now)


def _act(change: BulkChange, now: datetime) -> bool:
    """Change the next batch of cards, and store what undoes it."""
    size = batch.BATCH_CARDS
    packed = bytes(change.card_ids)[16 * change.done : 16 * (change.done + size)]
    ids = [uuid.UUID(bytes=packed[at : at + 16]) for at in range(0, len(packed), 16)]
    verb, logs = Verb(change.verb), _logs(change, ids)
    settings = study_settings.settings_for(owner_id=change.owner_id)
    inverses: list[tuple[str, Inverse]] = []

    def act(card: Flashcard) -> Change | None:
        schedule = study_settings.for_card(settings, card).schedule
        done = card_actions.apply(verb, change.argument, card, now, logs[card.id], schedule)
        if done is None:
            return None
        inverses.append((str(card.id), done.inverse))
        return Change(done.after, done.log)

    changed = change_cards(change.owner_id, ids, act, now=now)
    if changed:
        BulkPart.objects.create(change=change, number=change.done // size, inverses=inverses)
    change.done += len(ids)
    change.changed += len(changed)
    if change.done >= change.total:
        change.status = Status.DONE
        _end(change)
    change.save(update_fields=["done", "changed", "status"])
    return change.status == Status.WORKING


def _take_back(change: BulkChange, now: datetime) -> bool:
    """Undo the last batch that was changed."""
    part = change.parts.last()
    if part is None:
        BulkChange.objects.filter(id=change.id).update(status=Status.UNDONE, done=0)
        _end(change)
        return False
    inverses = {uuid.UUID(card_id): inverse for card_id, inverse in part.inverses}
    logs = _logs(change, list(inverses))
    settings = study_settings.settings_for(owner_id=change.owner_id)

    def take_back(card: Flashcard) -> Change | None:
        schedule = study_settings.for_card(settings, card).schedule
        done = card_actions.undo(card, inverses[card.id], logs[card.id], now, schedule)
        return Change(done.after, done.log) if done is not None else None

    change_cards(change.owner_id, list(inverses), take_back, include_deleted=True, now=now)
    BulkChange.objects.filter(id=change.id).update(
        done=part.number * batch.BATCH_CARDS, changed=F("changed") - len(inverses)
    )
    part.delete()
    return True


def _end(change: BulkChange) -> None:
    """Have cards folded that a change of parameters has left out, as those in the trash."""
    if change.verb == Verb.REFOLD:
        jobs.request_folding(change.owner_id)


def _logs(change: BulkChange, card_ids: Sequence[UUID]) -> dict[UUID, list[ReviewLog]]:
    """Return the review logs of cards by card, where the action is one of the schedule."""
    logs: dict[UUID, list[ReviewLog]] = defaultdict(list)
    if Verb(change.verb) in card_actions.SCHEDULING:
        for log in review_logs.for_owner(change.owner_id).filter(
            flashcard_id__in=frozenset(card_ids)
        ):
            logs[log.flashcard_id].append(log)
    return logs


def _delete_old(owner_id: UUID, now: datetime) -> None:
    old = BulkChange.objects.filter(owner_id=owner_id, created_at__lt=now - UNDO_WITHIN)
    old.exclude(status__in=_UNDER_WAY).delete()
