"""Drafts: cards proposed from a text, until the learner keeps or drops them."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from chat.models import Message
from flashcards.models.documents import Document


class DraftBatch(models.Model):
    """The drafts of one text: a message, a document, a passage of either, or a card to split."""

    class Status(models.TextChoices):
        # `updated_at` is the heartbeat of its writer.
        WORKING = "working", "Working"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        # The learner has decided; the kept drafts are cards.
        DONE = "done", "Done"

    # Its provider, if no model was asked.
    RULES = "Rules"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="draft_batches"
    )
    # The origin: one of these three.
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, blank=True, related_name="draft_batches"
    )
    document = models.ForeignKey(
        Document, on_delete=models.CASCADE, null=True, blank=True, related_name="draft_batches"
    )
    # A card to split. Not a foreign key: cards are in the store.
    card_id = models.UUIDField(null=True, blank=True)
    # The passage, as offsets in the whole text; both null for all of it.
    span_start = models.PositiveIntegerField(null=True, blank=True)
    span_end = models.PositiveIntegerField(null=True, blank=True)
    status = models.CharField(max_length=7, choices=Status, default=Status.WORKING)
    # A sentence for the learner if the status is FAILED.
    error = models.CharField(max_length=500, blank=True)
    # A sentence about the drafts, for example that some were left out.
    note = models.CharField(max_length=300, blank=True)
    # A text is drafted in sections; a second attempt goes on after the ones that are done.
    sections = models.PositiveSmallIntegerField(default=1)
    sections_done = models.PositiveSmallIntegerField(default=0)
    # The id of the writer: one that was replaced must not write any more.
    run = models.UUIDField(default=uuid.uuid4, editable=False)
    # The deck and the tags that the model proposed for all of them.
    deck = models.CharField(max_length=200, blank=True)
    tags = models.JSONField(default=list, blank=True)
    # Who drafted: "Claude", "Ollama", "Rules"; and with which model.
    provider = models.CharField(max_length=40, blank=True)
    model = models.CharField(max_length=120, blank=True)
    # What a model said of drafts that may repeat a card: duplicates/second_opinion.py.
    opinions = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "id"]
        verbose_name_plural = "draft batches"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "message", "document", "card_id", "span_start", "span_end"],
                condition=~models.Q(status="done"),
                nulls_distinct=False,
                name="one_open_batch",
                violation_error_message="This text is already being made into cards.",
            ),
            models.CheckConstraint(
                condition=models.Q(message__isnull=False, document=None, card_id=None)
                | models.Q(message=None, document__isnull=False, card_id=None)
                | models.Q(message=None, document=None, card_id__isnull=False),
                name="one_origin",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} drafts of {self.origin_id}"

    @property
    def is_by_rules(self) -> bool:
        return self.provider == self.RULES

    @property
    def origin_id(self) -> uuid.UUID:
        """Return the id of the origin."""
        found = self.message_id or self.document_id or self.card_id
        assert found is not None  # noqa: S101 - the table's constraint says so
        return found


class Draft(models.Model):
    class Decision(models.TextChoices):
        KEEP = "keep", "Keep"
        DROP = "drop", "Drop"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.ForeignKey(DraftBatch, on_delete=models.CASCADE, related_name="drafts")
    # The order of the text.
    position = models.PositiveIntegerField()
    # The order in which they came: a page that is open asks for those after the last one.
    arrival = models.PositiveIntegerField(default=0)
    # As in records.Kind.
    kind = models.CharField(max_length=8, default="basic")
    question = models.TextField()
    answer = models.TextField(blank=True)
    # The source words' offsets in the whole text; both null if they were not found.
    source_start = models.PositiveIntegerField(null=True)
    source_end = models.PositiveIntegerField(null=True)
    # What the model said of its support in the text, as in candidates.Check.
    check_result = models.CharField(max_length=12, blank=True)
    decision = models.CharField(max_length=4, choices=Decision, default=Decision.KEEP)
    # For a contrast card: the words of the two cards, which must support it.
    grounds = models.TextField(blank=True)
    # Since when a model has been writing a better version; null if none is.
    rewriting_since = models.DateTimeField(null=True, blank=True)
    # The model that wrote it, if not the batch's.
    writer = models.CharField(max_length=40, blank=True)
    # The note that was made from it.
    note_id = models.UUIDField(null=True, blank=True)

    # A draft is shown as its first card.
    ordinal = 1
    # After so long no better version is expected.
    REWRITING = timedelta(seconds=60)

    class Meta:
        ordering = ["batch", "position"]
        constraints = [models.UniqueConstraint(fields=["batch", "position"], name="draft_position")]

    def __str__(self) -> str:
        return self.question[:60]

    @property
    def is_being_rewritten(self) -> bool:
        """Tell whether a better version may still come."""
        since = self.rewriting_since
        return since is not None and since > timezone.now() - self.REWRITING
