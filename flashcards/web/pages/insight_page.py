"""The page of statistics: its sections, and the figures of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from flashcards.insight import statistics
from flashcards.insight.statistics import Reading, Step
from flashcards.web.forms.ids import number_in
from flashcards.web.pages import insight_cards, insight_recall, insight_reviews
from flashcards.web.pages.insight_choice import Choice
from flashcards.web.pages.insight_figure import Figure

STEP_NAMES = {Step.DAY: "Days", Step.WEEK: "Weeks", Step.MONTH: "Months"}


@dataclass(frozen=True)
class Asked:
    """What one chart is asked for besides: what a bar stands for, or which year."""

    step: Step | None = None
    year: int | None = None


def _span_days(reading: Reading) -> int:
    return reading.days


def _days_since_added(reading: Reading) -> int:
    return (reading.today - reading.first_added).days + 1


@dataclass(frozen=True)
class Chart:
    """A chart of the page: what makes its figure, and how it is laid out."""

    name: str
    title: str
    # What is asked for is heeded where the figure can be chosen.
    figure: Callable[[Reading, Asked], Figure]
    # Across the whole page rather than half of it.
    is_wide: bool = False
    # What room its drawing takes, as a class of insight.css.
    room: str = "columns"
    # How many days it shows, by which steps are offered; None where there are no steps.
    days: Callable[[Reading], int] | None = None


@dataclass(frozen=True)
class Section:
    title: str
    charts: tuple[Chart, ...]


def _retention(reading: Reading, asked: Asked) -> Figure:
    step = asked.step or insight_recall.smooth_step(reading)
    return insight_recall.retention(statistics.retention(reading, step))


def _sorts(reading: Reading) -> Figure:
    return insight_cards.sorts(statistics.card_counts(reading), statistics.known(reading))


SECTIONS = (
    Section(
        "How well you remember",
        (
            Chart("retention", "True retention", _retention, room="trend-note", days=_span_days),
            Chart(
                "buttons",
                "Answer buttons",
                lambda reading, _: insight_recall.buttons(statistics.buttons(reading)),
                room="shares",
            ),
            Chart(
                "hours",
                "By hour of the day",
                lambda reading, _: insight_recall.hours(statistics.hours(reading)),
                room="trend",
            ),
            Chart(
                "forgetting",
                "After forgetting",
                lambda reading, _: insight_recall.forgetting(statistics.forgetting(reading)),
                room="trend-note",
            ),
        ),
    ),
    Section(
        "What it takes",
        (
            Chart(
                "calendar",
                "Calendar",
                lambda reading, asked: insight_reviews.calendar(
                    statistics.calendar(reading), asked.year
                ),
                is_wide=True,
                room="calendar",
            ),
            Chart(
                "reviews",
                "Reviews",
                lambda reading, asked: insight_reviews.reviews(
                    statistics.reviews(reading, asked.step)
                ),
                room="columns-key",
                days=_span_days,
            ),
            Chart(
                "time",
                "Time",
                lambda reading, asked: insight_reviews.time_spent(
                    statistics.reviews(reading, asked.step)
                ),
                room="columns-key",
                days=_span_days,
            ),
        ),
    ),
    Section(
        "What is coming",
        (
            Chart(
                "due",
                "Future due",
                lambda reading, asked: insight_cards.future_due(
                    statistics.future_due(reading, asked.step)
                ),
                is_wide=True,
                room="columns-note",
                days=statistics.days_ahead,
            ),
        ),
    ),
    Section(
        "Your cards",
        (
            Chart(
                "sorts", "Known now", lambda reading, _: _sorts(reading), is_wide=True, room="bar"
            ),
            Chart(
                "new",
                "New cards",
                lambda reading, asked: insight_reviews.new_cards(
                    statistics.new_cards(reading, asked.step)
                ),
                is_wide=True,
                room="columns-key",
                days=_days_since_added,
            ),
            Chart(
                "retrievability",
                "Retrievability",
                lambda reading, _: insight_cards.retrievabilities(
                    statistics.retrievabilities(reading)
                ),
            ),
            Chart(
                "stability",
                "Stability",
                lambda reading, _: insight_cards.stabilities(statistics.stabilities(reading)),
            ),
            Chart(
                "intervals",
                "Intervals",
                lambda reading, _: insight_cards.intervals(statistics.intervals(reading)),
            ),
            Chart(
                "difficulty",
                "Difficulty",
                lambda reading, _: insight_cards.difficulties(statistics.difficulties(reading)),
            ),
        ),
    ),
)
CHARTS = {chart.name: chart for section in SECTIONS for chart in section.charts}


_NOTHING = Asked()


@dataclass(frozen=True)
class ChartView:
    """A chart as a template shows it: still to come, or with its figure."""

    chart: Chart
    # Where it is by itself, for this choice.
    url: str
    figure: Figure | None = None
    # Days, weeks, months, or years: the address, the name, whether it is so now.
    options: tuple[tuple[str, str, bool], ...] = ()


@dataclass(frozen=True)
class SectionView:
    title: str
    charts: tuple[ChartView, ...]


def sections(choice: Choice) -> list[SectionView]:
    """Return the page, each chart still to come."""
    return [
        SectionView(
            section.title,
            tuple(ChartView(chart, _url(chart, choice)) for chart in section.charts),
        )
        for section in SECTIONS
    ]


def view(chart: Chart, choice: Choice, reading: Reading, asked: Asked = _NOTHING) -> ChartView:
    """Return a chart with its figure. A step that would make too many bars is left out."""
    fitting = _steps(chart.days(reading)) if chart.days else []
    step = asked.step if asked.step in fitting else None
    figure = chart.figure(reading, Asked(step, asked.year))
    options: list[tuple[str, str, bool]] = []
    if figure.drawings and figure.step is not None:
        options = [
            (_url(chart, choice, step=step.value), STEP_NAMES[step], step is figure.step)
            for step in fitting
        ]
    elif figure.drawings and figure.years:
        options = [(_url(chart, choice), "12 months", figure.year is None)]
        for year in figure.years:
            options.append((_url(chart, choice, year=f"{year}"), f"{year}", year == figure.year))
    shown = tuple(options) if len(options) > 1 else ()
    return ChartView(chart, _url(chart, choice), figure, shown)


def read_asked(data: Mapping[str, str]) -> Asked:
    """Return what a query string asks for; what it cannot mean is left out."""
    step = next((step for step in Step if step == data.get("step")), None)
    return Asked(step, number_in(data.get("year")))


def _steps(days: int) -> list[Step]:
    """Return the steps of which so many days have more than one bar, and not too many."""
    bounds = {Step.DAY: (1, 100), Step.WEEK: (14, 1_100), Step.MONTH: (60, 10_000)}
    return [step for step, (least, most) in bounds.items() if least <= days <= most]


def _url(chart: Chart, choice: Choice, **asked: str) -> str:
    address = reverse("flashcards:insight_chart", args=[chart.name])
    query = urlencode(choice.asked | asked)
    return f"{address}?{query}" if query else address
