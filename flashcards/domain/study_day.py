"""The learner's day: begins at 04:00 in their time zone, so a late evening counts as one day.

And times as whole microseconds since 1970, the form in which the store's arrays hold them.
"""

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from accounts.models import User

DAY_BEGINS_AT = time(4)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_MICROS = timedelta(days=1) // MICROSECOND


@dataclass(frozen=True)
class Day:
    """When a learner's days begin: the time zone and the time of day."""

    zone: tzinfo = UTC
    begins: time = DAY_BEGINS_AT

    def of(self, moment: datetime) -> date:
        """Return the date of the learner's day that a moment falls in."""
        return day_of(moment, self.zone, begins=self.begins)

    def start(self, now: datetime, *, days: int = 0) -> datetime:
        """Return when the learner's day began (aware UTC), or that of the day `days` later."""
        return day_start(now, self.zone, days=days, begins=self.begins)

    def between(self, earlier: datetime, later: datetime) -> int:
        """Return how many times the day rolled over; 0 if it did not, or time went backwards."""
        return max(0, (self.of(later) - self.of(earlier)).days)

    def later(self, now: datetime, days: int) -> datetime:
        """Return the same local time `days` of the learner's days later (aware UTC).

        On a day of 23 or 25 hours, where the clocks change, it stays inside that day.
        """
        local = now.astimezone(self.zone)
        moved = datetime.combine(local.date() + timedelta(days=days), local.time(), self.zone)
        same_time = moved.replace(fold=local.fold).astimezone(UTC)
        start, end = self.start(now, days=days), self.start(now, days=days + 1)
        return min(max(same_time, start), end - MICROSECOND)


def zone_named(name: str) -> tzinfo:
    """Return a time zone by its IANA name; UTC for an unknown one."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return UTC


def zone_of(user: User) -> tzinfo:
    """Return the learner's time zone; UTC for an unknown one."""
    return zone_named(user.time_zone)


def day_of(moment: datetime, zone: tzinfo, *, begins: time = DAY_BEGINS_AT) -> date:
    """Return the date of the learner's day that a moment falls in: at 03:59 still yesterday's."""
    local = moment.astimezone(zone)
    return local.date() if local.time() >= begins else local.date() - timedelta(days=1)


def day_start(
    now: datetime, zone: tzinfo, *, days: int = 0, begins: time = DAY_BEGINS_AT
) -> datetime:
    """Return when the learner's day began (aware UTC), or that of the day `days` later.

    Local time decides: a day on which the clocks change has 23 or 25 hours.
    """
    first = datetime.combine(day_of(now, zone, begins=begins) + timedelta(days=days), begins, zone)
    return first.astimezone(UTC)


def micros(time: datetime | None) -> int:
    """Return an aware time as microseconds since 1970; 0 for None."""
    return (time - EPOCH) // MICROSECOND if time else 0


def from_micros(number: int) -> datetime:
    """Return microseconds since 1970 as an aware time, UTC."""
    return EPOCH + timedelta(microseconds=number)
