"""Study sessions other than the due cards: cramming, a time limit, an exam."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class ReviewSession(models.Model):
    """A study session: its scope and its progress, the same on every device."""

    class Mode(models.TextChoices):
        DUE = "due", "What is due"
        # Every card once, or until it is known; schedules do not change.
        CRAM = "cram", "Practice"
        # Reviews before the due date, which count.
        AHEAD = "ahead", "Ahead of an exam"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="review_sessions"
    )
    mode = models.CharField(max_length=5, choices=Mode)
    # As flashcards.review.scope writes it, and what the learner reads.
    scope = models.TextField()
    name = models.TextField(blank=True)
    # Null: no time limit.
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    typed = models.BooleanField(null=True, blank=True)
    # The cards it began with, where they would not be found again once they are answered.
    cards = ArrayField(models.UUIDField(), default=list)
    # Of a cram or an exam: the cards still to do, in order, and the last answers, for undo.
    todo = ArrayField(models.UUIDField(), default=list)
    answers = ArrayField(models.UUIDField(), default=list)
    answered = models.PositiveIntegerField(default=0)
    forgotten = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["ReviewSession"]] = models.Manager()

    class Meta:
        ordering = ["-started_at", "id"]
        indexes = [models.Index(fields=["owner", "-started_at"], name="session_by_owner")]

    def __str__(self) -> str:
        return f"{self.get_mode_display()}: {self.name or 'all cards'}"

    @property
    def until(self) -> datetime | None:
        """Return when its time limit ends, if it has one."""
        return self.started_at + timedelta(minutes=self.minutes) if self.minutes else None

    @property
    def left(self) -> int:
        """Return how many cards are still to do."""
        return len(set(self.todo))


class ReviewAction(models.Model):
    """What a learner did in review besides rating, for Undo; kept for a day."""

    class Kind(models.TextChoices):
        SUSPEND = "suspend", "suspend"
        BURY = "bury", "put off until tomorrow"
        EDIT = "edit", "edit"
        MARK = "mark", "mark as a leech"
        UNMARK = "unmark", "unmark as a leech"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="review_actions"
    )
    kind = models.CharField(max_length=7, choices=Kind)
    # Not a foreign key: cards may be in LanceDB.
    card_id = models.UUIDField()
    # The session with a list of cards that it was done in, whose list it changed.
    session = models.ForeignKey(ReviewSession, on_delete=models.SET_NULL, null=True)
    # By the ids of the cards that it changed: the fields that differ, as
    # flashcards.review.review_actions writes them.
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    # The log rows that reset schedules: [[card, row], …].
    resets = models.JSONField(default=list)
    done_at = models.DateTimeField()
    # The id of the undo that took it back, made by the client.
    undo_id = models.UUIDField(null=True)

    objects: ClassVar[models.Manager["ReviewAction"]] = models.Manager()

    class Meta:
        ordering = ["-done_at", "id"]
        indexes = [models.Index(fields=["owner", "-done_at"], name="action_by_owner")]

    def __str__(self) -> str:
        # No words of the learner.
        return f"{self.kind} of {self.card_id} at {self.done_at:%Y-%m-%d %H:%M}"
