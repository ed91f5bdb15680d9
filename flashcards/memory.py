"""What FSRS knows of one card, in plain words, and the card's history."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from accounts.models import User
from flashcards import scheduling, words
from flashcards.records import Flashcard, LogKind, ReviewLog

HISTORY_SHOWN = 200


@dataclass(frozen=True)
class Fact:
    """One property: its name, what it says in words, and the exact value for a hover."""

    name: str
    words: str
    exact: str


@dataclass(frozen=True)
class PastReview:
    """One line of a card's history."""

    log: ReviewLog
    rating: str
    when: str
    interval: str
    time: str
    taken_back: bool


def memory_of(card: Flashcard, now: datetime) -> list[Fact]:
    """Return retrievability, stability and difficulty; nothing for a card never reviewed."""
    chance = scheduling.retrievability(card, now)
    if chance is None or card.stability is None or card.difficulty is None:
        return []
    return [
        Fact(
            "Recall now",
            f"{chance:.0%} likely",
            f"Retrievability {chance:.4f}: the chance that you would recall it now",
        ),
        Fact(
            "Holds for",
            f"about {words.interval(timedelta(days=card.stability))}",
            f"Stability {card.stability:.2f} days: until the chance falls to 90 %",
        ),
        Fact(
            "Difficulty",
            _difficulty(card.difficulty),
            f"Difficulty {card.difficulty:.2f} on a scale from 1 (easy) to 10 (hard)",
        ),
    ]


def history_of(user: User, card: Flashcard, *, now: datetime, zone: tzinfo) -> list[PastReview]:
    """Return the reviews of a card, newest first; one taken back is there and says so."""
    query = ReviewLog.objects.for_owner(user).filter(flashcard_id=card.id)
    logs = list(query.order_by("-reviewed_at", "-sequence")[:HISTORY_SHOWN])
    undone = {log.undoes for log in logs if log.kind is LogKind.UNDO}
    return [
        PastReview(
            log=log,
            rating=log.rating.name.capitalize(),
            when=words.ago(log.reviewed_at, now=now, zone=zone),
            interval=words.interval(timedelta(days=log.scheduled_days)),
            time=words.clock(timedelta(milliseconds=log.duration_ms)) if log.duration_ms else "",
            taken_back=log.id in undone,
        )
        for log in logs
        if log.rating is not None
    ]


def _difficulty(value: float) -> str:
    for limit, name in ((3.0, "easy"), (5.5, "middling"), (8.0, "hard")):
        if value < limit:
            return name
    return "very hard"
