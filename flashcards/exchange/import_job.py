"""Take over what is in a file, some thousand notes at a time, and undo that.

Each step is one transaction: its cards and reviews in the journal, what undoes it in a row beside
the import. The learner's reviews wait for a step at most; a worker that dies goes on where it was.
"""

import dataclasses
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from flashcards import store, study_settings
from flashcards.cards import history, jobs
from flashcards.cards.revert import with_words
from flashcards.domain.records import Flashcard
from flashcards.domain.validation import CardError
from flashcards.exchange import import_notes, uploads
from flashcards.exchange.anki.collection import Whole
from flashcards.exchange.anki.schedule import Calendar
from flashcards.exchange.import_choice import Choice, Decks
from flashcards.exchange.import_notes import Maker
from flashcards.exchange.media import Pictures
from flashcards.exchange.report import Report
from flashcards.models import CardImport, Deck, ImportPart, NoteOrigin
from flashcards.store import Change, OwnerGone, cards
from flashcards.store.maintenance import checkpoint

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Status = CardImport.Status
_UNDER_WAY = (Status.WORKING, Status.UNDOING)
# Steps between which the journal is moved into LanceDB.
CHECKPOINT_STEPS = 10
# Cards that an undo changes at once.
BATCH_CARDS = 500
# A worker that has said nothing for so long is gone.
HEARTBEAT = timedelta(minutes=5)
BROKEN = "Something went wrong here. What was imported until then stays; undo it or try again."


class NotNow(CardError):
    """An import cannot be started or undone as it stands."""


def start(*, owner_id: UUID, import_id: UUID, choice: Choice, now: datetime) -> None:
    """Begin to import what was chosen, in the background. Raises NotNow."""
    with transaction.atomic():
        started = CardImport.objects.filter(
            id=import_id, owner_id=owner_id, status__in=[Status.READY, Status.FAILED]
        ).update(status=Status.WORKING, options=choice.as_json(), error="", updated_at=now)
        if not started:
            raise NotNow("This import has been started already.")
        jobs.request_import(import_id)


def undo(*, owner_id: UUID, import_id: UUID, now: datetime) -> None:
    """Put what was imported into the bin, in the background. Raises NotNow."""
    with transaction.atomic():
        stopped = CardImport.objects.filter(
            id=import_id, owner_id=owner_id, status__in=[Status.WORKING, Status.DONE, Status.FAILED]
        ).update(status=Status.UNDOING, updated_at=now)
        if not stopped:
            raise NotNow("There is nothing to undo.")
        jobs.request_import(import_id)


def resume(now: datetime) -> None:
    """Ask again for what a worker left half done when it ended."""
    idle = CardImport.objects.filter(status__in=_UNDER_WAY, updated_at__lt=now - HEARTBEAT)
    for row in idle.only("id"):
        jobs.request_import(row.id)


def run(*, import_id: UUID, clock: Clock) -> None:
    """Finish an import or its undo. Whoever calls it again goes on from where it is."""
    row = CardImport.objects.filter(id=import_id, status__in=_UNDER_WAY).first()
    if row is None:
        return
    # What an earlier step has written is seen once it is in LanceDB.
    checkpoint.run_until_empty()
    try:
        if row.status == Status.WORKING:
            _import(row, clock)
        # It may have been undone meanwhile.
        _take_back(row, clock)
    except CardError as error:
        _fail(row, error.sentence, clock())
    except OwnerGone:
        logger.info("The owner of an import is gone.")
    except Exception:
        _fail(row, BROKEN, clock())
        raise
    finally:
        checkpoint.run_until_empty()


def _import(row: CardImport, clock: Clock) -> None:
    choice = Choice.from_json(row.options)
    with uploads.opened(row) as (source, package):
        now = clock()
        settings = study_settings.settings_for(owner_id=row.owner_id).schedule
        calendar = Calendar(
            source.day_zero(settings.day.zone), settings, now, source.first_scheduler
        )
        report = Report(row.report)
        pictures = Pictures(row.owner_id, package, now)
        decks = Decks(row.owner_id, source.decks, choice, report, now)
        maker = Maker(
            owner_id=row.owner_id,
            note_types=source.note_types,
            decks=decks,
            choice=choice,
            calendar=calendar,
            pictures=pictures,
            report=report,
        )
        for number, wholes in enumerate(source.wholes(after=row.position), 1):
            step = maker.step(wholes)
            report.take_pictures(pictures)
            if not _write(row, wholes, step, report, clock()):
                return
            if number % CHECKPOINT_STEPS == 0:
                checkpoint.run()
    # Seen by then, and so is the page that says it is done.
    checkpoint.run_until_empty()
    done = CardImport.objects.filter(id=row.id, status=Status.WORKING)
    if done.update(status=Status.DONE, updated_at=clock()):
        jobs.request_embedding(row.owner_id)
        uploads.discard(row)


def _write(
    row: CardImport, wholes: Sequence[Whole], step: import_notes.Step, report: Report, now: datetime
) -> bool:
    """Write a step down, all or nothing. Return whether to go on."""
    with transaction.atomic():
        store.lock_owner(row.owner_id)
        fresh = CardImport.objects.select_for_update().get(id=row.id)
        if fresh.status != Status.WORKING or fresh.position != row.position:
            return False
        if step.cards:
            store.write_many(row.owner_id, step.cards, step.logs)
        before, after = _changed(row.owner_id, step, now)
        store.write(Change(card) for card in after)
        history.record(owner_id=row.owner_id, before=before, after=after, now=now)
        was = {card.id: card for card in before}
        ids = [card.id for card in step.cards]
        ids += [card.id for card in after if was[card.id].deleted_at]
        ImportPart.objects.create(
            card_import=fresh,
            number=fresh.parts.count(),
            card_ids=b"".join(card_id.bytes for card_id in ids),
            changes=[
                [str(card.id), history.content(was[card.id]), history.content(card)]
                for card in after
                if history.content(card) != history.content(was[card.id])
            ],
        )
        NoteOrigin.objects.bulk_create(
            step.origins,
            update_conflicts=True,
            unique_fields=["owner", "note_id"],
            update_fields=["guid", "words_hash"],
        )
        row.position, row.done = wholes[-1].note.id, fresh.done + len(wholes)
        row.report, row.updated_at = report.as_json(), now
        row.save(update_fields=["position", "done", "report", "updated_at"])
    return True


def _changed(
    owner_id: UUID, step: import_notes.Step, now: datetime
) -> tuple[list[Flashcard], list[Flashcard]]:
    """Return the cards that are there already, as they are and as the file has them."""
    if not step.changes:
        return [], []
    # Read again under the lock: the learner may have been at them.
    found = cards.for_owner(owner_id).with_deleted().in_bulk(list(step.changes))
    pairs = [(card, step.changes[card_id](card, now)) for card_id, card in found.items()]
    changed = [(card, after) for card, after in pairs if after != card]
    return [card for card, _ in changed], [after for _, after in changed]


# Undo


def _take_back(row: CardImport, clock: Clock) -> None:
    if not CardImport.objects.filter(id=row.id, status=Status.UNDOING).exists():
        return
    # Its last steps may have been written just now.
    checkpoint.run_until_empty()
    batches = 0
    while True:
        fresh = CardImport.objects.filter(id=row.id, status=Status.UNDOING).first()
        if fresh is None:
            return
        part = fresh.parts.last()
        if part is None:
            break
        for ids in _batches(part):
            _bin(row.owner_id, ids, clock())
            CardImport.objects.filter(id=row.id).update(updated_at=clock())
            batches += 1
            if batches % CHECKPOINT_STEPS == 0:
                checkpoint.run()
        _restore_words(row.owner_id, part, clock())
        left = CardImport.objects.filter(id=row.id)
        with transaction.atomic():
            share = fresh.done // (part.number + 1)
            left.update(done=fresh.done - share, updated_at=clock())
            part.delete()
    made = [UUID(deck_id) for deck_id in fresh.report.get("decks", ())]
    _remove_empty(row.owner_id, made)
    CardImport.objects.filter(id=row.id).update(status=Status.UNDONE, done=0, updated_at=clock())
    uploads.discard(row)


def _batches(part: ImportPart) -> list[list[UUID]]:
    packed = bytes(part.card_ids)
    ids = [UUID(bytes=packed[at : at + 16]) for at in range(0, len(packed), 16)]
    return [ids[at : at + BATCH_CARDS] for at in range(0, len(ids), BATCH_CARDS)]


def _bin(owner_id: UUID, ids: list[UUID], now: datetime) -> None:
    with transaction.atomic():
        store.lock_owner(owner_id)
        found = cards.for_owner(owner_id).in_bulk(ids)
        store.write(Change(dataclasses.replace(card, deleted_at=now)) for card in found.values())


def _restore_words(owner_id: UUID, part: ImportPart, now: datetime) -> None:
    """Give cards the words from before the import; those edited since keep what they have."""
    words = {UUID(card_id): (before, after) for card_id, before, after in part.changes}
    if not words:
        return
    with transaction.atomic():
        store.lock_owner(owner_id)
        found = cards.for_owner(owner_id).with_deleted().in_bulk(list(words))
        was = [card for card in found.values() if history.content(card) == words[card.id][1]]
        after = [with_words(card, words[card.id][0], now) for card in was]
        store.write(Change(card) for card in after)
        history.record(owner_id=owner_id, before=was, after=after, now=now)
        jobs.request_embedding(owner_id)


def _remove_empty(owner_id: UUID, deck_ids: list[UUID]) -> None:
    """Remove the decks that the import made, as far as no card is left in them."""
    imported = cards.for_owner(owner_id)
    for deck in Deck.objects.filter(owner_id=owner_id, id__in=deck_ids):
        if not imported.filter(deck_ids__contains=deck.id).exists():
            deck.delete()


def _fail(row: CardImport, sentence: str, now: datetime) -> None:
    CardImport.objects.filter(id=row.id, status__in=_UNDER_WAY).update(
        status=Status.FAILED, error=sentence[:300], updated_at=now
    )
