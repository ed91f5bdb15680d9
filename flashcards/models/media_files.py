"""Images and sounds on cards: who may see which file."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class MediaFile(models.Model):
    """A learner's permission to see or hear a file; learners who have the same share it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="media_files"
    )
    # SHA-256 of the file, which is its name and part of its URL.
    sha256 = models.CharField(max_length=64, db_index=True)
    # As in `flashcards.cards.media_kinds`, from the content.
    extension = models.CharField(max_length=4)
    # In pixels; 0 for a sound.
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    # When it was last found on a card or a draft.
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "sha256"], name="image_once_per_owner")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.sha256}.{self.extension}"
