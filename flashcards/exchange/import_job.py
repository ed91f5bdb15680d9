"""The import job: take over the notes of a file in steps of some thousand, and undo that.

Each step writes, in one transaction, its cards and reviews, the progress and what undoes the step
(ImportPart). The learner's reviews wait for one step at most; a worker that dies goes on where it
was.
"""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from flashcards import store, study_settings
from flashcards.cards import batch, history, jobs
from flashcards.cards.change import change_cards
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
from flashcards.store import cards

Clock = Callable[[], datetime]
Status = CardImport.Status
_UNDER_WAY = (Status.WORKING, Status.UNDOING)
# A worker that has reported no progress for so long is dead.
HEARTBEAT = timedelta(minutes=5)
BROKEN = "Something went wrong here. What was imported until then stays; undo it or try again."


class NotNow(CardError):
    """An import cannot be started or undone in its state."""


def start(*, owner_id: UUID, import_id: UUID, choice: Choice, now: datetime) -> None:
    """Start to import what was chosen, in the background. Raises NotNow."""
    with transaction.atomic():
        started = CardImport.objects.filter(
            id=import_id, owner_id=owner_id, status__in=[Status.READY, Status.FAILED]
        ).update(status=Status.WORKING, options=choice.as_json(), error="", updated_at=now)
        if not started:
            raise NotNow("This import has been started already.")
        jobs.request_import(import_id)


def undo(*, owner_id: UUID, import_id: UUID, now: datetime) -> None:
    """Put the imported cards into the trash, in the background. Raises NotNow."""
    with transaction.atomic():
        stopped = CardImport.objects.filter(
            id=import_id, owner_id=owner_id, status__in=[Status.WORKING, Status.DONE, Status.FAILED]
        ).update(status=Status.UNDOING, updated_at=now)
        if not stopped:
            raise NotNow("There is nothing to undo.")
        jobs.request_import(import_id)


def resume(now: datetime) -> None:
    """Ask the worker again for imports that another one left unfinished."""
    idle = CardImport.objects.filter(status__in=_UNDER_WAY, updated_at__lt=now - HEARTBEAT)
    for row in idle.only("id"):
        jobs.request_import(row.id)


def run(*, import_id: UUID, clock: Clock) -> None:
    """Finish an import or its undo. Called again, it goes on where it was."""
    row = CardImport.objects.filter(id=import_id, status__in=_UNDER_WAY).first()
    if row is None:
        return
    # The cards of earlier steps can be read once they are in LanceDB.
    store.checkpoint_all()
    try:
        if row.is_looked_into:
            uploads.look_into(row, clock)
        elif row.status == Status.WORKING:
            _import(row, clock)
        # It may have been undone meanwhile.
        _take_back(row, clock)
    except CardError as error:
        _fail(row, error.sentence, clock())
    except Exception:
        _fail(row, BROKEN, clock())
        raise
    finally:
        store.checkpoint_all()


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
        steps = iter(source.wholes(after=row.position))
        is_complete = False

        def import_next() -> bool:
            nonlocal is_complete
            wholes = next(steps, None)
            if wholes is None:
                is_complete = True
                return False
            step = maker.step(wholes)
            report.take_pictures(pictures)
            return _write(row, wholes, step, report, clock())

        batch.run_batches(row.owner_id, import_next)
    if not is_complete:
        # Undone, or another worker is at it.
        return
    # The page that says it is done may be opened once the cards can be read.
    store.checkpoint_all()
    done = CardImport.objects.filter(id=row.id, status=Status.WORKING)
    if done.update(status=Status.DONE, updated_at=clock()):
        jobs.request_embedding(row.owner_id)
        uploads.discard(row)


def _write(
    row: CardImport, wholes: Sequence[Whole], step: import_notes.Step, report: Report, now: datetime
) -> bool:
    """Write a step in one transaction. Return whether to go on."""
    with transaction.atomic():
        store.lock_owner(row.owner_id)
        fresh = CardImport.objects.select_for_update().get(id=row.id)
        if fresh.status != Status.WORKING or fresh.position != row.position:
            return False
        if step.cards:
            store.write_many(row.owner_id, step.cards, step.logs)
        # Read again under the lock: the learner may have edited them.
        changed = change_cards(
            row.owner_id,
            list(step.changes),
            lambda card: step.changes[card.id](card, now),
            include_deleted=True,
            now=now,
        )
        ids = [card.id for card in step.cards]
        ids += [each.after.id for each in changed if each.before.deleted_at]
        words = [
            [str(each.after.id), history.content(each.before), history.content(each.after)]
            for each in changed
        ]
        ImportPart.objects.create(
            card_import=fresh,
            number=fresh.parts.count(),
            card_ids=b"".join(card_id.bytes for card_id in ids),
            changes=[each for each in words if each[1] != each[2]],
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


# Undo


def _take_back(row: CardImport, clock: Clock) -> None:
    if not CardImport.objects.filter(id=row.id, status=Status.UNDOING).exists():
        return
    # The cards of its last steps can be read once they are in LanceDB.
    store.checkpoint_all()
    batch.run_batches(row.owner_id, lambda: _take_back_next(row, clock()))
    undone = CardImport.objects.filter(id=row.id, status=Status.UNDOING).first()
    if undone is not None:
        made = [UUID(deck_id) for deck_id in undone.report.get("decks", ())]
        _remove_empty(row.owner_id, made)
        CardImport.objects.filter(id=row.id).update(
            status=Status.UNDONE, done=0, updated_at=clock()
        )
        uploads.discard(row)


def _take_back_next(row: CardImport, now: datetime) -> bool:
    """Put a batch of the last part's cards into the trash. Return whether there is more.

    The last batch of a part also restores the words that the import changed, and deletes the part.
    """
    with transaction.atomic():
        store.lock_owner(row.owner_id)
        fresh = CardImport.objects.select_for_update().get(id=row.id)
        part = fresh.parts.last()
        if fresh.status != Status.UNDOING or part is None:
            return False
        size = 16 * batch.BATCH_CARDS
        packed, part.card_ids = part.card_ids[:size], part.card_ids[size:]
        ids = [UUID(bytes=bytes(packed[at : at + 16])) for at in range(0, len(packed), 16)]
        change_cards(row.owner_id, ids, lambda card: dataclasses.replace(card, deleted_at=now))
        if part.card_ids:
            part.save(update_fields=["card_ids"])
        else:
            _restore_words(row.owner_id, part, now)
            fresh.done -= fresh.done // (part.number + 1)
            part.delete()
        fresh.updated_at = now
        fresh.save(update_fields=["done", "updated_at"])
    return True


def _restore_words(owner_id: UUID, part: ImportPart, now: datetime) -> None:
    """Give cards the words from before the import; those edited since keep what they have."""
    words = {UUID(card_id): (before, after) for card_id, before, after in part.changes}

    def give_back(card: Flashcard) -> Flashcard | None:
        before, after = words[card.id]
        return with_words(card, before, now) if history.content(card) == after else None

    change_cards(owner_id, list(words), give_back, include_deleted=True, now=now)


def _remove_empty(owner_id: UUID, deck_ids: list[UUID]) -> None:
    """Delete the decks that the import created, if they have no card any more."""
    imported = cards.for_owner(owner_id)
    for deck in Deck.objects.filter(owner_id=owner_id, id__in=deck_ids):
        if not imported.filter(deck_ids__contains=deck.id).exists():
            deck.delete()


def _fail(row: CardImport, sentence: str, now: datetime) -> None:
    CardImport.objects.filter(id=row.id, status__in=_UNDER_WAY).update(
        status=Status.FAILED, error=sentence[:300], updated_at=now
    )
