"""The weekly report: who wants it, and how far it was sent."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class WeeklyReport(models.Model):
    """What a learner wants of the weekly report; without a row it is off."""

    class Wanted(models.TextChoices):
        OFF = "off", "Off"
        PAGE = "page", "On the Insight page"
        MAIL = "mail", "By mail"

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="weekly_report"
    )
    wanted = models.CharField(max_length=4, choices=Wanted, default=Wanted.OFF)
    # Where the learner uses MemoryLoop, for the links in a mail: scheme and host.
    base_url = models.CharField(max_length=300, blank=True)
    # The first days of the last weeks that were sent, and that were put away on the page.
    sent_week = models.DateField(null=True, blank=True)
    seen_week = models.DateField(null=True, blank=True)

    objects: ClassVar[models.Manager["WeeklyReport"]] = models.Manager()

    def __str__(self) -> str:
        return f"weekly report of {self.owner_id}: {self.get_wanted_display()}"
