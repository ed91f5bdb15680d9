"""Which backups are kept: the newest of each of the last days, weeks and months that have any.

Pure: no clock, no files. A night without a backup takes nobody's place, because days are counted by
the backups there are. The newest backup of a past week or month stays its newest, so what is kept
for a week or a month today is kept for it tomorrow.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Rule:
    """How many days, weeks (from Monday) and months (all in UTC) are kept a backup of."""

    daily: int
    weekly: int
    monthly: int


@dataclass(frozen=True)
class Dated:
    """What the rule knows of a backup."""

    name: str
    made_at: datetime
    verified: bool


_Period = Callable[[datetime], Hashable]


def expired(backups: Iterable[Dated], rule: Rule, *, now: datetime) -> list[str]:
    """Return the names of the backups that may go, oldest first.

    The newest verified one never does. One that was not verified counts for no day, week or month:
    it goes when there is a newer one that was. Those dated after `now`, as a clock that was wrong
    leaves them, say nothing of any day: the newest `daily` of them stay.
    """
    ordered = sorted(backups, key=lambda each: (each.made_at, each.name), reverse=True)
    verified = [each for each in ordered if each.verified]
    if not verified:
        return []
    past = [each for each in verified if each.made_at <= now]
    future = [each for each in verified if each.made_at > now]
    kept = {*_names(past[:1] or future[:1]), *_names(future[: rule.daily])}
    periods: tuple[tuple[int, _Period], ...] = (
        (rule.daily, _day),
        (rule.weekly, _week),
        (rule.monthly, _month),
    )
    for count, period in periods:
        kept.update(_names(_newest_of_each(past, period)[:count]))
    newest = verified[0].made_at
    kept.update(each.name for each in ordered if not each.verified and each.made_at > newest)
    return [each.name for each in reversed(ordered) if each.name not in kept]


def _newest_of_each(ordered: Iterable[Dated], period: _Period) -> list[Dated]:
    found: dict[Hashable, Dated] = {}
    for each in ordered:
        found.setdefault(period(each.made_at.astimezone(UTC)), each)
    return list(found.values())


def _names(backups: Iterable[Dated]) -> list[str]:
    return [each.name for each in backups]


def _day(moment: datetime) -> Hashable:
    return moment.date()


def _week(moment: datetime) -> Hashable:
    year, week, _ = moment.isocalendar()
    return year, week


def _month(moment: datetime) -> Hashable:
    return moment.year, moment.month
