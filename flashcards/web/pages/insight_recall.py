"""Figures of recall: against what is aimed for, by the hour, by button, and after a lapse."""

from collections.abc import Sequence

from flashcards.charts import parts
from flashcards.charts import shares as share_chart
from flashcards.charts import trend as trend_chart
from flashcards.charts.shares import Part, Whole
from flashcards.charts.trend import Point
from flashcards.domain import durations
from flashcards.insight import facts
from flashcards.insight.facts import HourFact, Standing
from flashcards.insight.spans import SHORT_DAYS
from flashcards.insight.statistics import (
    Aim,
    Buttons,
    Forgetting,
    Hour,
    Hours,
    LapseBar,
    Reading,
    Recall,
    Retention,
    RetentionBar,
    Step,
)
from flashcards.review.summary import TESTED_ENOUGH
from flashcards.web.pages.insight_figure import (
    Figure,
    KeyEntry,
    Row,
    Table,
    cards_url,
    clock_words,
    period_labels,
    period_words,
    share_words,
    step_name,
)

RATINGS = ("Again", "Hard", "Good", "Easy")
# With fewer tests a share is no point of a line; the table has it.
_POINT_TESTED = 5
# One button for so many of a hundred answers is "mostly".
_MOSTLY = 0.5


def retention(found: Retention) -> Figure:
    """Return the true retention beside what is aimed for."""
    if not found.all.tested:
        return Figure(
            "No card came back after a day or more in this time, so there is nothing to measure.",
            step=found.step,
        )
    aim = found.aim
    count = durations.count(found.all.tested, "card")
    sentence = f"You remembered {found.all.share:.0%} of {count} that came back"
    sentence += f"{_compared(found.all, aim)}."
    if found.young.tested and found.mature.tested:
        sentence += (
            f" Of mature cards it was {found.mature.share:.0%}, of young ones "
            f"{found.young.share:.0%}."
        )
    labels = period_labels([bar.period for bar in found.bars], found.step)
    points, rows = [], []
    for bar, label in zip(found.bars, labels, strict=True):
        when = period_words(bar.period, found.step)
        url = cards_url(bar.search, bar.all.tested)
        title = f"{when}\n{_recall_lines(bar)}"
        values = (_point(bar.mature), _point(bar.young))
        points.append(Point(label, values, title, url, weight=bar.all.tested))
        rows.append(Row(when, (share_words(bar.mature), share_words(bar.young)), url))
    shown = [value for point in points for value in point.values if value is not None]
    drawing = trend_chart.trend(
        points,
        name="True retention",
        kinds=("1", "2"),
        scale=parts.percents([*shown, aim.mean]),
        aim=aim.mean,
    )
    return Figure(
        sentence,
        (drawing,),
        Table((step_name(found.step), "Mature", "Young"), tuple(rows)),
        (
            KeyEntry("line", "Mature"),
            KeyEntry("dashes", "Young"),
            KeyEntry("dots", f"Aim: {aim.mean:.0%}"),
            KeyEntry("weight", "Reviews"),
        ),
        note="Mature cards had a stability of 21 days or more. Reviews on the day itself do not "
        "count.",
        step=found.step,
    )


def hours(of_day: Hours) -> Figure:
    """Return how much was recalled at each hour of the clock."""
    found = of_day.hours
    used = [each for each in found if each.reviews]
    if not used:
        return Figure("You reviewed nothing in this time.")
    points, rows = [], []
    for each in found:
        when = f"{clock_words(each.hour)} – {clock_words(each.hour + 1)}"
        title = (
            f"{when}: {durations.count(each.reviews, 'review')}\n"
            f"Recalled: {share_words(each.recall)}"
        )
        label = clock_words(each.hour) if each.hour % 3 == 0 else ""
        url = cards_url(each.search, each.reviews)
        points.append(Point(label, (_point(each.recall),), title, url, weight=each.reviews))
        rows.append(Row(when, (f"{each.reviews:,}", share_words(each.recall)), url))
    shown = [value for point in points for value in point.values if value is not None]
    drawing = trend_chart.trend(points, name="By hour", kinds=("1",), scale=parts.percents(shown))
    return Figure(
        _hours_sentence(of_day, used),
        (drawing,),
        Table(("Hour", "Reviews", "Recalled"), tuple(rows)),
        (KeyEntry("line", "Recalled"), KeyEntry("weight", "Reviews")),
    )


def buttons(found: Buttons) -> Figure:
    """Return how often each button was pressed, for cards of each kind."""
    kinds = (("Learning", found.learning), ("Young", found.young), ("Mature", found.mature))
    if not any(sum(numbers) for _, numbers in kinds):
        return Figure("You pressed no button in this time.")
    wholes, rows = [], []
    for name, numbers in kinds:
        total = sum(numbers)
        if not total:
            continue
        shares = [f"{number / total:.0%}" for number in numbers]
        made = [
            Part(
                rating.lower(),
                rating,
                number,
                f"{name}, {rating}: {number:,} of {total:,}, {share}",
                cards_url(search, number),
            )
            for rating, number, share, search in zip(
                RATINGS, numbers, shares, found.searches, strict=True
            )
        ]
        wholes.append(Whole(f"{name}: {durations.count(total, 'review')}", tuple(made)))
        pairs = zip(numbers, shares, strict=True)
        rows.append(Row(name, tuple(f"{number:,} ({share})" for number, share in pairs)))
    return Figure(
        _buttons_sentence(found),
        (share_chart.shares(wholes, name="Answer buttons"),),
        Table(("Cards", *RATINGS), tuple(rows)),
        tuple(KeyEntry(rating.lower(), rating) for rating in RATINGS),
    )


def forgetting(found: Forgetting) -> Figure:
    """Return how well cards are known again, by the days since they were forgotten."""
    if not found.all.tested:
        return Figure("No card came back after you had forgotten it in this time.")
    points, rows = [], []
    for bar in found.bars:
        when = _days_since(bar)
        title = f"{when} later\nRecalled: {share_words(bar.recall)}"
        label = f"{bar.first_day} d"
        value = _point(bar.recall)
        between = bar.recall.interval if value is not None else None
        tested, url = bar.recall.tested, cards_url(bar.search, bar.recall.tested)
        points.append(Point(label, (value,), title, url, weight=tested, between=between))
        rows.append(Row(when, (share_words(bar.recall),), url))
    shown = [low for point in points if point.between is not None for low in point.between]
    drawing = trend_chart.trend(
        points, name="After forgetting", kinds=("1",), scale=parts.percents(shown)
    )
    return Figure(
        _forgetting_sentence(found.bars, found.all),
        (drawing,),
        Table(("Time since it was forgotten", "Recalled"), tuple(rows)),
        (
            KeyEntry("line", "Recalled"),
            KeyEntry("band", "In 19 of 20 cases"),
            KeyEntry("weight", "Reviews"),
        ),
        note="Of each card that you forgot, the first review on a later day counts.",
    )


def smooth_step(reading: Reading) -> Step:
    """Return the step at which a share is more than chance: a week at least."""
    return Step.WEEK if reading.days <= SHORT_DAYS else Step.MONTH


def _compared(recall: Recall, aim: Aim) -> str:
    """Return how a share compares with the aim, where it is more than chance."""
    wanted, standing = f"{aim.mean:.0%}", facts.standing_of(recall, aim)
    if standing is Standing.TOO_FEW:
        return f"; you aim for {wanted}"
    if standing is Standing.AS_DESIRED or f"{recall.share:.0%}" == wanted:
        return f", about the {wanted} you aim for"
    return f", {'more' if standing is Standing.ABOVE else 'less'} than the {wanted} you aim for"


def _point(recall: Recall) -> float | None:
    return recall.share if recall.tested >= _POINT_TESTED else None


def _recall_lines(bar: RetentionBar) -> str:
    return f"Mature: {share_words(bar.mature)}\nYoung: {share_words(bar.young)}"


def _hours_sentence(of_day: Hours, used: Sequence[Hour]) -> str:
    """Return at which hours recall is better or worse than at others, where it is not chance."""
    compared = facts.comparable(of_day)
    if len(compared) < 2:
        busiest = max(used, key=lambda each: each.reviews)
        return (
            f"Most of your reviews are between {clock_words(busiest.hour)} and "
            f"{clock_words(busiest.hour + 1)}. There are too few to compare hours."
        )
    best, worst = facts.best_hour(of_day), facts.worst_hour(of_day)
    if best and worst:
        return (
            f"You remember best from {_hour_words(best)} ({best.recall.share:.0%}), and least "
            f"from {_hour_words(worst)} ({worst.recall.share:.0%})."
        )
    if one := best or worst:
        return (
            f"You remember {'best' if best else 'least'} from {_hour_words(one)} "
            f"({one.recall.share:.0%}); at all other hours together it is {one.others.share:.0%}."
        )
    shares = [each.recall.share or 0 for each in compared]
    low, high = f"{min(shares):.0%}", f"{max(shares):.0%}"
    return f"No hour stands out: from {low} to {high}, which chance alone explains."


def _hour_words(fact: HourFact) -> str:
    return f"{clock_words(fact.hour)} to {clock_words(fact.hour + 1)}"


def _buttons_sentence(found: Buttons) -> str:
    known = [young + mature for young, mature in zip(found.young, found.mature, strict=True)]
    what, numbers = ("known cards", known) if sum(known) else ("new cards", list(found.learning))
    total = sum(numbers)
    shares = {rating: number / total for rating, number in zip(RATINGS, numbers, strict=True)}
    most = max(shares, key=lambda rating: shares[rating])
    again = f"{shares['Again']:.0%}"
    if most == "Again":
        return f"You pressed Again for {again} of {what}."
    often = "mostly " if shares[most] >= _MOSTLY else "most often "
    return f"For {what} you {often}pressed {most} ({shares[most]:.0%}); Again for {again} of them."


def _days_since(bar: LapseBar) -> str:
    if bar.last_day is None:
        return f"{bar.first_day:,} days or more"
    if bar.last_day == bar.first_day:
        return durations.count(bar.first_day, "day")
    return f"{bar.first_day} – {bar.last_day} days"


def _forgetting_sentence(bars: Sequence[LapseBar], recall: Recall) -> str:
    count = durations.count(recall.tested, "card")
    told = f"Of {count} that you had forgotten, you recalled {recall.share:.0%} the next time"
    enough = [bar for bar in bars if bar.recall.tested >= TESTED_ENOUGH]
    if len(enough) < 2:
        return f"{told}."
    first, last = enough[0], enough[-1]
    return (
        f"{told}: {first.recall.share:.0%} after {_days_since(first)}, "
        f"{last.recall.share:.0%} after {_days_since(last)}."
    )
