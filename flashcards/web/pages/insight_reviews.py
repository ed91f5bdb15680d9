"""Figures of answers: how well was recalled, when was reviewed, and how long it took."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from flashcards.charts import columns as column_chart
from flashcards.charts import heatmap as heat_chart
from flashcards.charts.columns import Column
from flashcards.charts.heatmap import HeatDay
from flashcards.domain import durations
from flashcards.insight.review_statistics import CALENDAR_DAYS
from flashcards.insight.statistics import (
    Calendar,
    CalendarDay,
    Kinds,
    NewCards,
    ReviewBar,
    Reviews,
)
from flashcards.web.pages.insight_figure import (
    Figure,
    KeyEntry,
    Row,
    Table,
    cards_url,
    day_words,
    period_labels,
    period_words,
    step_name,
)

# From the foot of a column up: the field, the class of its part, its name.
KINDS = (
    ("review", "1", "Review"),
    ("relearn", "2", "Relearning"),
    ("learn", "3", "Learning"),
    ("cram", "4", "Practice"),
)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MINUTES_MOST = 180
_NOTHING = "You reviewed nothing in this time."


def reviews(found: Reviews) -> Figure:
    """Return how many answers were given when."""
    total = round(found.answers.total)
    if not total:
        return Figure(_NOTHING, step=found.step)
    each_day = round(total / max(1, found.studied_days))
    sentence = (
        f"{durations.count(total, 'review')} on {found.studied_days:,} of "
        f"{durations.count(found.days, 'day')}: about {max(1, each_day):,} on each day you studied."
    )
    used = [kind for kind in KINDS if getattr(found.answers, kind[0])]
    labels = period_labels([bar.period for bar in found.bars], found.step)
    columns, rows = [], []
    for bar, label in zip(found.bars, labels, strict=True):
        when = period_words(bar.period, found.step)
        url = cards_url(bar.search, bar.answers.total)
        values = [round(getattr(bar.answers, name)) for name, _, _ in used]
        count = durations.count(round(bar.answers.total), "review")
        title = "\n".join([f"{when}: {count}", *_parts_in_words(bar.answers, used)])
        columns.append(Column(label, tuple(values), title, url))
        rows.append(Row(when, (*(f"{value:,}" for value in values), f"{sum(values):,}"), url))
    return Figure(
        sentence,
        (column_chart.columns(columns, name="Reviews", kinds=[kind for _, kind, _ in used]),),
        Table((step_name(found.step), *(name for _, _, name in used), "All"), tuple(rows)),
        tuple(KeyEntry(kind, name) for _, kind, name in used),
        step=found.step,
    )


def time_spent(found: Reviews) -> Figure:
    """Return how long reviewing took when."""
    total, answers = found.seconds.total, found.answers.total
    if not answers:
        return Figure(_NOTHING, step=found.step)
    spent = durations.clock(timedelta(seconds=total))
    each_day = durations.clock(timedelta(seconds=total / max(1, found.studied_days)))
    pace = durations.count(max(1, round(total / answers)), "second")
    sentence = f"{spent} in all: {each_day} on each day you studied, {pace} a card."
    most = max(bar.seconds.total for bar in found.bars)
    in_hours = most > _MINUTES_MOST * 60
    unit, seconds = ("Hours", 3600) if in_hours else ("Minutes", 60)
    labels = period_labels([bar.period for bar in found.bars], found.step)
    columns, rows = [], []
    for bar, label in zip(found.bars, labels, strict=True):
        when = period_words(bar.period, found.step)
        url = cards_url(bar.search, bar.answers.total)
        clock = _spent(bar)
        columns.append(Column(label, (bar.seconds.total / seconds,), f"{when}: {clock}", url))
        rows.append(Row(when, (clock, f"{round(bar.answers.total):,}"), url))
    return Figure(
        sentence,
        (column_chart.columns(columns, name="Time"),),
        Table((step_name(found.step), "Time", "Reviews"), tuple(rows)),
        (KeyEntry("1", unit),),
        step=found.step,
    )


def calendar(found: Calendar, year: int | None = None) -> Figure:
    """Return how much was reviewed on each day of a year, or of the last twelve months."""
    if not found.studied_days:
        return Figure("The days on which you review will show here.")
    years = tuple(sorted({each.date.year for each in found.days if each.answers}, reverse=True))
    year = year if year in years else None
    shown = [each for each in found.days if each.date.year == year]
    shown = shown or list(found.days[-CALENDAR_DAYS:])
    studied = sum(each.answers > 0 for each in shown)
    days = durations.count(len(shown), "day")
    sentence = (
        f"You studied on {studied:,} of {f'{days} in {year}' if year else f'the last {days}'}"
    )
    sentence = f"{sentence}; {durations.count(_longest(shown), 'day')} in a row at most."
    if found.run >= 3 and not year:
        off = f", with {found.run_days_off} off in between" if found.run_days_off else ""
        sentence = f"{sentence} You have kept it up for {found.run} days{off}."
    squares = [
        HeatDay(
            each.date,
            each.answers,
            f"{each.date:%A}, {day_words(each.date)}: {durations.count(each.answers, 'review')}, "
            f"{durations.clock(timedelta(seconds=each.seconds))}",
            cards_url(each.search, each.answers),
        )
        for each in shown
    ]
    weeks: dict[str, dict[int, int]] = {}
    for each in shown:
        monday = each.date - timedelta(days=each.date.weekday())
        weeks.setdefault(day_words(monday), {})[each.date.weekday()] = each.answers
    rows = tuple(
        Row(monday, tuple(f"{week[n]:,}" if n in week else "" for n in range(7)))
        for monday, week in weeks.items()
    )
    return Figure(
        sentence,
        heat_chart.heatmap(squares, name="Days on which you reviewed"),
        Table(("Week of", *_WEEKDAYS), rows),
        _heat_key([each.answers for each in shown]),
        years=years if len(found.days) > CALENDAR_DAYS else (),
        year=year,
    )


def new_cards(found: NewCards) -> Figure:
    """Return how many cards were added and how many were learnt when."""
    number = durations.count(found.left, "new card") if found.left else "No new cards"
    left = f"{number} {'is' if found.left == 1 else 'are'} left."
    if not found.added and not found.learnt:
        return Figure(f"You added and learnt no new cards in this time. {left}", step=found.step)
    sentence = (
        f"You added {durations.count(found.added, 'card')} and reviewed "
        f"{durations.count(found.learnt, 'card')} for the first time. {left}"
    )
    labels = period_labels([bar.period for bar in found.bars], found.step)
    columns, rows = [], []
    for bar, label in zip(found.bars, labels, strict=True):
        when = period_words(bar.period, found.step)
        learnt_url = cards_url(bar.learnt_search, bar.learnt)
        url = learnt_url or cards_url(bar.added_search, bar.added)
        title = f"{when}\n{bar.learnt:,} learnt, {bar.added:,} added"
        columns.append(Column(label, (bar.learnt, bar.added), title, url))
        rows.append(Row(when, (f"{bar.learnt:,}", f"{bar.added:,}"), url))
    drawing = column_chart.columns(columns, name="New cards", kinds=("1", "3"), beside=True)
    return Figure(
        sentence,
        (drawing,),
        Table((step_name(found.step), "Learnt", "Added"), tuple(rows)),
        (KeyEntry("1", "Learnt"), KeyEntry("3", "Added")),
        step=found.step,
    )


def _parts_in_words(answers: Kinds, used: list[tuple[str, str, str]]) -> list[str]:
    """Return a line for each kind that there is, where there is more than one."""
    there = [(name, round(getattr(answers, field))) for field, _, name in used]
    lines = [f"{name}: {number:,}" for name, number in there if number]
    return lines if len(lines) > 1 else []


def _spent(bar: ReviewBar) -> str:
    return durations.clock(timedelta(seconds=bar.seconds.total))


def _longest(days: Sequence[CalendarDay]) -> int:
    """Return the length of the longest run of days with reviews."""
    runs = groupby(days, key=lambda each: each.answers > 0)
    return max((len(list(run)) for studied, run in runs if studied), default=0)


def _heat_key(numbers: list[int]) -> tuple[KeyEntry, ...]:
    bounds = heat_chart.level_bounds(numbers)
    found = []
    for place, least in enumerate(bounds):
        most = bounds[place + 1] - 1 if place + 1 < len(bounds) else None
        words = f"{least:,} or more" if most is None else f"{least:,}"
        if most is not None and most > least:
            words = f"{least:,} – {most:,}"
        found.append(KeyEntry(f"heat-{heat_chart.level(least, bounds)}", words))
    return tuple(found)
