"""A review session: what the learner sees next, and what they did today."""

import enum
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.models import User
from flashcards import faces, scheduling, services, words
from flashcards.day import day_of, day_start, zone_of
from flashcards.records import Flashcard, Rating, ReviewLog, State

# As Anki does: with nothing else left, a learning card may come this much early.
LEARN_AHEAD = timedelta(minutes=20)
# A card answered more recently than this is not asked again at once: its answer is still in sight.
BREATHER = timedelta(seconds=60)
HARDEST_SHOWN = 3
# With more than this many learning cards ahead, nobody needs the exact number.
LEARNING_SOON_MOST = 40


class Kind(enum.StrEnum):
    CARD = "card"
    # Nothing now, something within minutes.
    WAIT = "wait"
    FINISHED = "finished"
    # The learner has no cards at all.
    EMPTY = "empty"


@dataclass(frozen=True)
class Choice:
    """One rating button: what it is called and when the card would come back."""

    rating: Rating
    name: str
    interval: str


@dataclass(frozen=True)
class Stage:
    """What the review page shows."""

    kind: Kind
    card: Flashcard | None = None
    choices: tuple[Choice, ...] = ()
    # Left to do now.
    new: int = 0
    learning: int = 0
    due: int = 0
    # Reviews done today, for the progress line.
    done: int = 0
    next_due: datetime | None = None
    # Of the review that answers this card; and of the undo that the page offers.
    review_id: uuid.UUID = field(default_factory=uuid.uuid4)
    undo_id: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def left(self) -> int:
        return self.new + self.learning + self.due

    @property
    def total(self) -> int:
        """Return what the progress line counts up to; never 0."""
        return max(1, self.done + self.left)

    @property
    def front(self) -> str:
        return faces.front(self.card) if self.card else ""

    @property
    def back(self) -> str:
        return faces.back(self.card) if self.card else ""


@dataclass(frozen=True)
class Summary:
    """What was done today, in words and numbers for the finished page."""

    reviews: int
    cards: int
    right_percent: int
    time: str
    hardest: tuple[Flashcard, ...]
    # Cards due now, for a learner who stops before the end.
    left: int
    # "3 cards tomorrow", or empty when no card will ever be due.
    coming: str


def next_stage(
    user: User, now: datetime, *, done: int = 0, first: Flashcard | None = None, ahead: bool = False
) -> Stage:
    """Return what comes next: `first` if given, a due card, one due soon, a wait, or the end.

    With `ahead` a card due within 20 minutes is shown although it was answered just now.
    """
    queue = services.due_queue(owner_id=user.id, now=now, limit=1)
    if first is not None or queue.cards:
        card = first or queue.cards[0]
        return _card_stage(card, now, done, new=queue.new, learning=queue.learning, due=queue.due)
    soon = _learning_soon(user, now)
    for card in soon:
        if ahead or _is_rested(card, now):
            return _card_stage(card, now, done, learning=len(soon))
    next_due = services.next_due_at(owner_id=user.id, now=now)
    if soon and next_due is not None:
        return Stage(Kind.WAIT, next_due=next_due, done=done, learning=len(soon))
    if next_due is None and not services.count_cards(owner_id=user.id):
        return Stage(Kind.EMPTY)
    return Stage(Kind.FINISHED, next_due=next_due, done=done)


def choices(card: Flashcard, now: datetime) -> tuple[Choice, ...]:
    """Return the four buttons with the interval each would give."""
    spans = scheduling.preview(card, now=now)
    return tuple(
        Choice(rating, rating.name.capitalize(), words.interval(spans[rating])) for rating in Rating
    )


def done_today(user: User, now: datetime) -> int:
    """Return how many reviews of the learner's day stand."""
    return len(_logs_today(user, now))


def summary(user: User, now: datetime) -> Summary:
    """Return the learner's day so far."""
    logs = _logs_today(user, now)
    right = sum(log.rating != Rating.AGAIN for log in logs)
    queue = services.due_queue(owner_id=user.id, now=now, limit=1)
    return Summary(
        reviews=len(logs),
        cards=len({log.flashcard_id for log in logs}),
        right_percent=round(100 * right / len(logs)) if logs else 0,
        time=words.clock(timedelta(milliseconds=sum(log.duration_ms for log in logs))),
        hardest=_hardest(user, logs),
        left=queue.new + queue.learning + queue.due,
        coming=coming(user, now),
    )


def coming(user: User, now: datetime) -> str:
    """Return when the next card comes, as "1 card in 40 minutes" or "3 cards tomorrow"."""
    next_due = services.next_due_at(owner_id=user.id, now=now)
    if next_due is None:
        return ""
    zone = zone_of(user)
    when = words.due(next_due, now=now, zone=zone)
    if day_of(next_due, zone) == day_of(now, zone):
        until = next_due
    else:
        until = day_start(next_due, zone, days=1)
    due = Flashcard.objects.for_owner(user).filter(due__lte=until, suspended=False).count()
    return f"{words.count(max(1, due), 'card')} {when}"


def _card_stage(
    card: Flashcard, now: datetime, done: int, *, new: int = 0, learning: int = 0, due: int = 0
) -> Stage:
    return Stage(
        Kind.CARD,
        card=card,
        choices=choices(card, now),
        new=new,
        learning=learning,
        due=due,
        done=done,
    )


def _learning_soon(user: User, now: datetime) -> list[Flashcard]:
    """Return the cards in their learning steps that come within 20 minutes, soonest first."""
    queue = services.due_queue(owner_id=user.id, now=now + LEARN_AHEAD, limit=LEARNING_SOON_MOST)
    return [card for card in queue.cards if card.state in (State.LEARNING, State.RELEARNING)]


def _is_rested(card: Flashcard, now: datetime) -> bool:
    return card.last_review is None or now - card.last_review >= BREATHER


def _logs_today(user: User, now: datetime) -> list[ReviewLog]:
    return services.reviewed_since(owner_id=user.id, since=day_start(now, zone_of(user)))


def _hardest(user: User, logs: list[ReviewLog]) -> tuple[Flashcard, ...]:
    """Return the cards forgotten most often, if any was forgotten; most often first."""
    forgotten = Counter(log.flashcard_id for log in logs if log.rating == Rating.AGAIN)
    found: list[Flashcard] = []
    for card_id, _ in forgotten.most_common():
        if len(found) == HARDEST_SHOWN:
            break
        try:
            found.append(services.get_card(owner_id=user.id, card_id=card_id))
        except Flashcard.DoesNotExist:
            # Deleted since.
            continue
    return tuple(found)
