"""A review session: what the learner sees next, and what they did today."""

import enum
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.models import User
from flashcards import faces, services, words
from flashcards.records import Flashcard, Rating, ReviewLog, State
from flashcards.reviewing import study
from flashcards.reviewing.study import Study
from flashcards.store import DueQueue
from flashcards.store.journal import Pending

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
    # Due as well, but beyond what the learner wants on one day.
    new_held: int = 0
    due_held: int = 0


def next_stage(
    user: User,
    now: datetime,
    *,
    done: int | None = None,
    first: Flashcard | None = None,
    ahead: bool = False,
    mine: Study | None = None,
) -> Stage:
    """Return what comes next: `first` if given, a due card, one due soon, a wait, or the end.

    With `ahead` a card due soon is shown although it was answered just now. `done` is how many
    reviews were done today; without it they are counted. `mine` is what the caller has read.
    """
    mine = mine or study.settings_for(owner_id=user.id)
    if done is None:
        done = len(_logs_today(user, now, mine))
    queue = services.due_queue(owner_id=user.id, now=now, limit=1, mine=mine)
    if first is not None or queue.cards:
        card = first or queue.cards[0]
        counts = {"new": queue.new, "learning": queue.learning, "due": queue.due}
        return _card_stage(card, now, done, mine, pending=queue.pending, **counts)
    soon = _learning_soon(user, now, mine)
    for card in soon:
        if ahead or _is_rested(card, now):
            return _card_stage(card, now, done, mine, pending=queue.pending, learning=len(soon))
    next_due = services.next_due_at(owner_id=user.id, now=now, mine=mine)
    if soon and next_due is not None:
        return Stage(Kind.WAIT, next_due=next_due, done=done, learning=len(soon))
    if next_due is None and not services.count_cards(owner_id=user.id):
        return Stage(Kind.EMPTY)
    return Stage(Kind.FINISHED, next_due=next_due, done=done)


def choices(
    card: Flashcard, now: datetime, mine: Study, pending: Pending | None = None
) -> tuple[Choice, ...]:
    """Return the four buttons with the interval each would give."""
    spans = services.preview(owner_id=card.owner_id, card=card, now=now, mine=mine, pending=pending)
    return tuple(
        Choice(rating, rating.name.capitalize(), words.interval(spans[rating])) for rating in Rating
    )


def summary(user: User, now: datetime) -> Summary:
    """Return the learner's day so far."""
    mine = study.settings_for(owner_id=user.id)
    logs = _logs_today(user, now, mine)
    right = sum(log.rating != Rating.AGAIN for log in logs)
    queue = services.due_queue(owner_id=user.id, now=now, limit=1, mine=mine)
    return Summary(
        reviews=len(logs),
        cards=len({log.flashcard_id for log in logs}),
        right_percent=round(100 * right / len(logs)) if logs else 0,
        time=words.clock(timedelta(milliseconds=sum(log.duration_ms for log in logs))),
        hardest=_hardest(user, logs),
        left=queue.new + queue.learning + queue.due,
        coming=coming(user, now, mine, queue),
        new_held=queue.new_held,
        due_held=queue.due_held,
    )


def coming(user: User, now: datetime, mine: Study, queue: DueQueue) -> str:
    """Return when the next card comes, as "1 card in 40 minutes" or "3 cards tomorrow"."""
    next_due = services.next_due_at(owner_id=user.id, now=now, mine=mine)
    day = mine.day
    if queue.new_held or queue.due_held:
        tomorrow = day.start(now, days=1)
        next_due = min(next_due or tomorrow, tomorrow)
    if next_due is None:
        return ""
    when = words.due(next_due, now=now, zone=day.zone)
    waiting = Flashcard.objects.for_owner(user).filter(suspended=False)
    seen = waiting.exclude(state=State.NEW)
    if day.of(next_due) == day.of(now):
        count = seen.filter(due__lte=next_due).count()
    else:
        limits = mine.limits_on(day.of(next_due))
        count = min(seen.filter(due__lt=day.start(next_due, days=1)).count(), limits.reviews)
        count += min(waiting.filter(state=State.NEW).count(), limits.new)
    return f"{words.count(max(1, count), 'card')} {when}"


def _card_stage(
    card: Flashcard,
    now: datetime,
    done: int,
    mine: Study,
    *,
    pending: Pending | None,
    new: int = 0,
    learning: int = 0,
    due: int = 0,
) -> Stage:
    return Stage(
        Kind.CARD,
        card=card,
        choices=choices(card, now, mine, pending),
        new=new,
        learning=learning,
        due=due,
        done=done,
    )


def _learning_soon(user: User, now: datetime, mine: Study) -> list[Flashcard]:
    """Return the cards in their learning steps that come within 20 minutes, soonest first."""
    queue = services.due_queue(
        owner_id=user.id, now=now, limit=LEARNING_SOON_MOST, mine=mine, ahead=mine.learn_ahead
    )
    return [card for card in queue.cards if card.state in (State.LEARNING, State.RELEARNING)]


def _is_rested(card: Flashcard, now: datetime) -> bool:
    return card.last_review is None or now - card.last_review >= BREATHER


def _logs_today(user: User, now: datetime, mine: Study) -> list[ReviewLog]:
    return services.reviewed_since(owner_id=user.id, since=mine.day.start(now))


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
