"""Simulations of a plan of study, by what they were asked for."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class PlanSimulation(models.Model):
    """What a plan, or two, would bring over a year; worked out once for what it depends on."""

    class Status(models.TextChoices):
        WORKING = "working", "Working"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="plan_simulations"
    )
    # A digest of what was asked, of the settings, of how many cards there are, and of the day.
    key = models.CharField(max_length=64)
    asked = models.JSONField()
    status = models.CharField(max_length=7, choices=Status, default=Status.WORKING)
    # The share that is done, in percent.
    percent = models.PositiveSmallIntegerField(default=0)
    result = models.JSONField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    # The heartbeat of its worker.
    updated_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager["PlanSimulation"]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="plan_simulation_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()}: {self.percent}%"
