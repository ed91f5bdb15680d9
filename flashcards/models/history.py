"""The edit history of cards, and duplicates: searches and pairs that are none."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class CardEdit(models.Model):
    """The words and tags of a card before and after one edit."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="card_edits"
    )
    # Not a foreign key: cards may be in LanceDB.
    card_id = models.UUIDField()
    # Siblings that were edited together share it, and are reverted together.
    change_id = models.UUIDField(default=uuid.uuid4)
    # {"question": …, "answer": …, "extra": …, "tags": […]}
    before = models.JSONField()
    after = models.JSONField()
    # The change that this one reverted.
    reverts = models.UUIDField(null=True)
    edited_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager["CardEdit"]] = models.Manager()

    class Meta:
        ordering = ["-edited_at", "id"]
        indexes = [
            models.Index(fields=["owner", "card_id", "-edited_at"], name="edits_of_card"),
            models.Index(fields=["owner", "change_id"], name="edits_of_change"),
        ]

    def __str__(self) -> str:
        # No words of the learner.
        return f"{self.card_id} at {self.edited_at:%Y-%m-%d %H:%M}"


class NotDuplicates(models.Model):
    """Two cards that their learner marked as no duplicates."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="not_duplicates"
    )
    # The lesser id first.
    first_id = models.UUIDField()
    second_id = models.UUIDField()
    said_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager["NotDuplicates"]] = models.Manager()

    class Meta:
        verbose_name_plural = "not duplicates"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "first_id", "second_id"], name="not_duplicates_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}"


class DuplicateSearch(models.Model):
    """A search for duplicates in a learner's whole collection."""

    class Status(models.TextChoices):
        WORKING = "working", "Working"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="duplicate_search"
    )
    status = models.CharField(max_length=7, choices=Status, default=Status.WORKING)
    # A sentence for the learner if the status is FAILED.
    error = models.CharField(max_length=300, blank=True)
    compared = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    # [[id, id, score], …]: duplicates, the likeliest first.
    pairs = models.JSONField(default=list)
    started_at = models.DateTimeField(default=timezone.now)
    # The heartbeat of its worker.
    updated_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager["DuplicateSearch"]] = models.Manager()

    class Meta:
        verbose_name_plural = "duplicate searches"

    def __str__(self) -> str:
        return f"{self.get_status_display()}: {self.compared} of {self.total}"
