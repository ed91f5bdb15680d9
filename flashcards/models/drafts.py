"""Draft cards: what was proposed from a message, until the learner keeps, edits or drops it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from chat.models import Message


class DraftBatch(models.Model):
    """One run of the card maker over one message."""

    class Status(models.TextChoices):
        # `updated_at` moves while its writer lives.
        WORKING = "working", "Working"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        # The learner has decided; the kept drafts are cards now.
        DONE = "done", "Done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="draft_batches"
    )
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="draft_batches")
    status = models.CharField(max_length=7, choices=Status, default=Status.WORKING)
    # One plain sentence for the learner when the status is FAILED.
    error = models.CharField(max_length=500, blank=True)
    # What to know about drafts that did come: that there were more than are shown, say.
    note = models.CharField(max_length=300, blank=True)
    # A text is drafted section by section; a second attempt goes on after those that are done.
    sections = models.PositiveSmallIntegerField(default=1)
    sections_done = models.PositiveSmallIntegerField(default=0)
    # Names the writer: one that was thought dead must not write into its successor's work.
    run = models.UUIDField(default=uuid.uuid4, editable=False)
    # Who drafted: "Claude", "Ollama", "Rules"; and with which model.
    provider = models.CharField(max_length=40, blank=True)
    model = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "id"]
        verbose_name_plural = "draft batches"
        constraints = [
            models.UniqueConstraint(
                fields=["message"],
                condition=~models.Q(status="done"),
                name="one_open_batch",
                violation_error_message="This message is already being made into cards.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} drafts of {self.message_id}"


class Draft(models.Model):
    class Decision(models.TextChoices):
        KEEP = "keep", "Keep"
        DROP = "drop", "Drop"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.ForeignKey(DraftBatch, on_delete=models.CASCADE, related_name="drafts")
    position = models.PositiveIntegerField()
    # "basic" or "cloze", as in records.Kind.
    kind = models.CharField(max_length=8, default="basic")
    question = models.TextField()
    answer = models.TextField(blank=True)
    # Offsets in the message's content of the words it came from; both null if not found there.
    source_start = models.PositiveIntegerField(null=True)
    source_end = models.PositiveIntegerField(null=True)
    decision = models.CharField(max_length=4, choices=Decision, default=Decision.KEEP)

    # A draft has one gap at most.
    ordinal = 1

    class Meta:
        ordering = ["batch", "position"]
        constraints = [models.UniqueConstraint(fields=["batch", "position"], name="draft_position")]

    def __str__(self) -> str:
        return self.question[:60]
