"""The map of a learner's cards: where each of them lies."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class CardMap(models.Model):
    """A layout of a learner's cards, and the job that makes the next one."""

    class Status(models.TextChoices):
        WORKING = "working", "Working"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="card_map"
    )
    status = models.CharField(max_length=7, choices=Status, default=Status.WORKING)
    # A sentence for the learner if the status is FAILED.
    error = models.CharField(max_length=300, blank=True)
    # Of the job, in percent.
    progress = models.PositiveSmallIntegerField(default=0)
    # Names the job that may write; another takes over with a name of its own.
    run = models.UUIDField(default=uuid.uuid4)
    # The heartbeat of the job.
    updated_at = models.DateTimeField(default=timezone.now)

    # The layout, of the n cards that it was made of or that were placed since. 0 is none yet.
    version = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(null=True, blank=True)
    # The key of the vector set that it was made from.
    vectors = models.CharField(max_length=200, blank=True)
    # How many cards it was made of; those behind them were placed among these.
    laid_out = models.PositiveIntegerField(default=0)
    # 16 bytes each, and two float32 each, from -1 to 1, little-endian.
    card_ids = models.BinaryField(default=b"")
    positions = models.BinaryField(default=b"")
    # [{"x": …, "y": …, "level": 0 or 1, "words": […]}, …]: what is where.
    regions = models.JSONField(default=list)

    objects: ClassVar[models.Manager["CardMap"]] = models.Manager()

    def __str__(self) -> str:
        return f"Version {self.version}, {self.get_status_display().lower()}"
