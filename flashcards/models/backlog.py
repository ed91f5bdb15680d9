"""Backlog plans: a learner's plan to catch up after a gap, and the settings before it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from flashcards.models.study import StudySettings


class BacklogPlan(models.Model):
    """An accepted plan. While it is active, the study settings have its values."""

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
    # By a preset's id, "" for all cards: {field: value} before the plan, and as the plan set it.
    before = models.JSONField(default=dict)
    given = models.JSONField(default=dict)
    due_at_start = models.PositiveIntegerField()
    # The learner's day on which it was expected to end.
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
