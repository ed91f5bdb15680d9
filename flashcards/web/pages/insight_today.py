"""The top of Insight: the day so far, what is still due, and how much is known now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flashcards.domain import durations
from flashcards.insight import statistics
from flashcards.insight.statistics import Reading
from flashcards.review import scope as scopes


@dataclass(frozen=True)
class TodayBox:
    """What is said of today, in words and figures."""

    # "12 reviews in 3 minutes, 11 of 12 recalled."
    sentence: str
    due: int
    known: str
    # "of 1,600 studied cards".
    known_of: str


def box(reading: Reading, now: datetime) -> TodayBox:
    """Return the box of a scope."""
    known = statistics.known(reading)
    only = scopes.cards_of(reading.learner, reading.scope, now)
    queue = reading.learner.due_queue(now, limit=1, only=only)
    return TodayBox(
        sentence=_sentence(reading),
        due=queue.new + queue.learning + queue.due,
        known=f"{round(known.known):,}",
        known_of=f"of {durations.count(known.learnt, 'studied card')}",
    )


def _sentence(reading: Reading) -> str:
    found = statistics.today(reading)
    answers = round(found.answers.total)
    if not answers:
        return "Nothing reviewed yet today."
    told = durations.count(answers, "review")
    if found.seconds.total >= 1:
        told += f" in {durations.clock(timedelta(seconds=found.seconds.total))}"
    if found.recall.tested:
        told += f", {found.recall.recalled:,} of {found.recall.tested:,} recalled"
    return f"{told}."
