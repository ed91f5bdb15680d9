"""The page of a catch-up plan: a plan in a sentence, as a chart over days, beside other plans."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.utils.safestring import SafeString

from flashcards.charts import columns as charts
from flashcards.charts.columns import Column
from flashcards.domain import durations
from flashcards.models import BacklogPlan, StudySettings
from flashcards.review import backlog
from flashcards.review.backlog import MINUTES, Backlog, Choice
from flashcards.scheduling.simulation.backlog import MOST_DAYS, Course, Order
from flashcards.study_settings.settings import EffectiveSettings

# A longer course is drawn week by week.
DAYS_DRAWN = 70
BESIDE = 2
# In the session: the learner's day on which the offer is not shown again.
OFFER_NOT_ON = "backlog_not_on"


@dataclass(frozen=True)
class BacklogOption:
    """Another plan to compare with the one that is shown."""

    name: str
    reviews: str
    caught_up: str
    forgotten: str
    is_shown: bool


@dataclass(frozen=True)
class Shown:
    """A plan as the page shows it."""

    sentence: str
    day_counts: tuple[tuple[date, int], ...]
    drawing: SafeString
    by_week: bool
    minutes: tuple[BacklogOption, ...]
    orders: tuple[BacklogOption, ...]


def shown(found: Backlog, choice: Choice, settings: EffectiveSettings, now: datetime) -> Shown:
    """Return what a plan would do, and others to compare. Costs seven simulations, 0.5 s."""
    today = settings.day.of(now)
    course = backlog.course_of(found, choice, settings)
    reviews = backlog.reviews_for(found, choice, settings)
    sentence = _sentence(found, choice, course, reviews, today)
    per = 7 if len(course.due) > DAYS_DRAWN else 1
    counts = tuple(
        (today + timedelta(days=n), number) for n, number in enumerate(course.due) if n % per == 0
    )
    columns = [
        Column(
            f"{day.day} {day:%b}",
            (number,),
            f"{day.day} {day:%B}: {durations.count(number, 'card')}",
        )
        for day, number in counts
    ]
    return Shown(
        sentence=sentence,
        day_counts=counts,
        drawing=charts.columns(columns, name="Cards due under the plan"),
        by_week=per > 1,
        minutes=tuple(
            _line(found, each, settings, today, f"{each.minutes} minutes", is_shown=each == choice)
            for each in (replace(choice, minutes=n) for n in beside(choice.minutes))
        ),
        orders=tuple(
            _line(
                found,
                replace(choice, order=order),
                settings,
                today,
                str(StudySettings.Order(order.value).label),
                is_shown=order is choice.order,
            )
            for order in Order
        ),
    )


def beside(minutes: int) -> list[int]:
    """Return the minutes, with two shorter and two longer choices where there are any."""
    shorter = [n for n in MINUTES if n < minutes][-BESIDE:]
    longer = [n for n in MINUTES if n > minutes][:BESIDE]
    return [*shorter, minutes, *longer]


def choice_of(plan: BacklogPlan) -> Choice:
    """Return what a learner chose for a plan."""
    return Choice(plan.minutes_per_day, Order(plan.order), plan.hold_new)


def progress(plan: BacklogPlan, found: Backlog, settings: EffectiveSettings, now: datetime) -> str:
    """Return how far an active plan has come."""
    begun = settings.day.of(plan.started_at)
    course = backlog.course_of(found, choice_of(plan), settings)
    today = settings.day.of(now)
    expected = backlog.expected_on(course, today)
    went = (
        f"You began on {_date(begun)} with {durations.count(plan.due_at_start, 'card')} due; "
        f"now it is {found.due:,}."
    )
    if expected is None:
        return f"{went} At this pace it takes longer than a year."
    when = "today" if expected == today else f"around {_date(expected)}"
    return f"{went} You will have caught up {when}, if you review every day."


def line(plan: BacklogPlan) -> str:
    """Return the line that the review page shows while a plan is active."""
    until = f", until around {_date(plan.expected_on)}" if plan.expected_on else ""
    return f"Catch-up plan: {plan.reviews_per_day:,} reviews a day{until}."


def _sentence(found: Backlog, choice: Choice, course: Course, reviews: int, today: date) -> str:
    pace = f"At {choice.minutes} minutes a day, about {durations.count(reviews, 'review')},"
    due = f"{durations.count(found.due, 'card')} {'is' if found.due == 1 else 'are'} due today"
    if course.caught_up_in is None:
        return (
            f"{due}. {pace} you would not catch up within a year: "
            "as many fall due as you review. Choose a little more."
        )
    if course.caught_up_in == 0:
        return f"{due}. {pace} you will have caught up today."
    day = today + timedelta(days=course.caught_up_in)
    return (
        f"{due}. {pace} you will have caught up around {_date(day)}, "
        f"in {durations.count(course.caught_up_in, 'day')}, if you review every day."
    )


def _line(
    found: Backlog,
    choice: Choice,
    settings: EffectiveSettings,
    today: date,
    name: str,
    *,
    is_shown: bool,
) -> BacklogOption:
    course = backlog.course_of(found, choice, settings)
    day = backlog.expected_on(course, today)
    return BacklogOption(
        name=name,
        reviews=f"{backlog.reviews_for(found, choice, settings):,}",
        caught_up=f"{_date(day)}" if day else f"not within {MOST_DAYS} days",
        forgotten=f"{course.forgotten / course.reviews:.0%}" if course.reviews else "—",
        is_shown=is_shown,
    )


def _date(day: date | None) -> str:
    return f"{day.day} {day:%B}" if day else ""
