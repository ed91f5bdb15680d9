"""What a learner said of coverage: whether a card says what an idea or a line is about."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from chat.models import Message
from flashcards.models.documents import Document
from flashcards.models.goals import Goal


class CoverageAnswer(models.Model):
    """A learner's answer to "perhaps covered by this card", of one idea of a text or one line."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="coverage_answers"
    )
    # Where the idea or the line stands: one of these three.
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, related_name="coverage_answers"
    )
    document = models.ForeignKey(
        Document, on_delete=models.CASCADE, null=True, related_name="coverage_answers"
    )
    goal = models.ForeignKey(
        Goal, on_delete=models.CASCADE, null=True, related_name="coverage_answers"
    )
    # The SHA-256 of its words, in hexadecimal digits: a passage may move, a line may be renumbered.
    digest = models.CharField(max_length=64)
    # Not a foreign key: cards are in the store.
    card_id = models.UUIDField()
    is_covered = models.BooleanField()
    said_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager["CoverageAnswer"]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "message", "document", "goal", "digest", "card_id"],
                name="coverage_answered_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(message__isnull=False, document=None, goal=None)
                | models.Q(message=None, document__isnull=False, goal=None)
                | models.Q(message=None, document=None, goal__isnull=False),
                name="coverage_answer_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.card_id} {'covers' if self.is_covered else 'does not cover'} {self.digest}"
