"""Figures of cards as they are now: when they are due, and how well they are known."""

from collections.abc import Callable
from datetime import timedelta

from flashcards.charts import columns as column_chart
from flashcards.charts import shares as share_chart
from flashcards.charts.columns import Column
from flashcards.charts.shares import Part, Whole
from flashcards.domain import durations
from flashcards.insight.statistics import (
    Bar,
    CardCounts,
    DueBar,
    FutureDue,
    Histogram,
    Known,
    Step,
)
from flashcards.web.pages.insight_figure import (
    Figure,
    KeyEntry,
    Row,
    Table,
    cards_url,
    period_labels,
    period_words,
    step_name,
)

# A backlog of more than so many times the highest column would leave nothing of the others.
_BACKLOG_MOST = 3
_SORTS = (
    ("mature", "1", "Mature"),
    ("young", "2", "Young"),
    ("relearning", "4", "Relearning"),
    ("learning", "3", "Learning"),
    ("new", "weight", "New"),
)
_NONE = "None of these cards was reviewed yet."


def future_due(found: FutureDue) -> Figure:
    """Return when the cards fall due, and what is overdue."""
    if not found.total and not found.backlog:
        later = durations.count(found.later, "card")
        told = f" {later} {'comes' if found.later == 1 else 'come'} later." if found.later else ""
        return Figure(f"Nothing falls due in this time.{told}", step=found.step)
    highest = max((bar.cards for bar in found.bars), default=0)
    draws_backlog = 0 < found.backlog <= _BACKLOG_MOST * max(highest, 1)
    columns, rows = [], []
    if found.backlog:
        url = cards_url(found.backlog_search, found.backlog)
        count = durations.count(found.backlog, "card")
        rows.append(Row("Overdue", ("", "", f"{found.backlog:,}"), url))
        if draws_backlog:
            columns.append(Column("", (found.backlog, 0, 0), f"Overdue: {count}", url))
    labels = period_labels([bar.period for bar in found.bars], found.step)
    for bar, label in zip(found.bars, labels, strict=True):
        when = period_words(bar.period, found.step)
        url = cards_url(bar.search, bar.cards)
        young = bar.cards - bar.mature
        title = f"{when}: {durations.count(bar.cards, 'card')}"
        if bar.mature and young:
            title += f"\nMature: {bar.mature:,}\nYoung: {young:,}"
        columns.append(Column(label, (0, bar.mature, young), title, url))
        rows.append(Row(when, (f"{bar.mature:,}", f"{young:,}", f"{bar.cards:,}"), url))
    overdue = (KeyEntry("4", "Overdue"),) if draws_backlog else ()
    return Figure(
        _due_sentence(found),
        (column_chart.columns(columns, name="Future due", kinds=("4", "1", "2")),),
        Table((step_name(found.step), "Mature", "Young", "All"), tuple(rows)),
        (*overdue, KeyEntry("1", "Mature"), KeyEntry("2", "Young")),
        note="As if you reviewed none of them until then. New cards are not among them.",
        step=found.step,
    )


def sorts(found: CardCounts, known: Known) -> Figure:
    """Return how many cards there are of each sort, and how many are known now."""
    if not found.total:
        return Figure("There are no cards here.")
    parts_, rows = [], []
    for name, kind, label in _SORTS:
        number = getattr(found, name)
        url = cards_url(found.searches[name], number)
        share = f"{number / found.total:.0%}"
        parts_.append(Part(kind, label, number, f"{label}: {number:,} cards, {share}", url))
        rows.append(Row(label, (f"{number:,}", share), url))
    rows += [
        Row(name.title(), (f"{number:,}", ""), cards_url(found.searches[name], number))
        for name, number in (("suspended", found.suspended), ("buried", found.buried))
        if number
    ]
    whole = Whole(durations.count(found.total, "card"), tuple(parts_))
    sentence = (
        f"You would recall about {round(known.known):,} of the "
        f"{durations.count(known.learnt, 'card')} that you have studied, give or take "
        f"{max(1, round(known.give)):,}."
        if known.learnt
        else "You have studied none of these cards yet."
    )
    aside = [
        f"{durations.count(number, 'card')} of these {'is' if number == 1 else 'are'} {what}."
        for number, what in ((found.suspended, "suspended"), (found.buried, "buried"))
        if number
    ]
    return Figure(
        sentence,
        (share_chart.shares([whole], name="Cards by state"),),
        Table(("Cards", "Number", "Share"), tuple(rows)),
        tuple(KeyEntry(kind, label) for name, kind, label in _SORTS if getattr(found, name)),
        note=" ".join(aside),
    )


def retrievabilities(found: Histogram) -> Figure:
    """Return the cards by the chance that they would be recalled now."""
    if found.mean is None:
        return Figure(_NONE)
    low = sum(bar.cards for bar in found.bars if bar.low < 0.695)
    sentence = f"The chance that you recall a card now is {found.mean:.0%} on average"
    sentence += f"; for {durations.count(low, 'card')} it is below 70%." if low else "."
    return _histogram(
        found,
        sentence,
        "Chance of recall",
        lambda bar: f"{bar.low:.0%} – {bar.high:.0%}",
        lambda bar: f"{bar.low:.0%}",
    )


def stabilities(found: Histogram) -> Figure:
    """Return the cards by how long they hold."""
    if found.median is None:
        return Figure(_NONE)
    half = durations.interval(timedelta(days=found.median))
    sentence = f"Half of your cards hold for {half} or longer before the chance of recall is 90%."
    return _histogram(found, sentence, "Stability", _days, _days_label)


def intervals(found: Histogram) -> Figure:
    """Return the cards by the days from their last review to the next."""
    if found.median is None:
        return Figure(_NONE)
    half = durations.interval(timedelta(days=found.median))
    sentence = f"Half of your cards come back after {half} or later."
    return _histogram(found, sentence, "Interval", _days, _days_label)


def difficulties(found: Histogram) -> Figure:
    """Return the cards by their difficulty."""
    if found.mean is None:
        return Figure(_NONE)
    hard = sum(bar.cards for bar in found.bars if bar.low >= 8)
    sentence = f"On a scale from 1 to 10 your cards are at {found.mean:.1f} on average"
    if hard:
        are = "is" if hard == 1 else "are"
        sentence += f"; {durations.count(hard, 'card')} {are} hard, 8 or more"
    return _histogram(
        found,
        f"{sentence}.",
        "Difficulty",
        lambda bar: f"{bar.low:g} – {bar.high:g}",
        lambda bar: f"{bar.low:g}",
    )


def _histogram(
    found: Histogram,
    sentence: str,
    what: str,
    words: Callable[[Bar], str],
    label: Callable[[Bar], str],
) -> Figure:
    columns = [
        Column(
            label(bar),
            (bar.cards,),
            f"{words(bar)}: {durations.count(bar.cards, 'card')}",
            cards_url(bar.search, bar.cards),
        )
        for bar in found.bars
    ]
    rows = tuple(
        Row(words(bar), (f"{bar.cards:,}",), cards_url(bar.search, bar.cards)) for bar in found.bars
    )
    drawing = column_chart.columns(columns, name=what)
    return Figure(sentence, (drawing,), Table((what, "Cards"), rows))


def _days(bar: Bar) -> str:
    """Return the days of a bar: "1 day", "3 – 4 days", "20 years or more"."""
    if bar.high is None:
        return f"{durations.interval(timedelta(days=bar.low))} or more"
    if bar.low == 0:
        return "less than a day"
    last = bar.high - 1
    if last <= bar.low:
        return durations.count(round(bar.low), "day")
    return f"{bar.low:,.0f} – {last:,.0f} days"


def _days_label(bar: Bar) -> str:
    days = bar.low
    if days < 30:
        return f"{days:.0f} d"
    return f"{days / 30.4:.0f} mo" if days < 365 else f"{days / 365:.3g} y"


def _due_sentence(found: FutureDue) -> str:
    days = durations.count(found.days, "day")
    each_day = found.total / max(1, found.days)
    told = f"{durations.count(found.total, 'card')} "
    told += f"{'falls' if found.total == 1 else 'fall'} due in the next {days}"
    if each_day >= 1:
        told += f", about {round(each_day):,} a day"
    fullest: DueBar | None = max(found.bars, key=lambda bar: bar.cards, default=None)
    if found.step is Step.DAY and fullest is not None and fullest.cards > max(1, 2 * each_day):
        day = fullest.period.first
        told += f"; most on {day:%A}, {day.day} {day:%B} ({fullest.cards:,})"
    overdue = f" {found.backlog:,} {'is' if found.backlog == 1 else 'are'} overdue."
    return f"{told}.{overdue if found.backlog else ''}"
