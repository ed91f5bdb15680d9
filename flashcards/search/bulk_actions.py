"""Change many cards at once, and undo it.

In batches, each one transaction: the cards' new images in the journal, and what undoes them in a
row beside the change. The learner's reviews wait for a batch at most; a worker that dies goes on
where it was. A few hundred cards are changed at once, more in the background.
"""

import contextlib
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from flashcards import store, study_settings
from flashcards.cards import history, jobs
from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.domain.validation import CardError
from flashcards.models import BulkChange, BulkPart
from flashcards.search import card_actions
from flashcards.search.card_actions import Changed, Verb
from flashcards.store import Change, OwnerGone, Query, cards, review_logs
from flashcards.store.journal import journal
from flashcards.store.maintenance import checkpoint

Status = BulkChange.Status
_UNDER_WAY = (Status.WORKING, Status.UNDOING)
Clock = Callable[[], datetime]
BATCH_CARDS = 500
# What takes longer than about a second is for the background worker.
AT_ONCE_CARDS = 500
# So many pending images and readers would feel them: they go into LanceDB in between.
CHECKPOINT_BATCHES = 8
# An undo is for what was done lately.
UNDO_WITHIN = timedelta(days=7)


class NothingSelected(CardError):
    """There is no card to change."""


class NothingToUndo(CardError):
    """The change was undone already, or is too old."""


def change_cards(
    *,
    owner_id: UUID,
    verb: Verb,
    argument: Mapping[str, Any],
    card_ids: Sequence[UUID],
    clock: Clock,
) -> BulkChange:
    """Do something to these cards of the owner; others' and unknown ones are passed over.

    Returns once it is done, or, for more than AT_ONCE_CARDS, has been left to the background
    worker. Raises NothingSelected.
    """
    if not card_ids:
        raise NothingSelected("Select some cards first.")
    _forget_old(owner_id, clock())
    with transaction.atomic():
        change = BulkChange.objects.create(
            owner_id=owner_id,
            verb=verb,
            argument=dict(argument),
            card_ids=b"".join(card_id.bytes for card_id in card_ids),
            total=len(card_ids),
            created_at=clock(),
        )
        if change.total > AT_ONCE_CARDS:
            jobs.request_bulk(change.id)
    if change.total <= AT_ONCE_CARDS:
        run(change_id=change.id, clock=clock)
        change.refresh_from_db()
    return change


def undo(*, owner_id: UUID, change_id: UUID, clock: Clock) -> BulkChange:
    """Take back a change, also one that is still under way: it stops there first.

    Raises NothingToUndo.
    """
    with transaction.atomic():
        stopped = BulkChange.objects.filter(
            id=change_id, owner_id=owner_id, status__in=[Status.WORKING, Status.DONE]
        ).update(status=Status.UNDOING)
        if not stopped:
            raise NothingToUndo("This was undone already, or is too long ago to undo.")
        change = BulkChange.objects.get(id=change_id)
        if change.total > AT_ONCE_CARDS:
            jobs.request_bulk(change.id)
    if change.total <= AT_ONCE_CARDS:
        run(change_id=change.id, clock=clock)
        change.refresh_from_db()
    return change


def under_way(*, owner_id: UUID) -> BulkChange | None:
    """Return the owner's change that the background is still working at, if there is one."""
    return (
        BulkChange.objects.filter(owner_id=owner_id, status__in=_UNDER_WAY)
        .defer("card_ids")
        .first()
    )


def resume() -> None:
    """Ask again for what is under way: two workers at one change wait for each other."""
    for change in BulkChange.objects.filter(status__in=_UNDER_WAY).only("id"):
        jobs.request_bulk(change.id)


def run(*, change_id: UUID, clock: Clock) -> None:
    """Finish a change or its undo, batch by batch. Whoever calls it again goes on from there."""
    batches = 0
    with contextlib.suppress(OwnerGone):
        while _step(change_id, clock):
            batches += 1
            if batches % CHECKPOINT_BATCHES == 0:
                checkpoint.run()
    if batches > 1:
        jobs.request_checkpoint()


def _step(change_id: UUID, clock: Clock) -> bool:
    """Do one batch. Return whether there is more."""
    change = BulkChange.objects.filter(id=change_id).defer("card_ids").first()
    if change is None or not change.is_under_way:
        return False
    # Outside the transaction, so that what is decoded of the journal is kept for the next batch.
    journal.read(change.owner_id)
    with transaction.atomic():
        store.lock_owner(change.owner_id)
        # Read again under the lock: another worker may be at it, or an undo may have come.
        change = BulkChange.objects.select_for_update().get(id=change_id)
        if change.status == Status.WORKING:
            return _do(change, clock())
        return change.status == Status.UNDOING and _take_back(change, clock())


def _do(change: BulkChange, now: datetime) -> bool:
    packed = bytes(change.card_ids)[16 * change.done : 16 * (change.done + BATCH_CARDS)]
    ids = [uuid.UUID(bytes=packed[at : at + 16]) for at in range(0, len(packed), 16)]
    chosen = _cards(cards.for_owner(change.owner_id), ids)
    verb = Verb(change.verb)
    logs = _logs(change, list(chosen))
    settings = study_settings.settings_for(owner_id=change.owner_id)
    found = [
        card_actions.apply(
            verb,
            change.argument,
            card,
            now,
            logs[card_id],
            study_settings.for_card(settings, card).schedule,
        )
        for card_id, card in chosen.items()
    ]
    changed = [each for each in found if each is not None]
    _write(change.owner_id, changed, now)
    if changed:
        BulkPart.objects.create(
            change=change,
            number=change.done // BATCH_CARDS,
            inverses=[[str(each.after.id), each.inverse] for each in changed],
        )
    change.done += len(ids)
    change.changed += len(changed)
    if change.done >= change.total:
        change.status = Status.DONE
    change.save(update_fields=["done", "changed", "status"])
    return change.status == Status.WORKING


def _take_back(change: BulkChange, now: datetime) -> bool:
    part = change.parts.last()
    if part is None:
        BulkChange.objects.filter(id=change.id).update(status=Status.UNDONE, done=0)
        return False
    inverses = {uuid.UUID(card_id): inverse for card_id, inverse in part.inverses}
    chosen = _cards(cards.for_owner(change.owner_id).with_deleted(), inverses)
    logs = _logs(change, list(chosen))
    settings = study_settings.settings_for(owner_id=change.owner_id)
    found = [
        card_actions.undo(
            card,
            inverses[card_id],
            logs[card_id],
            now,
            study_settings.for_card(settings, card).schedule,
        )
        for card_id, card in chosen.items()
    ]
    _write(change.owner_id, [each for each in found if each is not None], now)
    BulkChange.objects.filter(id=change.id).update(
        done=part.number * BATCH_CARDS, changed=F("changed") - len(inverses)
    )
    part.delete()
    return True


def _cards(owned: Query[Flashcard], ids: Iterable[UUID]) -> dict[UUID, Flashcard]:
    # A set: thousands of pending cards are looked up in it.
    return {card.id: card for card in owned.filter(id__in=frozenset(ids))}


def _logs(change: BulkChange, card_ids: Sequence[UUID]) -> dict[UUID, list[ReviewLog]]:
    """Return the logs of cards by card, where the change is one of the schedule."""
    logs: dict[UUID, list[ReviewLog]] = defaultdict(list)
    if Verb(change.verb) in card_actions.SCHEDULING:
        for log in review_logs.for_owner(change.owner_id).filter(
            flashcard_id__in=frozenset(card_ids)
        ):
            logs[log.flashcard_id].append(log)
    return logs


def _write(owner_id: UUID, changed: Sequence[Changed], now: datetime) -> None:
    store.write(Change(each.after, each.log) for each in changed)
    history.record(
        owner_id=owner_id,
        before=[each.before for each in changed],
        after=[each.after for each in changed],
        now=now,
    )


def _forget_old(owner_id: UUID, now: datetime) -> None:
    old = BulkChange.objects.filter(owner_id=owner_id, created_at__lt=now - UNDO_WITHIN)
    old.exclude(status__in=_UNDER_WAY).delete()
