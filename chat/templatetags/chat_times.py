"""Filters for times."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format

register = template.Library()


@register.filter
def when(moment: datetime) -> str:
    """Return "14:05" for today, else "yesterday", "Monday", "12 May" or "12 May 2025"."""
    local, now = timezone.localtime(moment), timezone.localtime()
    days = (now.date() - local.date()).days
    if days <= 0:
        return date_format(local, "H:i")
    if days == 1:
        return "yesterday"
    if days < 7:
        return date_format(local, "l")
    return date_format(local, "j F" if local.year == now.year else "j F Y")
