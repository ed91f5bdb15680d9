"""The weekly report: what was done, how it went against the aim, and what is coming."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np

from flashcards.domain import durations
from flashcards.domain.answer_codes import IS_RECALLED, IS_REVIEW, IS_TEST, QUARTER_MICROS, STATE_OF
from flashcards.domain.records import State
from flashcards.domain.study_day import Day, micros
from flashcards.insight import statistics
from flashcards.insight.reading import Reading
from flashcards.insight.spans import Span, Step
from flashcards.insight.totals import totals_of
from flashcards.review.pace import pace_of
from flashcards.review.scope import EVERYTHING
from flashcards.review.summary import Recalled

WEEK = timedelta(days=7)
DAYS = 7
# A day is named that has so many times as many reviews as an average one, where there are many.
UNEVEN, UNEVEN_LEAST = 1.3, 14
# Less time is not told.
LEAST_TIME = timedelta(seconds=1)


@dataclass(frozen=True)
class WeekDone:
    """What was done in one of a learner's weeks."""

    first: date
    answers: int
    spent: timedelta
    days: int
    # Cards met for the first time.
    new: int
    tested: int
    recalled: int


@dataclass(frozen=True)
class Report:
    """A week in three sentences."""

    first: date
    last: date
    sentences: tuple[str, str, str]


def last_week(day: Day, now: datetime) -> date:
    """Return the first day, a Monday, of the last of a learner's weeks that is over."""
    today = day.of(now)
    return today - timedelta(days=today.weekday()) - WEEK


def report_of(*, owner_id: UUID, now: datetime) -> Report:
    """Return the report of the last week that is over.

    Costs about ten SQL queries, and a pass over the learner's cards.
    """
    reading = statistics.read(owner_id, EVERYTHING, Span.MONTH, now)
    day = reading.learner.settings.day
    first = last_week(day, now)
    done = week_done(owner_id, day, first)
    aim = statistics.aim_of(reading).mean
    return Report(
        first=first,
        last=first + WEEK - timedelta(days=1),
        sentences=(_done(done), _against(done, aim), _coming(reading)),
    )


def week_done(owner_id: UUID, day: Day, first: date) -> WeekDone:
    """Return what was done in the week from a day on. One SQL query, rarely two."""
    totals = totals_of(owner_id)
    begins = [
        micros(_start(day, first + timedelta(days=number))) // QUARTER_MICROS
        for number in range(DAYS + 1)
    ]
    inside = (begins[0] <= totals.quarters) & (totals.quarters < begins[-1])
    codes, counts = totals.codes[inside], totals.counts[inside]
    counted = counts * IS_REVIEW[codes]
    weekday = np.searchsorted(begins, totals.quarters[inside], side="right") - 1
    by_day = np.bincount(weekday, weights=counted, minlength=DAYS)
    return WeekDone(
        first=first,
        answers=int(counted.sum()),
        spent=timedelta(milliseconds=int(totals.durations_ms[inside][IS_REVIEW[codes]].sum())),
        days=int(np.count_nonzero(by_day > 0)),
        new=int((counted * (STATE_OF[codes] == State.NEW)).sum()),
        tested=int((counts * IS_TEST[codes]).sum()),
        recalled=int((counts * (IS_TEST & IS_RECALLED)[codes]).sum()),
    )


def _start(day: Day, on: date) -> datetime:
    """Return when one of a learner's days begins."""
    noon = datetime.combine(on, day.begins, tzinfo=day.zone) + timedelta(hours=12)
    return day.start(noon)


def _done(done: WeekDone) -> str:
    week = f"In the week from {_date(done.first)} to {_date(done.first + WEEK - timedelta(days=1))}"
    if done.answers <= 0:
        return f"{week} you reviewed nothing."
    new = f", and met {durations.count(done.new, 'new card')}" if done.new > 0 else ""
    # Reviews from elsewhere may not say how long they took.
    spent = f" in {durations.clock(done.spent)}" if done.spent >= LEAST_TIME else ""
    answers = durations.count(done.answers, "answer")
    return f"{week} you gave {answers}{spent}, on {done.days} of 7 days{new}."


def _against(done: WeekDone, aim: float) -> str:
    if done.tested <= 0:
        return f"No card came back after a day or more; your aim is {aim:.0%}."
    found = Recalled(done.tested, done.recalled, aim)
    said = (
        f"Of {durations.count(done.tested, 'card')} that came back after a day or more you knew "
        f"{done.recalled:,} ({found.share:.0%})"
    )
    if not found.is_enough:
        return f"{said}, too few to say how that compares with your aim of {aim:.0%}."
    if found.is_as_desired:
        return f"{said}, as you aim for ({aim:.0%})."
    return f"{said}, {'more' if found.share > aim else 'less'} than the {aim:.0%} you aim for."


def _coming(reading: Reading) -> str:
    settings = reading.learner.settings
    ahead = statistics.future_due(reading, Step.DAY)
    due, overdue = [bar.cards for bar in ahead.bars[:DAYS]], ahead.backlog
    total = sum(due)
    waits = f" {durations.count(overdue, 'card')} from before {_wait(overdue)}." if overdue else ""
    if not total:
        return f"No review falls due in the seven days from today on.{waits}"
    pace = pace_of(owner_id=reading.learner.owner_id, settings=settings, now=reading.now)
    a_day = timedelta(seconds=total / DAYS * pace.seconds_an_answer)
    most = max(range(DAYS), key=due.__getitem__)
    day = reading.today + timedelta(days=most)
    is_uneven = total >= UNEVEN_LEAST and due[most] * DAYS > UNEVEN * total
    busiest = f", the most on {day:%A} ({due[most]:,})" if is_uneven else ""
    about = f", about {durations.clock(a_day)} a day" if a_day >= LEAST_TIME else ""
    return (
        f"{durations.count(total, 'review')} {'falls' if total == 1 else 'fall'} due in the seven "
        f"days from today on{about}{busiest}.{waits}"
    )


def _wait(number: int) -> str:
    return "waits as well" if number == 1 else "wait as well"


def _date(day: date) -> str:
    return f"{day.day} {day:%B}"
