"""Goals: what a learner wants to know, as a list of headings or questions."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

NAME_MAX_CHARACTERS = 200


class Goal(models.Model):
    """A named list, such as a syllabus. Which of its lines have cards is found when it is shown."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="goals"
    )
    name = models.CharField(max_length=NAME_MAX_CHARACTERS)
    # As it was typed, with bullets and numbers.
    lines = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Goal"]] = models.Manager()

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return self.name
