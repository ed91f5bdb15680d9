"""Fits of the memory model's parameters to a learner's reviews."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from flashcards.models.bulk import BulkChange
from flashcards.models.study import StudySettings


class ParameterFit(models.Model):
    """One fit: worked out in the background, then perhaps adopted, then perhaps taken back."""

    class Status(models.TextChoices):
        WORKING = "working", "Working"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"
        ADOPTED = "adopted", "Adopted"
        RESTORED = "restored", "Taken back"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="parameter_fits"
    )
    # Of the cards that a preset governs; null for those that the parameters for all cards govern.
    preset = models.ForeignKey(StudySettings, null=True, blank=True, on_delete=models.CASCADE)
    status = models.CharField(max_length=8, choices=Status, default=Status.WORKING)
    # A sentence for the learner if something failed.
    error = models.CharField(max_length=300, blank=True)
    # The share of the work that is done, 0 to 1.
    progress = models.FloatField(default=0.0)
    # Whether Hards of a later day count as Again.
    hard_as_again = models.BooleanField(default=False)
    # Whether nobody asked for it: it is adopted at once if it is better.
    automatic = models.BooleanField(default=False)
    # The parameters in use when it began; empty for the memory model's defaults.
    in_use = ArrayField(models.FloatField(), default=list)
    # Those of the preset's own, or set for all cards; null where there were none.
    own_before = ArrayField(models.FloatField(), null=True)
    # Those that were found; empty where none is better.
    parameters = ArrayField(models.FloatField(), default=list)
    # What brought the cards to them.
    change = models.ForeignKey(BulkChange, null=True, blank=True, on_delete=models.SET_NULL)
    # Figures, as flashcards.insight.fit_result writes them.
    result = models.JSONField(default=dict)
    started_at = models.DateTimeField(default=timezone.now)
    # The heartbeat of its worker.
    updated_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager["ParameterFit"]] = models.Manager()

    class Meta:
        ordering = ["-started_at", "id"]
        indexes = [models.Index(fields=["owner", "-started_at"], name="fits_by_owner")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner"],
                condition=models.Q(status="working"),
                name="fit_under_way_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()}: {self.progress:.0%}"

    @property
    def is_under_way(self) -> bool:
        return self.status == self.Status.WORKING


class AutomaticFit(models.Model):
    """A learner's wish to have all parameters in use fitted once a month."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="automatic_fit"
    )
    since = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager["AutomaticFit"]] = models.Manager()

    def __str__(self) -> str:
        return f"automatic fits of {self.owner_id}"
