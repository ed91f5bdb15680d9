"""The import job: take over the notes of a file in steps of some thousand.

Each step writes, in one transaction, its cards and reviews, the progress and what undoes the step
(ImportPart). The learner's reviews wait for one step at most; a worker that dies, or whose slice
(memoryloop/server/queues.py) is over, is followed by one that goes on where it was.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from flashcards import store, study_settings
from flashcards.cards import batch, jobs
from flashcards.cards.change import change_cards
from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.domain.validation import CardError
from flashcards.exchange import (
    import_known,
    import_notes,
    import_presets,
    import_undo,
    uploads,
)
from flashcards.exchange.anki.records import Whole
from flashcards.exchange.anki.schedule import Calendar
from flashcards.exchange.import_choice import Choice, Decks
from flashcards.exchange.import_known import Update
from flashcards.exchange.import_notes import Maker
from flashcards.exchange.media import PackageMedia
from flashcards.exchange.report import Report
from flashcards.exchange.text.reader import COLUMNS_CUT, TextFile
from flashcards.models import CardImport, ImportPart, NoteOrigin
from flashcards.store import Change, StoreError
from memoryloop.errors import is_disk_full

Clock = Callable[[], datetime]
Status = CardImport.Status
_UNDER_WAY = (Status.WORKING, Status.UNDOING)
# A worker that has reported no progress for so long is dead.
HEARTBEAT = timedelta(minutes=5)
BROKEN = "Something went wrong here. What was imported so far is kept; undo it or try again."


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
        jobs.request_import(owner_id, import_id)


def undo(*, owner_id: UUID, import_id: UUID, now: datetime) -> None:
    """Put the imported cards into the trash, in the background. Raises NotNow."""
    with transaction.atomic():
        stopped = CardImport.objects.filter(
            id=import_id, owner_id=owner_id, status__in=[Status.WORKING, Status.DONE, Status.FAILED]
        ).update(status=Status.UNDOING, updated_at=now)
        if not stopped:
            raise NotNow("There is nothing to undo.")
        jobs.request_import(owner_id, import_id)


def resume(now: datetime) -> None:
    """Ask the worker again for imports that another one left unfinished."""
    idle = CardImport.objects.filter(status__in=_UNDER_WAY, updated_at__lt=now - HEARTBEAT)
    for row in idle.only("id", "owner_id").order_by("updated_at"):
        jobs.request_import(row.owner_id, row.id)


def run(*, import_id: UUID, clock: Clock, seconds: float = math.inf) -> None:
    """Go on with an import or its undo, to its end or for so long.

    What is not done then is asked of the worker again: the learner's imports take turns.
    """
    row = CardImport.objects.filter(id=import_id).first()
    if row is None:
        return
    if row.status in _UNDER_WAY:
        try:
            _go_on(row, clock, seconds)
        except Exception as error:
            # These would fail again at once: `resume` asks for it later.
            if not (isinstance(error, StoreError) or is_disk_full(error)):
                _request_next(row.owner_id)
            raise
    _request_next(row.owner_id)


def _request_next(owner_id: UUID) -> None:
    """Ask for the learner's import that has waited longest."""
    under_way = CardImport.objects.filter(owner_id=owner_id, status__in=_UNDER_WAY)
    ahead = under_way.only("id").order_by("updated_at", "id").first()
    if ahead is not None:
        jobs.request_import(owner_id, ahead.id)


def _go_on(row: CardImport, clock: Clock, seconds: float) -> None:
    # The cards of earlier steps can be read once they have settled.
    store.settle_batches(row.owner_id)
    try:
        if row.is_looked_into:
            uploads.look_into(row, clock)
        elif row.status == Status.WORKING:
            _import(row, clock, seconds)
        # It may have been undone meanwhile.
        import_undo.run(row, clock, seconds)
    except CardError as error:
        _fail(row, error.sentence, clock())
    except Exception as error:
        # On a full disk it stays under way, as the page says, and `resume` asks for it later.
        if not is_disk_full(error):
            _fail(row, BROKEN, clock())
        raise
    finally:
        store.settle_batches(row.owner_id)


def _import(row: CardImport, clock: Clock, seconds: float) -> None:
    choice = Choice.from_json(row.options)
    with uploads.opened(row) as (source, package):
        now = clock()
        report = Report(row.report)
        with transaction.atomic():
            import_presets.take(
                owner_id=row.owner_id, source=source, choice=choice, report=report, now=now
            )
            row.report = report.as_json()
            row.save(update_fields=["report"])
        settings = study_settings.settings_for(owner_id=row.owner_id).schedule
        calendar = Calendar(
            source.day_zero(settings.day.zone), settings, now, source.first_scheduler
        )
        files = PackageMedia(row.owner_id, package, now)
        wanted = import_presets.of_decks(owner_id=row.owner_id, source=source, choice=choice)
        decks = Decks(row.owner_id, source.decks, choice, report, now, wanted)
        maker = Maker(
            owner_id=row.owner_id,
            note_types=source.note_types,
            decks=decks,
            choice=choice,
            calendar=calendar,
            files=files,
            report=report,
            unsaid=source.unsaid,
        )
        if row.done:
            maker.remember(_repeated_until(source, row.position))
        steps = iter(source.wholes(after=row.position))
        ahead = next(steps, None)

        def import_next() -> bool:
            nonlocal ahead
            if ahead is None:
                return False
            step = maker.step(ahead)
            report.take_media(files)
            if not _write(row, ahead, step, report, clock()):
                return False
            ahead = next(steps, None)
            return ahead is not None

        batch.run_batches(row.owner_id, import_next, seconds=seconds)
        if ahead is None:
            for line in source.cut_lines if isinstance(source, TextFile) else ():
                report.leave_out(COLUMNS_CUT, f"line {line}")
            decks.tell_names(filter(choice.wants, source.cards_by_deck()))
            import_presets.tell(
                owner_id=row.owner_id, source=source, choice=choice, decks=decks, report=report
            )
    if ahead is not None:
        # The slice is over, it was undone, or another worker is at it.
        return
    # The page that says it is done may be opened once the cards can be read.
    store.settle_batches(row.owner_id)
    done = CardImport.objects.filter(id=row.id, status=Status.WORKING)
    if done.update(status=Status.DONE, report=report.as_json(), updated_at=clock()):
        jobs.request_embedding(row.owner_id)
        uploads.discard(row)


def _repeated_until(source: uploads.Source, position: int) -> Iterator[Whole]:
    """Yield the notes up to a position whose guid others in the file have as well: mostly none."""
    repeated = source.repeated_guids()
    for wholes in source.wholes(after=-(2**62)) if repeated else ():
        for whole in wholes:
            if whole.note.id > position:
                return
            if whole.note.guid in repeated:
                yield whole


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
        changed = _update(row.owner_id, step.updates, now)
        ids = [card.id for card in step.cards]
        ids += [each.after.id for each in changed if each.before.deleted_at]
        ImportPart.objects.create(
            card_import=fresh,
            number=fresh.parts.count(),
            card_ids=b"".join(card_id.bytes for card_id in ids),
            changes=[import_undo.entry(each) for each in changed],
            origins=[import_undo.origin_entry(*before) for before in step.origins_before.items()],
        )
        NoteOrigin.objects.bulk_create(
            step.origins,
            update_conflicts=True,
            unique_fields=["owner", "note_id"],
            update_fields=["guid", "words_hash", "texts_hash", "labels"],
        )
        row.position, row.done = wholes[-1].note.id, fresh.done + len(wholes)
        row.report, row.updated_at = report.as_json(), now
        row.save(update_fields=["position", "done", "report", "updated_at"])
    return True


def _update(
    owner_id: UUID, updates: Mapping[UUID, Update], now: datetime
) -> list[import_undo.UpdatedCard]:
    """Update cards that are here already, of an owner who is locked."""
    asked = frozenset(card_id for card_id, update in updates.items() if update.needs_logs)
    # Read again under the lock: the learner may have edited or reviewed them.
    logs = import_known.logs_of(owner_id, asked)
    rows: dict[UUID, list[ReviewLog]] = {}

    def update(card: Flashcard) -> Change | Flashcard:
        done = updates[card.id].apply(card, logs[card.id], now)
        rows[card.id] = done.rows
        return Change(done.card, done.rows[-1]) if done.rows else done.card

    changed = change_cards(owner_id, list(updates), update, include_deleted=True, now=now)
    # One row of the journal has one of the log: the others follow, with the card as it is now.
    store.write(Change(each.after, log) for each in changed for log in rows[each.after.id][:-1])
    return [import_undo.UpdatedCard(c.before, c.after, rows[c.after.id]) for c in changed]


def _fail(row: CardImport, sentence: str, now: datetime) -> None:
    CardImport.objects.filter(id=row.id, status__in=_UNDER_WAY).update(
        status=Status.FAILED, error=sentence[:300], updated_at=now
    )
