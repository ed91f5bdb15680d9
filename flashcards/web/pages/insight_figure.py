"""A figure of Insight: a finding in a sentence, the drawing, and the table of its exact values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from flashcards.insight.statistics import Period, Recall, Step

# Up to so many days each week has its label; of more, each month.
_WEEKS_LABELLED = 45
# From so many days on a January is named by its year.
_YEARS_LABELLED = 300
_STEP_NAMES = {Step.DAY: "Day", Step.WEEK: "Week", Step.MONTH: "Month"}


@dataclass(frozen=True)
class KeyEntry:
    """What a colour or a line of the drawing stands for. `kind` is the class of its swatch."""

    kind: str
    name: str


@dataclass(frozen=True)
class Row:
    """A row of the table: what it is of, where its cards are, and its values as they are shown."""

    name: str
    values: tuple[str, ...]
    url: str = ""


@dataclass(frozen=True)
class Table:
    """All that is drawn, and exact. The first of `heads` is that of the rows' names."""

    heads: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Figure:
    """What a chart shows. Without drawings there is nothing to draw, and the sentence says why."""

    sentence: str
    drawings: tuple[SafeString, ...] = ()
    table: Table | None = None
    key: tuple[KeyEntry, ...] = ()
    # How something is counted, where that is not plain.
    note: str = ""
    # What each point stands for, where one can choose.
    step: Step | None = None
    # The years that can be chosen, the newest first, and the one that is shown; None for the last
    # twelve months.
    years: tuple[int, ...] = ()
    year: int | None = None


def cards_url(search: str, number: float) -> str:
    """Return the card browser with a search for so many cards.

    Empty where there are none, and for an empty search, which says nothing.
    """
    if not search or not number:
        return ""
    return f"{reverse('flashcards:cards')}?{urlencode({'q': search})}"


def step_name(step: Step) -> str:
    """Return the head of a column of periods."""
    return _STEP_NAMES[step]


def period_words(period: Period, step: Step) -> str:
    """Return when a bar was: "Monday, 2 November 2026", "2 – 8 November 2026", "November 2026"."""
    first, last = period.first, period.last
    if step is Step.MONTH:
        return f"{first:%B %Y}"
    if first == last:
        return f"{first:%A}, {day_words(first)}"
    if first.year != last.year:
        return f"{day_words(first)} – {day_words(last)}"
    begins = f"{first.day}" if first.month == last.month else f"{first.day} {first:%B}"
    return f"{begins} – {day_words(last)}"


def day_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def period_labels(periods: Sequence[Period], step: Step) -> list[str]:
    """Return what stands below each bar: the week's Monday or the month, blank for most."""
    if step is Step.DAY and len(periods) <= _WEEKS_LABELLED:
        return [
            f"{each.first.day} {each.first:%b}" if each.first.weekday() == 0 else ""
            for each in periods
        ]
    days = (periods[-1].last - periods[0].first).days if periods else 0
    return [_month_label(each, with_years=days >= _YEARS_LABELLED) for each in periods]


def _month_label(period: Period, *, with_years: bool) -> str:
    """Return the month that begins in a period, or the year; blank if none does."""
    begins = period.first if period.first.day == 1 else period.last.replace(day=1)
    if not period.first <= begins <= period.last:
        return ""
    return f"{begins:%Y}" if with_years and begins.month == 1 else f"{begins:%b}"


def share_words(recall: Recall) -> str:
    """Return "92% of 120", or "none"."""
    if recall.share is None:
        return "none"
    return f"{recall.share:.0%} of {recall.tested:,}"


def clock_words(hour: int) -> str:
    return f"{hour % 24:02}:00"
