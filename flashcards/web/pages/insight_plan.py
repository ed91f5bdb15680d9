"""The page of a plan: what it brings in sentences, as charts and as tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.safestring import SafeString

from flashcards.charts import parts
from flashcards.charts import trend as charts
from flashcards.charts.trend import Point
from flashcards.domain import durations
from flashcards.insight import plan

NAMES = ("Plan A", "Plan B")
KINDS = ("1", "2")
# A difference of plans below this share says nothing.
_SAME = 0.02
# So many minutes read as 0 seconds.
_NO_TIME = 0.5 / 60
_WEEKS_A_POINT = 4
_DAYS_OF_A_MONTH = 28


@dataclass(frozen=True)
class PlanChart:
    """A chart with what it shows in a sentence, and the same as a table."""

    key: str
    title: str
    sentence: str
    drawing: SafeString
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class PlanShown:
    """What the plans bring."""

    findings: tuple[str, ...]
    # For each plan: its name, and its figures in words.
    columns: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    charts: tuple[PlanChart, ...]
    basis: str


def shown(result: dict[str, Any], *, today: date, retention: float) -> PlanShown:
    """Return what the page says of a simulation; `retention` is that of the first plan."""
    plans = result["plans"]
    findings = [_alone(plans[0], result)] if len(plans) == 1 else [*_against(plans, result)]
    findings += [_waiting(each, name) for each, name in zip(plans, _names(plans), strict=True)]
    return PlanShown(
        findings=tuple(each for each in findings if each),
        columns=tuple(
            (name, _figures(each, result)) for each, name in zip(plans, _names(plans), strict=True)
        ),
        charts=(
            _by_week("minutes", "Minutes a day", plans, today, _minutes_sentence),
            _by_week("known", "Cards known", plans, today, _known_sentence),
            *_backlog_chart(plans, today),
            _by_retention(result["retentions"], retention),
        ),
        basis=_basis(result),
    )


def _names(plans: Sequence[Any]) -> tuple[str, ...]:
    return NAMES[: len(plans)] if len(plans) > 1 else ("This plan",)


# Sentences


def _alone(one: dict[str, Any], result: dict[str, Any]) -> str:
    if not result["cards"]:
        return "There is no card to plan for."
    if not one["met"]:
        left = durations.count(result["cards"], "card")
        return f"With this plan you meet no card: {left} would still be new."
    minutes, known = _middle(one, "minutes"), _middle(one, "known")
    return (
        f"This plan takes about {_time(minutes)} a day. After a year you would know about "
        f"{_cards(known)} of {one['met']:,}{_of_all(one, result)}."
    )


def _of_all(one: dict[str, Any], result: dict[str, Any]) -> str:
    left = result["cards"] - one["met"]
    return f" that you will have met; {left:,} would still be new" if left > 0 else ""


def _against(plans: Sequence[dict[str, Any]], result: dict[str, Any]) -> list[str]:
    first, second = plans
    minutes = [_middle(each, "minutes") for each in plans]
    known = [_middle(each, "known") for each in plans]
    less, fewer = minutes[0] - minutes[1], known[0] - known[1]
    time = ""
    if abs(less) > max(_SAME * max(minutes), _noise(first, second, "minutes"), _NO_TIME):
        time = f"takes {_time(abs(less))} a day {'less' if less > 0 else 'more'}"
    kept = ""
    if abs(fewer) > max(_SAME / 4 * max(known), _noise(first, second, "known"), 0.5):
        number = durations.count(_rounded(abs(fewer)), "card")
        kept = f"keeps {number} {'fewer' if fewer > 0 else 'more'} in mind after a year"
    if not time and not kept:
        sentence = "Plan B takes about as long as plan A and keeps about as much in mind."
    elif time and kept:
        sentence = f"Plan B {time} and {kept}."
    else:
        rest = "keeps about as much in mind" if time else "takes about as long"
        sentence = f"Plan B {time or kept} and {rest}."
    each = (
        f"With plan A about {_time(minutes[0])} a day and {_cards(known[0])} known after a year, "
        f"with plan B {_time(minutes[1])} and {_cards(known[1])}, of {result['cards']:,}."
    )
    return [sentence, each]


def _noise(first: dict[str, Any], second: dict[str, Any], name: str) -> float:
    """Return by how much the two may differ by luck alone."""
    bands = (first["year"][name], second["year"][name])
    return max(float(high - low) for low, _, high in bands)


def _waiting(one: dict[str, Any], name: str) -> str:
    last = _middle(one, "backlog")
    most = max(middle for _, middle, _ in one["backlog"])
    if last >= 1 and last >= _middle(one, "reviews") / 2:
        return (
            f"{name}: more cards fall due than its limit of reviews takes. After a year about "
            f"{_cards(last)} would be waiting."
        )
    if most >= 1 and most >= _middle(one, "reviews"):
        return f"{name}: {_wait(most)} for another day, but you catch up."
    return ""


def _basis(result: dict[str, Any]) -> str:
    of_cards = durations.count(result["cards"], "card")
    new = f" ({result['new']:,} new)" if result["new"] else ""
    if result["is_own"]:
        pace = (
            f"your own answers of the last half year ({result['answers']:,}; a review takes you "
            f"{durations.clock(timedelta(seconds=result['seconds']))})"
        )
    elif result["answers"]:
        pace = (
            "typical answers and times where your own of the last half year "
            f"({result['answers']:,}) are too few"
        )
    else:
        pace = "typical answers and times, because you have no reviews of the last half year"
    left = ""
    if result["left_out"]:
        number = durations.count(result["left_out"], "card")
        them = (
            "follows other settings is" if result["left_out"] == 1 else "follow other settings are"
        )
        left = f" {number} that {them} left out: choose the deck above."
    return (
        f"Simulated day by day with your {of_cards}{new}, your FSRS parameters and {pace}. Each "
        f"plan is lived through {plan.RUNS} times with different luck: the band shows how far "
        f"these differ. An estimate, not a promise.{left}"
    )


# Charts


def _by_week(
    key: str,
    title: str,
    plans: Sequence[dict[str, Any]],
    today: date,
    said: Callable[[Sequence[dict[str, Any]]], str],
) -> PlanChart:
    ends = plans[0]["ends"]
    names = _names(plans)
    days = [today + timedelta(days=end) for end in ends]
    unit = _time if key == "minutes" else _cards
    points: list[Point] = []
    month = 0
    for at in _shown_of(len(days)):
        day = days[at]
        values = [each[key][at] for each in plans]
        words = ", ".join(
            f"{name} {unit(value[1])}" if len(plans) > 1 else unit(value[1])
            for name, value in zip(names, values, strict=True)
        )
        points.append(
            Point(
                label=f"{day:%b}" if day.month != month else "",
                values=tuple(value[1] for value in values),
                title=f"Week until {_date(day)}: {words}",
                between=(values[0][0], values[0][2]),
                others_between=tuple((value[0], value[2]) for value in values[1:]),
            )
        )
        month = day.month
    numbers = [number for each in plans for point in each[key] for number in point]
    sentence = said(plans)
    return PlanChart(
        key=key,
        title=title,
        sentence=sentence,
        drawing=charts.trend(
            points,
            name=sentence,
            kinds=KINDS[: len(plans)],
            scale=_scale(numbers, key),
            dots=False,
        ),
        header=("Week until", *(name if len(plans) > 1 else title for name in names)),
        rows=tuple(
            (_date(days[at]), *(_with_band(each[key][at]) for each in plans))
            for at in _shown_of(len(days))
        ),
    )


def _shown_of(weeks: int) -> list[int]:
    """Return the first week and every fourth: all of them would weigh more than they say."""
    return [0, *range(_WEEKS_A_POINT - 1, weeks, _WEEKS_A_POINT)]


def _scale(numbers: Sequence[float], key: str) -> parts.Scale:
    if key == "known":
        return parts.spanning(min(numbers), max(numbers))
    return parts.counted(max(numbers), " min" if key == "minutes" else "")


def _minutes_sentence(plans: Sequence[dict[str, Any]]) -> str:
    said = []
    for one, name in zip(plans, _names(plans), strict=True):
        weeks = [middle for _, middle, _ in one["minutes"]]
        first, most = weeks[0], max(weeks)
        at, last = weeks.index(most) + 1, weeks[-1]
        if most < _NO_TIME:
            said.append(f"{name} takes no time.")
        elif most > 1.1 * first:
            begins = f"begins with {_time(first)} a day and takes most"
            said.append(f"{name} {begins} in week {at}: {_time(most)}.")
        elif last < first == most:
            begins = f"takes most at the beginning: {_time(first)} a day"
            said.append(f"{name} {begins}, and at the end of the year {_time(last)}.")
        else:
            said.append(f"{name} begins with {_time(first)} a day and ends with {_time(last)}.")
    return " ".join(said)


def _known_sentence(plans: Sequence[dict[str, Any]]) -> str:
    said = []
    for one, name in zip(plans, _names(plans), strict=True):
        first, last = one["known"][0][1], one["known"][-1][1]
        said.append(
            f"{name}: from {_cards(first)} known after the first week to {_cards(last)} after a "
            "year."
        )
    return " ".join(said)


def _backlog_sentence(plans: Sequence[dict[str, Any]]) -> str:
    said = []
    for one, name in zip(plans, _names(plans), strict=True):
        most = max(middle for _, middle, _ in one["backlog"])
        waiting = f"{_wait(most)} beyond" if most >= 1 else "no card waits beyond"
        said.append(f"{name}: {waiting} the limit of a day.")
    return " ".join(said)


def _backlog_chart(plans: Sequence[dict[str, Any]], today: date) -> list[PlanChart]:
    if all(high < 1 for each in plans for _, _, high in each["backlog"]):
        return []
    return [_by_week("backlog", "Cards waiting", plans, today, _backlog_sentence)]


def _by_retention(rows: Sequence[Sequence[float]], chosen: float) -> PlanChart:
    """Return minutes and known cards at each desired retention, with what costs least."""
    percents = [round(100 * row[0]) for row in rows]
    points = [
        Point(
            label=f"{percent}%",
            values=(row[2],),
            title=f"{percent}%: {_time(row[2])} a day, {_cards(row[3])} known after a year",
        )
        for percent, row in zip(percents, rows, strict=True)
    ]
    sentence = _cheapest_sentence(rows, chosen)
    return PlanChart(
        key="retention",
        title="Minutes a day at each desired retention",
        sentence=sentence,
        drawing=charts.trend(
            points,
            name=sentence,
            kinds=KINDS[:1],
            scale=parts.counted(max(row[2] for row in rows), " min"),
        ),
        header=(
            "Desired retention",
            "Reviews a day",
            "Time a day",
            "Known after a year",
            "Waiting",
        ),
        rows=tuple(
            (
                f"{percent}%",
                f"{row[1]:,.0f}",
                _time(row[2]),
                f"{row[3]:,.0f}",
                f"{row[4]:,.0f}" if row[4] >= 1 else "none",
            )
            for percent, row in zip(percents, rows, strict=True)
        ),
    )


def _cheapest_sentence(rows: Sequence[Sequence[float]], chosen: float) -> str:
    if not any(row[2] > 0.05 for row in rows):
        return "There is nothing to review, whatever the desired retention."
    best, first, last = plan.cheapest(rows)
    low, high = (round(100 * rows[at][0]) for at in (first, last))
    percent = round(100 * rows[best][0])
    if first == 0 and last == len(rows) - 1:
        said = "Each card known costs about the same time at every desired retention."
    elif low == high:
        said = f"Each card known costs the least time at {percent}%"
        said += ", the lowest there is to choose." if best == 0 else "."
    else:
        said = (
            f"Each card known costs the least time around {percent}%; from {low} to {high}% it is "
            "about the same."
        )
    nearest = min(rows, key=lambda row: abs(row[0] - chosen))
    if percent < round(100 * nearest[0]) and _rounded(nearest[3]) > _rounded(rows[best][3]):
        said += (
            f" You would know fewer cards, though: {_cards(rows[best][3])} instead of "
            f"{_cards(nearest[3])} at {round(100 * nearest[0])}%."
        )
    held = next((row for row in rows if row[4] >= max(1.0, row[1] / 2)), None)
    if held is not None:
        said += f" From {round(100 * held[0])}% on, your limit of reviews leaves cards waiting."
    return said


def _figures(one: dict[str, Any], result: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    known = _middle(one, "known")
    cost = 365 * _middle(one, "minutes") / known if known >= 1 else 0.0
    return (
        ("Time a day", _time(_middle(one, "minutes"))),
        ("Reviews a day", f"{_middle(one, 'reviews'):,.0f}"),
        ("Known after a year", f"{known:,.0f} of {result['cards']:,}"),
        ("Waiting at the end", f"{_middle(one, 'backlog'):,.0f}"),
        ("Time a year for each card known", _short(cost)),
    )


# Words


def _middle(one: dict[str, Any], name: str) -> float:
    return float(one["year"][name][1])


def _time(minutes: float) -> str:
    return durations.clock(timedelta(minutes=minutes))


def _short(minutes: float) -> str:
    if not minutes:
        return "—"
    return f"{minutes:.1f} minutes" if 1 < minutes < 10 else _time(minutes)


def _cards(number: float) -> str:
    return durations.count(_rounded(number), "card")


def _wait(number: float) -> str:
    return f"up to {_cards(number)} {'waits' if _rounded(number) == 1 else 'wait'}"


def _rounded(number: float) -> int:
    """Return an estimate: whole below 1,000, then tens."""
    return round(number) if number < 1_000 else round(number / 10) * 10


def _with_band(three: Sequence[float]) -> str:
    low, middle, high = three
    digits = 0 if middle >= 10 else 1
    if round(low, digits) == round(high, digits):
        return f"{middle:,.{digits}f}"
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def _date(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
