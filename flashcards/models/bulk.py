"""Changes of many cards at once, and what it takes to undo them."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class BulkChange(models.Model):
    """One thing done to many cards. Its id is what an undo names."""

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
    # What the verb needs: a tag, a deck's id, a flag, a time.
    argument = models.JSONField(default=dict)
    # The cards, 16 bytes each, in the order in which they are changed.
    card_ids = models.BinaryField()
    total = models.PositiveIntegerField()
    # How many of them have been looked at, and how many were changed and can be undone.
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
    """One batch of a change: how to undo it, written in the transaction that changed the cards."""

    change = models.ForeignKey(BulkChange, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    # [card's id, what undoes the change]; see flashcards.cards.card_actions.
    inverses = models.JSONField()

    class Meta:
        ordering = ["change", "number"]
        constraints = [models.UniqueConstraint(fields=["change", "number"], name="bulk_part")]

    def __str__(self) -> str:
        return f"part {self.number} of {self.change_id}"


class RemovedDecks(models.Model):
    """Decks that were deleted together, as they were, until nobody would undo it any more."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="removed_decks"
    )
    # {"id", "name", "search", "created_at"} each. Their cards still name them.
    decks = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return f"{len(self.decks)} decks"
