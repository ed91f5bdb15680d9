"""A learner's plan to catch up after a gap, and what was set before it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from flashcards.models.study import StudySettings


class BacklogPlan(models.Model):
    """What was agreed to; while it holds, it is the study settings that say so to the queue."""

    class Ended(models.TextChoices):
        CAUGHT_UP = "caught_up", "Caught up"
        STOPPED = "stopped", "Stopped by the learner"
        REPLACED = "replaced", "Replaced by another plan"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="backlog_plans"
    )
    minutes_per_day = models.PositiveSmallIntegerField()
    reviews_per_day = models.PositiveIntegerField()
    order = models.CharField(max_length=14, choices=StudySettings.Order)
    hold_new = models.BooleanField(default=True)
    # By deck, "" for all cards: {field: value} as it was set before, and as the plan set it.
    before = models.JSONField(default=dict)
    given = models.JSONField(default=dict)
    due_at_start = models.PositiveIntegerField()
    # On this one of the learner's days it was expected to end.
    expected_on = models.DateField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended = models.CharField(max_length=9, choices=Ended, blank=True, default="")

    objects: ClassVar[models.Manager["BacklogPlan"]] = models.Manager()

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner"], condition=Q(ended_at__isnull=True), name="backlog_plan_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.minutes_per_day} minutes a day of {self.owner_id}"
