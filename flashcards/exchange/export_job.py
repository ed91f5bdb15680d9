"""The export job: writes cards to a file in the background, as an Anki package or a table."""

import contextlib
import logging
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from flashcards import store, study_settings
from flashcards.cards import jobs
from flashcards.domain.records import ReviewLog
from flashcards.domain.validation import CardError
from flashcards.exchange.anki.writer import AnkiWriter
from flashcards.exchange.text.csv_writer import CsvWriter
from flashcards.exchange.uploads import folder_of
from flashcards.models import CardExport, Deck, NoteOrigin
from flashcards.store import cards, review_logs
from memoryloop.errors import sentence_of

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Status = CardExport.Status
FORMATS = {"apkg": "Anki package (.apkg)", "csv": "Table (.csv)"}
CHUNK_CARDS = 1_000
# The background worker does what would take longer than about a second.
AT_ONCE_CARDS = 300
# A file can be downloaded for so long.
KEPT = timedelta(days=1)
HEARTBEAT = timedelta(minutes=5)
BROKEN = "The file could not be created. Try again."


class NothingToExport(CardError):
    """There is no card to export."""


def start(
    *,
    owner_id: UUID,
    format: str,  # noqa: A002 - what it is called everywhere
    search: str,
    options: Mapping[str, Any],
    card_ids: Sequence[UUID],
    clock: Clock,
) -> CardExport:
    """Write these cards of the owner to a file, many in the background. Raises NothingToExport."""
    if not card_ids:
        raise NothingToExport("There are no cards to export here.")
    with transaction.atomic():
        row = CardExport.objects.create(
            owner_id=owner_id,
            format=format,
            search=search,
            options=dict(options),
            card_ids=b"".join(card_id.bytes for card_id in card_ids),
            total=len(card_ids),
            created_at=clock(),
            updated_at=clock(),
        )
        if row.total > AT_ONCE_CARDS:
            jobs.request_export(owner_id, row.id)
    if row.total <= AT_ONCE_CARDS:
        run(export_id=row.id, clock=clock)
        row.refresh_from_db()
    return row


def file_of(row: CardExport) -> Path:
    return folder_of(row) / f"cards.{row.format}"


def resume(now: datetime) -> None:
    """Ask the worker again for exports that another one left unfinished."""
    idle = CardExport.objects.filter(status=Status.WORKING, updated_at__lt=now - HEARTBEAT)
    for row in idle.only("id", "owner_id").order_by("created_at", "id"):
        jobs.request_export(row.owner_id, row.id)


def request_next(*, after: UUID) -> None:
    """Ask the worker for the next export of the learner whose this one is."""
    row = CardExport.objects.filter(id=after).only("owner_id").first()
    if row is None:
        return
    working = CardExport.objects.filter(owner_id=row.owner_id, status=Status.WORKING)
    ahead = working.filter(total__gt=AT_ONCE_CARDS).only("id").order_by("created_at", "id").first()
    if ahead is not None:
        jobs.request_export(row.owner_id, ahead.id)


def purge(now: datetime) -> None:
    """Delete files that are older than a day."""
    for row in CardExport.objects.filter(created_at__lt=now - KEPT).defer("card_ids"):
        row.delete()


def run(*, export_id: UUID, clock: Clock) -> None:
    """Write the file from its beginning; saves the progress."""
    row = CardExport.objects.filter(id=export_id, status=Status.WORKING).first()
    if row is None:
        return
    store.settle_batches(row.owner_id)
    folder = folder_of(row)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = folder / f"{uuid.uuid4()}.partial"
    try:
        _write(row, partial, clock)
        partial.replace(file_of(row))
    except Exception as error:
        _end(row, Status.FAILED, clock(), error=sentence_of(error, BROKEN))
        raise
    finally:
        for left in folder.glob(f"{partial.name}*"):
            with contextlib.suppress(OSError):
                left.unlink()
    _end(row, Status.DONE, clock(), size_bytes=file_of(row).stat().st_size, done=row.total)


def _write(row: CardExport, path: Path, clock: Clock) -> None:
    settings = study_settings.settings_for(owner_id=row.owner_id)
    names = Deck.objects.filter(owner_id=row.owner_id, search="").values_list("id", "name")
    kind = AnkiWriter if row.format == "apkg" else CsvWriter
    with_schedule = bool(row.options.get("schedule", True))
    writer = kind(
        path,
        owner_id=row.owner_id,
        deck_names=dict(names),
        settings=settings,
        now=clock(),
        with_schedule=with_schedule,
        with_media=bool(row.options.get("media", True)),
    )
    with writer:
        done = 0
        for ids in _chunks(bytes(row.card_ids)):
            found = {
                card.id: card
                for card in cards.for_owner(row.owner_id).filter(id__in=frozenset(ids))
            }
            chosen = [found[card_id] for card_id in ids if card_id in found]
            logs: dict[UUID, list[ReviewLog]] = defaultdict(list)
            if with_schedule and row.format == "apkg":
                owned_logs = review_logs.for_owner(row.owner_id)
                for log in owned_logs.filter(flashcard_id__in=frozenset(found)):
                    logs[log.flashcard_id].append(log)
            known = {
                origin.note_id: origin
                for origin in NoteOrigin.objects.filter(
                    owner_id=row.owner_id, note_id__in={card.note_id for card in chosen}
                )
            }
            origins = writer.add(chosen, logs, known)
            NoteOrigin.objects.bulk_create(
                [origin for origin in origins if _is_new(origin, known.get(origin.note_id))],
                update_conflicts=True,
                unique_fields=["owner", "note_id"],
                update_fields=["guid", "words_hash", "texts_hash", "labels"],
            )
            done += len(ids)
            CardExport.objects.filter(id=row.id).update(done=done, updated_at=clock())


def _chunks(packed: bytes) -> Iterator[list[UUID]]:
    ids = [UUID(bytes=packed[at : at + 16]) for at in range(0, len(packed), 16)]
    for start_ in range(0, len(ids), CHUNK_CARDS):
        yield ids[start_ : start_ + CHUNK_CARDS]


def _end(row: CardExport, status: str, now: datetime, **values: Any) -> None:
    CardExport.objects.filter(id=row.id).update(status=status, updated_at=now, **values)


def _is_new(origin: NoteOrigin, known: NoteOrigin | None) -> bool:
    """Tell whether an origin says otherwise than the one that is stored."""
    names = ("guid", "words_hash", "texts_hash", "labels")
    return known is None or any(getattr(origin, name) != getattr(known, name) for name in names)
