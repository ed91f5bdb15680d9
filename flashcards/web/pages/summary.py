"""The summary of a day in words and as a chart: for the end of a session, and for "Today"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.safestring import SafeString

from flashcards.charts import columns as charts
from flashcards.charts.columns import Column
from flashcards.domain import durations
from flashcards.domain.records import Flashcard
from flashcards.review.streak import SHOWN_DAYS, Streak
from flashcards.review.summary import ComingDay, Hard, Recalled, Summary


@dataclass(frozen=True)
class HardCard:
    """A card that was hard today, and why: "forgotten twice"."""

    card: Flashcard
    why: str


@dataclass(frozen=True)
class NamedDay:
    """A day ahead as the table has it."""

    name: str
    date: date
    due: int


@dataclass(frozen=True)
class Week:
    """The next seven days: a sentence, the rows of the table, and the chart."""

    sentence: str
    days: tuple[NamedDay, ...]
    drawing: SafeString


@dataclass(frozen=True)
class Words:
    """What the page says besides the numbers of a `Summary`; empty for nothing to say."""

    time: str
    # "9 seconds a card".
    pace: str
    # "67%" of the cards that had been learnt before.
    remembered: str
    recalled: str
    hard: tuple[HardCard, ...]
    # "3 cards tomorrow".
    coming: str
    week: Week | None
    streak: str


def context(summary: Summary) -> dict[str, Any]:
    """Return what the template of a summary takes."""
    return {"summary": summary, "words": words(summary)}


def words(summary: Summary) -> Words:
    """Return a summary in words."""
    coming = ""
    if summary.coming is not None:
        day = summary.day
        when = durations.due(summary.coming.due, now=summary.at, zone=day.zone, begins=day.begins)
        coming = f"{durations.count(summary.coming.cards, 'card')} {when}"
    return Words(
        time=durations.clock(summary.spent),
        pace=_pace(summary.spent, summary.reviews),
        remembered=f"{summary.recalled.share:.0%}" if summary.recalled else "",
        recalled=recalled_sentence(summary.recalled),
        hard=tuple(HardCard(each.card, why(each)) for each in summary.hard),
        coming=coming,
        week=_week(summary.week) if any(each.due for each in summary.week) else None,
        streak=streak_sentence(summary.streak),
    )


def recalled_sentence(recalled: Recalled | None) -> str:
    """Return how much was remembered, beside the desired retention."""
    if recalled is None:
        return ""
    aim = recalled.desired_retention
    count = durations.count(recalled.tested, "card")
    told = f"You remembered {recalled.recalled:,} of {count} that came back"
    if not recalled.is_enough:
        return f"{told}; you aim for {aim:.0%}."
    if recalled.is_as_desired:
        compared = f"about the {aim:.0%} you aim for"
    else:
        compared = f"{'more' if recalled.share > aim else 'less'} than the {aim:.0%} you aim for"
    return f"{told}: {recalled.share:.0%}, {compared}."


def streak_sentence(streak: Streak) -> str:
    """Return how regularly somebody studied: without praise for a number or blame for a gap."""
    if not streak.has_begun:
        return "The days on which you study will show here."
    if not streak.lately:
        return f"You have not studied in the last {SHOWN_DAYS} days. Your schedule is kept."
    recent = f"You studied on {streak.lately} of the last {SHOWN_DAYS} days."
    if streak.length < 3:
        return recent
    if not streak.days_off:
        return f"{recent} {streak.length} days in a row."
    return (
        f"{recent} You have kept it up for {streak.length} days, "
        f"with {streak.days_off} off in between."
    )


def _pace(spent: timedelta, reviews: int) -> str:
    if not reviews or not spent:
        return ""
    seconds = round(spent.total_seconds() / reviews)
    return f"{durations.count(max(1, seconds), 'second')} a card"


def why(hard: Hard) -> str:
    """Return what made a card hard: "forgotten twice"."""
    if not hard.forgotten:
        return "rated Hard" if hard.rated_hard == 1 else f"rated Hard {hard.rated_hard} times"
    return {1: "forgotten once", 2: "forgotten twice"}.get(
        hard.forgotten, f"forgotten {hard.forgotten} times"
    )


def _week(days: Sequence[ComingDay]) -> Week:
    names = ["Tomorrow", *(f"{each.date:%A}" for each in days[1:])]
    sentence = _week_sentence(days, names)
    columns = [
        Column(
            f"{each.date:%a}",
            (each.left_over, each.due - each.left_over),
            _title(each, name),
        )
        for each, name in zip(days, names, strict=True)
    ]
    rows = tuple(
        NamedDay(name, each.date, each.due) for each, name in zip(days, names, strict=True)
    )
    drawing = charts.columns(columns, name="Coming up", kinds=("4", "1"))
    return Week(sentence, rows, drawing)


def _week_sentence(days: Sequence[ComingDay], names: Sequence[str]) -> str:
    tomorrow = days[0]
    first = "nothing" if not tomorrow.due else durations.count(tomorrow.due, "card")
    left = f", {tomorrow.left_over:,} of them left over from before" if tomorrow.left_over else ""
    total = durations.count(sum(each.due for each in days), "card")
    told = f"Tomorrow {first}{left}; {total} in the next seven days"
    fullest = max(range(len(days)), key=lambda place: days[place].due)
    if not fullest:
        return f"{told}."
    return f"{told}, most of them on {names[fullest]} ({days[fullest].due:,})."


def _title(each: ComingDay, name: str) -> str:
    left = f", {each.left_over:,} left over" if each.left_over else ""
    return f"{name}: {durations.count(each.due, 'card')}{left}"
