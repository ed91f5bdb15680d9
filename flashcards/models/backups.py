"""How the backups of every night go."""

from typing import ClassVar

from django.db import models
from django.utils import timezone


class BackupStatus(models.Model):
    """The last attempt at a scheduled backup, and the last one that succeeded. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    # When a worker first looked whether one is due: no night before it was missed.
    began_at = models.DateTimeField(default=timezone.now)
    tried_at = models.DateTimeField(null=True)
    # Of the last that was verified.
    made_at = models.DateTimeField(null=True)
    # The first of the attempts that have failed since then.
    failing_since = models.DateTimeField(null=True)
    # A sentence.
    error = models.TextField(blank=True)

    objects: ClassVar[models.Manager["BackupStatus"]] = models.Manager()

    class Meta:
        verbose_name = verbose_name_plural = "backups"
        default_permissions = ("view",)
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="backup_status_one")]

    def __str__(self) -> str:
        return self.error or f"made {self.made_at}"
