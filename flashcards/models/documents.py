"""What a learner brings along: texts to make cards of, and images shown on cards."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

NAME_MAX_CHARACTERS = 200


class Document(models.Model):
    """The text of a file, as it was read once; cards point into it, so it never changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="documents"
    )
    # Of the file, without its folders.
    name = models.CharField(max_length=NAME_MAX_CHARACTERS)
    text = models.TextField()
    # Of the text: the same file again is the same document.
    sha256 = models.CharField(max_length=64)
    # Offsets at which the pages of a PDF begin; empty for what has no pages.
    page_starts = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "sha256"],
                name="document_once",
                violation_error_message="You have this document already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def page_of(self, offset: int) -> int | None:
        """Return the number of the page that an offset is on; None without pages."""
        if not self.page_starts:
            return None
        return max(1, sum(1 for start in self.page_starts if start <= offset))


class Image(models.Model):
    """One learner's right to an image; the file is shared by all who have the same one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="images"
    )
    # SHA-256 of the file: its name, in the address too.
    sha256 = models.CharField(max_length=64, db_index=True)
    # "png", "jpg", "gif" or "webp", as the content says.
    extension = models.CharField(max_length=4)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    # When a card or a draft was last seen to show it.
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
