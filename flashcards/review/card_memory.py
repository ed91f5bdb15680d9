"""What FSRS knows of one card, in plain words, and the card's history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from uuid import UUID

from flashcards import scheduling
from flashcards.domain import durations
from flashcards.domain.records import Flashcard, LogKind, ReviewLog, State
from flashcards.scheduling import DEFAULT_SETTINGS, ScheduleSettings
from flashcards.store import review_logs

_STATES = {
    State.LEARNING: "learning",
    State.REVIEW: "learnt",
    State.RELEARNING: "relearning",
}


@dataclass(frozen=True)
class Fact:
    """One property: its name, what it says in words, and the exact value for a hover."""

    name: str
    words: str
    exact: str


@dataclass(frozen=True)
class ScheduleInWords:
    """Where a card stands: its state and when it is due."""

    state: str
    due: str


@dataclass(frozen=True)
class PastReview:
    """One line of a card's history."""

    log: ReviewLog
    rating: str
    when: str
    interval: str
    time: str
    taken_back: bool


def memory_of(
    card: Flashcard, now: datetime, *, settings: ScheduleSettings = DEFAULT_SETTINGS
) -> list[Fact]:
    """Return retrievability, stability and difficulty; nothing for a card never reviewed."""
    chance = scheduling.retrievability(card, now, settings=settings)
    if chance is None or card.stability is None or card.difficulty is None:
        return []
    return [
        Fact(
            "Recall now",
            f"{chance:.0%} likely",
            f"Retrievability {chance:.4f}: the chance that you would recall it now",
        ),
        Fact(
            "Stability",
            f"about {durations.interval(timedelta(days=card.stability))}",
            f"Stability {card.stability:.2f} days: until the chance falls to 90 %",
        ),
        Fact(
            "Difficulty",
            _difficulty(card.difficulty),
            f"Difficulty {card.difficulty:.2f} on a scale from 1 (easy) to 10 (hard)",
        ),
    ]


def logs_of(*, owner_id: UUID, card_id: UUID) -> list[ReviewLog]:
    """Return a card's whole log, oldest first."""
    query = review_logs.for_owner(owner_id).filter(flashcard_id=card_id)
    return list(query.order_by("reviewed_at", "sequence"))


def history_of(logs: Sequence[ReviewLog], *, now: datetime, zone: tzinfo) -> list[PastReview]:
    """Return what a log has, newest first; what was taken back is there and says so."""
    undone = {log.undoes for log in logs if log.kind is LogKind.UNDO}
    return [
        PastReview(
            log=log,
            rating=log.rating.name.capitalize() if log.rating else "",
            when=durations.ago(log.reviewed_at, now=now, zone=zone),
            interval=_interval(log),
            time=durations.clock(timedelta(milliseconds=log.duration_ms))
            if log.duration_ms
            else "",
            taken_back=log.id in undone,
        )
        for log in reversed(logs)
        if log.kind is not LogKind.UNDO
    ]


def standing_of(card: Flashcard, now: datetime, zone: tzinfo) -> ScheduleInWords:
    """Return where a card stands, in words."""
    if card.suspended:
        return ScheduleInWords("suspended", "—")
    if card.state is State.NEW:
        return ScheduleInWords("new", "not scheduled yet")
    ready = max(card.due, card.buried_until) if card.buried_until else card.due
    return ScheduleInWords(_STATES[card.state], durations.due(ready, now=now, zone=zone))


def _interval(log: ReviewLog) -> str:
    if scheduling.is_reset(log):
        return "reset"
    span = durations.interval(timedelta(days=max(0.0, log.scheduled_days)))
    if scheduling.is_given(log):
        return f"imported, due in {span}"
    return span if log.rating is not None else f"due in {span}"


def _difficulty(value: float) -> str:
    for limit, name in ((3.0, "easy"), (5.5, "medium"), (8.0, "hard")):
        if value < limit:
            return name
    return "very hard"
