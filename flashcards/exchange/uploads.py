"""Uploads: files to import, stored in a folder each, inspected, and deleted after the import."""

import contextlib
import dataclasses
import functools
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction

from flashcards.cards import jobs
from flashcards.exchange import import_presets
from flashcards.exchange.anki.collection import Collection
from flashcards.exchange.anki.notes import is_placeholder, mirrored_fields
from flashcards.exchange.anki.package import TOO_NEW, BadPackage, Package
from flashcards.exchange.anki.records import NoteType
from flashcards.exchange.html.file_names import kind_of
from flashcards.exchange.text.layout import Layout, guess
from flashcards.exchange.text.reader import TextFile, read_text
from flashcards.models import CardImport
from flashcards.models.exchange import NAME_MAX_CHARACTERS
from memoryloop.storable import storable

# How long a file that is not imported is kept, and the report of an import.
KEPT_UNUSED = timedelta(days=1)
KEPT_REPORT = timedelta(days=30)
# What is looked into within the request takes less than a second; the worker does the rest.
LOOK_AT_ONCE_BYTES = {"text": 128 * 1024, "anki": 4 * 1024**2}
PACKAGES = (".apkg", ".colpkg", ".zip")
TEXTS = (".txt", ".csv", ".tsv")
Source = Collection | TextFile


class _Named(Protocol):
    pk: Any


def folder_of(row: _Named) -> Path:
    """Return the folder of an import or an export."""
    return Path(settings.EXCHANGE_ROOT) / str(row.pk)


def receive(*, owner_id: UUID, upload: Any, now: datetime) -> CardImport:
    """Store a file and inspect it; nothing is imported yet. Raises BadPackage.

    The worker inspects a large one: `is_looked_into` is true until it has.
    """
    if upload is None or not upload.name:
        raise BadPackage("Choose a file first: an Anki package, or a text file with columns.")
    name = Path(upload.name.replace("\\", "/")).name
    form = _format(name)
    if (upload.size or 0) > settings.IMPORT_MAX_BYTES:
        raise BadPackage(
            f"The file has {(upload.size or 0) / 1024**2:,.0f} MB, and the "
            f"limit is {settings.IMPORT_MAX_BYTES // 1024**2:,} MB. In Anki, export it "
            "without its media, or deck by deck."
        )
    row = CardImport(
        owner_id=owner_id,
        name=storable(name)[:NAME_MAX_CHARACTERS],
        format=form,
        created_at=now,
        updated_at=now,
    )
    folder = folder_of(row)
    folder.mkdir(mode=0o700, parents=True)
    try:
        with (folder / "file").open("wb") as file:
            for piece in upload.chunks():
                file.write(piece)
        if (upload.size or 0) <= LOOK_AT_ONCE_BYTES[form]:
            row.contents, row.total = _inspect(row)
        else:
            row.status = CardImport.Status.WORKING
        row.save()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if row.is_looked_into:
        jobs.request_import(row.owner_id, row.id)
    return row


def read_anew(row: CardImport, layout: Layout, now: datetime) -> None:
    """Read a text file that is not imported yet by another layout. Raises BadPackage.

    The worker reads a large one: `is_looked_into` is true until it has.
    """
    contents: dict[str, Any] = {}
    total, status = 0, CardImport.Status.WORKING
    row.layout = layout.as_json()
    if (folder_of(row) / "file").stat().st_size <= LOOK_AT_ONCE_BYTES["text"]:
        contents, total = _inspect(row)
        status = CardImport.Status.READY
    waiting = CardImport.objects.filter(id=row.pk, status=CardImport.Status.READY)
    if waiting.update(
        status=status, contents=contents, total=total, layout=row.layout, updated_at=now
    ):
        row.refresh_from_db()
        if row.is_looked_into:
            jobs.request_import(row.owner_id, row.id)


def layout_with(row: CardImport, chosen: Layout) -> Layout:
    """Return a layout with the columns that its separator makes. Raises BadPackage."""
    text = read_text(folder_of(row) / "file")
    made = guess(text, chosen.separator, has_names_row=chosen.has_names_row)
    return dataclasses.replace(made, is_html=chosen.is_html)


def look_into(row: CardImport, clock: Callable[[], datetime]) -> None:
    """Find out what is in a file that is too large for a request. Raises BadPackage."""
    # It may have been discarded meanwhile.
    looking = CardImport.objects.filter(id=row.pk, status=CardImport.Status.WORKING)

    def note(lines: int) -> None:
        looking.update(done=lines, updated_at=clock())

    contents, total = _inspect(row, note)
    looking.update(
        status=CardImport.Status.READY,
        contents=contents,
        done=0,
        total=total,
        updated_at=clock(),
    )


@contextlib.contextmanager
def opened(
    row: CardImport, note: Callable[[int], None] | None = None
) -> Iterator[tuple[Source, Package | None]]:
    """Open an uploaded file. Raises BadPackage.

    `note` is told now and then how many lines of a text are read.
    """
    folder = folder_of(row)
    if not (folder / "file").exists():
        raise BadPackage("The file is no longer here. Choose it again.")
    if row.format == "text":
        layout = Layout.from_json(row.layout) if row.layout else None
        with TextFile(folder / "file", note, layout) as text:
            yield text, None
        return
    with Package(folder / "file") as package:
        database = folder / "collection"
        if not database.exists():
            partial = folder / "collection.partial"
            package.unpack_collection(partial)
            partial.replace(database)
        with Collection(database) as collection:
            if _is_placeholder(collection):
                raise BadPackage(TOO_NEW)
            yield collection, package


def _is_placeholder(collection: Collection) -> bool:
    """Tell whether a collection has only Anki's advice to update: the cards are elsewhere."""
    if collection.count_rows() != 1:
        return False
    (whole,) = next(collection.wholes(after=-(2**62)))
    return is_placeholder(whole.note.fields)


def discard(row: _Named) -> None:
    """Delete the files of an import or an export once the current transaction has committed."""
    remove = functools.partial(shutil.rmtree, folder_of(row), ignore_errors=True)
    transaction.on_commit(remove, robust=True)


def purge(now: datetime) -> None:
    """Delete files that were not imported, and old reports."""
    old = CardImport.objects.filter(updated_at__lt=now - KEPT_UNUSED)
    for row in old.filter(status=CardImport.Status.READY):
        row.delete()
    finished = (CardImport.Status.DONE, CardImport.Status.FAILED, CardImport.Status.UNDONE)
    CardImport.objects.filter(updated_at__lt=now - KEPT_REPORT, status__in=finished).delete()


def _format(name: str) -> str:
    lowered = name.lower()
    if lowered.endswith(PACKAGES):
        return "anki"
    if lowered.endswith(TEXTS):
        return "text"
    raise BadPackage(
        "Anki packages (.apkg, .colpkg) and text files (.csv, .tsv, .txt) can be imported."
    )


def _inspect(
    row: CardImport, note: Callable[[int], None] | None = None
) -> tuple[dict[str, Any], int]:
    """Return the contents of a file, and how many notes or lines it has."""
    with opened(row, note) as (source, package):
        cards = source.cards_by_deck()
        names = source.decks
        decks = sorted(
            ([str(deck_id), names.get(deck_id, "Default"), n] for deck_id, n in cards.items()),
            key=lambda deck: str(deck[1]).lower(),
        )
        types: list[list[Any]] = [
            [_type_name(source.note_types.get(type_id)), count, _becomes(source, type_id)]
            for type_id, count in source.notes_by_type().items()
        ]
        files = {"images": 0, "audio": 0, "video": 0, "other": 0}
        for name in package.media if package else ():
            files[kind_of(name)] += 1
        contents = {
            "decks": decks,
            "types": sorted(types, key=lambda each: -each[1]),
            "presets": import_presets.offered(source),
            "notes": source.count_notes(),
            "cards": sum(cards.values()),
            # Cards of notes that are in the file twice: they are imported once.
            "twice": source.count_twice(),
            "reviews": source.count_reviews(),
            "scheduled": source.count_scheduled(),
            **files,
        }
        if isinstance(source, TextFile):
            contents["table"] = _table(source)
        return contents, source.count_rows()


def _table(text: TextFile) -> dict[str, Any]:
    """Return the layout of a text and its first rows, for the learner to check."""
    return {
        "layout": text.layout.as_json(),
        "names": [name[:NAME_MAX_CHARACTERS] for name in text.names],
        "rows": text.shown_rows(),
        "comments": text.comments,
    }


def _type_name(note_type: NoteType | None) -> str:
    return note_type.name[:200] if note_type else "Unknown"


def _becomes(source: Source, type_id: int) -> str:
    """Return what the notes of a type are imported as, in words."""
    note_type = source.note_types.get(type_id)
    if note_type is None:
        return "cannot be imported"
    if note_type.is_image_occlusion:
        return "a question for each part of the image that is hidden"
    if note_type.is_cloze:
        return "texts with gaps"
    if mirrored_fields(note_type) and len(note_type.templates) == 2:
        return "questions asked both ways"
    return "a question for each of its templates" if len(note_type.templates) > 1 else "questions"
