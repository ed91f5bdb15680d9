"""Durations in words: "10 minutes", "in 3 days", "tomorrow"."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta, tzinfo

from flashcards.domain.study_day import DAY_BEGINS_AT, day_of

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DAYS_A_MONTH = 30.4375
DAYS_A_YEAR = 365.25


def count(number: int, noun: str) -> str:
    """Return "1 card", "3 cards", "1,200 cards"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def interval(span: timedelta) -> str:
    """Return a span in the unit that fits it: "1 minute", "10 minutes", "3 days", "2.5 months"."""
    if span < MINUTE:
        return "1 minute"
    if span < HOUR:
        return count(min(59, round(span / MINUTE)), "minute")
    if span < DAY:
        return count(max(1, min(23, round(span / HOUR))), "hour")
    days = span / DAY
    if round(days) <= 30:
        return count(round(days), "day")
    if days < DAYS_A_YEAR:
        return _with_half(days / DAYS_A_MONTH, "month")
    return _with_half(days / DAYS_A_YEAR, "year")


def told_apart(spans: Sequence[timedelta]) -> list[str]:
    """Return spans as `interval` does, but in days where different ones would read the same."""
    words = [interval(span) for span in spans]
    return [
        count(round(span / DAY), "day")
        if span >= DAY
        and any(said == its and other != span for said, other in zip(words, spans, strict=True))
        else its
        for span, its in zip(spans, words, strict=True)
    ]


def short(span: timedelta) -> str:
    """Return a span where there is little room: "1 min", "45 min", "1.5 h"."""
    minutes = max(1, round(span / MINUTE))
    return f"{minutes} min" if minutes < 60 else f"{round(minutes / 60, 1):g} h"


def due(moment: datetime, *, now: datetime, zone: tzinfo, begins: time = DAY_BEGINS_AT) -> str:
    """Return when something is due: "now", "in 4 minutes", "later today", "tomorrow", …"""
    if moment <= now:
        return "now"
    days = (day_of(moment, zone, begins=begins) - day_of(now, zone, begins=begins)).days
    if days == 1 and moment - now >= HOUR:
        return "tomorrow"
    if moment - now < DAY and days < 2:
        return f"in {interval(moment - now)}"
    return f"in {interval(timedelta(days=days))}"


def ago(moment: datetime, *, now: datetime, zone: tzinfo) -> str:
    """Return how long ago something was: "just now", "5 minutes ago", "yesterday", …"""
    if now - moment < MINUTE:
        return "just now"
    days = (day_of(now, zone) - day_of(moment, zone)).days
    if days == 0:
        return f"{interval(now - moment)} ago"
    return "yesterday" if days == 1 else f"{interval(timedelta(days=days))} ago"


def clock(span: timedelta) -> str:
    """Return how long something took: "40 seconds", "12 minutes", "1 hour 5 minutes"."""
    seconds = round(span.total_seconds())
    if seconds < 60:
        return count(seconds, "second")
    minutes = round(seconds / 60)
    if minutes < 60:
        return count(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    return count(hours, "hour") + (f" {count(rest, 'minute')}" if rest else "")


def _with_half(number: float, noun: str) -> str:
    """Return a number rounded to a half below 10, to a whole above: "1.5 months", "14 months"."""
    rounded = round(number * 2) / 2 if number < 10 else round(number)
    whole = int(rounded)
    return count(whole, noun) if rounded == whole else f"{rounded:.1f} {noun}s"
