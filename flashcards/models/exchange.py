"""Imports and exports, and what undoes an import."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

NAME_MAX_CHARACTERS = 200


class CardImport(models.Model):
    """An import: its file is inspected, then imported, then perhaps undone."""

    class Status(models.TextChoices):
        READY = "ready", "Waiting for the learner"
        WORKING = "working", "Importing"
        DONE = "done", "Imported"
        FAILED = "failed", "Failed"
        UNDOING = "undoing", "Undoing"
        UNDONE = "undone", "Undone"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="card_imports"
    )
    # The file's name without folders.
    name = models.CharField(max_length=NAME_MAX_CHARACTERS)
    # "anki" for a package, "text" for a file with columns.
    format = models.CharField(max_length=4)
    status = models.CharField(max_length=7, choices=Status, default=Status.READY)
    # A sentence for the learner if the status is FAILED.
    error = models.CharField(max_length=300, blank=True)
    # The contents of the file, shown before the import. Empty while it is looked into.
    contents = models.JSONField(default=dict)
    # What the learner chose.
    options = models.JSONField(default=dict)
    # How a text file is read, as flashcards.exchange.text.layout writes it; empty while it is
    # guessed.
    layout = models.JSONField(default=dict)
    # The report: counts, and reasons with examples for what was skipped.
    report = models.JSONField(default=dict)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    # The last imported note: the next worker goes on after it.
    position = models.BigIntegerField(default=-(2**62))
    created_at = models.DateTimeField(default=timezone.now)
    # The heartbeat of its worker.
    updated_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager["CardImport"]] = models.Manager()

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return f"{self.get_status_display()}: {self.done} of {self.total} notes"

    @property
    def is_under_way(self) -> bool:
        return self.status in {self.Status.WORKING, self.Status.UNDOING}

    @property
    def is_looked_into(self) -> bool:
        """Whether the worker is finding out what is in the file, of which `done` lines are read."""
        return self.status == self.Status.WORKING and not self.contents


class ImportPart(models.Model):
    """What undoes one step of an import, written in the transaction of the step."""

    card_import = models.ForeignKey(CardImport, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    # Cards that were created or restored, 16 bytes each. An undo removes those that it has done.
    card_ids = models.BinaryField()
    # [card id, fields before, fields after, ids of new log rows] of cards that existed already.
    changes = models.JSONField(default=list)
    # [note id, guid, hash, labels] of the notes' origins before; without one the hash is null.
    origins = models.JSONField(default=list)

    objects: ClassVar[models.Manager["ImportPart"]] = models.Manager()

    class Meta:
        ordering = ["card_import", "number"]
        constraints = [
            models.UniqueConstraint(fields=["card_import", "number"], name="import_part")
        ]

    def __str__(self) -> str:
        return f"part {self.number} of {self.card_import_id}"


class NoteOrigin(models.Model):
    """The identity of an imported or exported note, by which a later import recognises it."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="note_origins"
    )
    note_id = models.UUIDField()
    # Anki's guid of the note, the same in every collection.
    guid = models.TextField()
    # Of the words when they were imported: shows whether they were changed here since.
    words_hash = models.CharField(max_length=64)
    # Of the same as the cards have them, with the addresses of images and sounds; empty for notes
    # of earlier versions.
    texts_hash = models.CharField(max_length=64, default="", db_default="", blank=True)
    # The tags, decks, flags and suspensions then, for the same end; see exchange.import_labels.
    labels = models.JSONField(default=dict)

    objects: ClassVar[models.Manager["NoteOrigin"]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "note_id"], name="note_origin_once")
        ]

    def __str__(self) -> str:
        return str(self.note_id)


class CardExport(models.Model):
    """An export of cards to a file, an Anki package or a table, which is kept for a day."""

    class Status(models.TextChoices):
        WORKING = "working", "Working"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="card_exports"
    )
    # "apkg" or "csv".
    format = models.CharField(max_length=4)
    # The search that finds the cards; blank for all of them.
    search = models.TextField(blank=True)
    # What the learner chose: "schedule", "media".
    options = models.JSONField(default=dict)
    # The cards, 16 bytes each, in order.
    card_ids = models.BinaryField()
    status = models.CharField(max_length=7, choices=Status, default=Status.WORKING)
    error = models.CharField(max_length=300, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    size_bytes = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager["CardExport"]] = models.Manager()

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return f"{self.get_status_display()}: {self.done} of {self.total} cards"
