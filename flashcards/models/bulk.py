"""Bulk actions and deleted decks, with what undoes them."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class BulkChange(models.Model):
    """A bulk action on many cards. An undo names its id."""

    class Status(models.TextChoices):
        WORKING = "working", "Working"
        DONE = "done", "Done"
        UNDOING = "undoing", "Undoing"
        UNDONE = "undone", "Undone"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bulk_changes"
    )
    verb = models.CharField(max_length=10)
    # The argument of the verb: a tag, a deck's id, a flag, a time.
    argument = models.JSONField(default=dict)
    # The cards, 16 bytes each, in the order in which they are changed.
    card_ids = models.BinaryField()
    total = models.PositiveIntegerField()
    # How many cards have been processed, and how many of them were changed.
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=7, choices=Status, default=Status.WORKING)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [models.Index(fields=["owner", "-created_at"], name="bulk_by_owner")]

    def __str__(self) -> str:
        return f"{self.verb} {self.total} cards"

    @property
    def is_under_way(self) -> bool:
        return self.status in {self.Status.WORKING, self.Status.UNDOING}


class BulkPart(models.Model):
    """What undoes one batch of a bulk action, written in the transaction of the batch."""

    change = models.ForeignKey(BulkChange, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    # [card id, inverse] each; see flashcards.cards.card_actions.
    inverses = models.JSONField()

    class Meta:
        ordering = ["change", "number"]
        constraints = [models.UniqueConstraint(fields=["change", "number"], name="bulk_part")]

    def __str__(self) -> str:
        return f"part {self.number} of {self.change_id}"


class RemovedDecks(models.Model):
    """Decks that were deleted together, kept for an undo."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="removed_decks"
    )
    # {"id", "name", "search", "created_at"} each. Their cards still have their ids.
    decks = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return f"{len(self.decks)} decks"
