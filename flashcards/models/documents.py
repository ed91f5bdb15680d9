"""Uploaded documents, which cards are made from."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

NAME_MAX_CHARACTERS = 200


class Document(models.Model):
    """The text of an uploaded file. Cards have offsets in it, so it never changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="documents"
    )
    # The file's name without folders.
    name = models.CharField(max_length=NAME_MAX_CHARACTERS)
    text = models.TextField()
    # Of the text: a file that is uploaded again is the same document.
    sha256 = models.CharField(max_length=64)
    # Offsets at which the pages of a PDF begin; empty for a text without pages.
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
