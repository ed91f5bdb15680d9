"""The learner's day: it begins at 04:00 by their own clock, so a late evening counts as one day."""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from accounts.models import User

DAY_BEGINS_AT = time(4)


def zone_of(user: User) -> tzinfo:
    """Return the learner's time zone; UTC when its name is not known here."""
    try:
        return zoneinfo.ZoneInfo(user.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return UTC


def day_of(moment: datetime, zone: tzinfo) -> date:
    """Return the date of the learner's day that a moment falls in: at 03:59 still yesterday's."""
    local = moment.astimezone(zone)
    return local.date() if local.time() >= DAY_BEGINS_AT else local.date() - timedelta(days=1)


def day_start(now: datetime, zone: tzinfo, *, days: int = 0) -> datetime:
    """Return when the learner's day began (aware UTC), or that of the day `days` later.

    By the wall clock: a day on which the clocks change has 23 or 25 hours.
    """
    begins = datetime.combine(day_of(now, zone) + timedelta(days=days), DAY_BEGINS_AT, zone)
    return begins.astimezone(UTC)
