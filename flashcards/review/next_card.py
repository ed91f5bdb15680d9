"""The next card: what a review page shows when one is answered."""

import enum
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flashcards.cards.cards import count_cards
from flashcards.domain import card_sides, durations
from flashcards.domain.records import Flashcard, Rating, State
from flashcards.review.learner import Learner

# A card answered more recently than this is not asked again at once: its answer is still in sight.
BREATHER = timedelta(seconds=60)
# With more than this many learning cards ahead, nobody needs the exact number.
LEARNING_SOON_MOST = 40
# A card that is met for the first time is asked more than once.
ANSWERS_A_NEW_CARD = 2


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
    # What a screen reader says between the two.
    before: str = ", comes back in "


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
        return card_sides.front(self.card) if self.card else ""

    @property
    def back(self) -> str:
        return card_sides.back(self.card) if self.card else ""


def next_stage(
    learner: Learner,
    now: datetime,
    *,
    done: int,
    first: Flashcard | None = None,
    ahead: bool = False,
    only: Collection[str] | None = None,
) -> Stage:
    """Return what comes next: `first` if given, a due card, one due soon, a wait, or the end.

    With `ahead` a card due soon is shown although it was answered just now. `done` is how many
    reviews were done today. With `only`, a set of ids, other cards are as if they were not.
    """
    queue = learner.due_queue(now, limit=1, only=only)
    if first is not None or queue.cards:
        card = first or queue.cards[0]
        return Stage(
            Kind.CARD,
            card=card,
            choices=choices(learner, card, now),
            new=queue.new,
            learning=queue.learning,
            due=queue.due,
            done=done,
        )
    soon = _learning_soon(learner, now, only)
    for card in soon:
        if ahead or _is_rested(card, now):
            buttons = choices(learner, card, now)
            return Stage(Kind.CARD, card=card, choices=buttons, done=done, learning=len(soon))
    next_due = learner.next_due_at(now, only=only)
    if soon and next_due is not None:
        return Stage(Kind.WAIT, next_due=next_due, done=done, learning=len(soon))
    if next_due is None and not count_cards(owner_id=learner.owner_id):
        return Stage(Kind.EMPTY)
    return Stage(Kind.FINISHED, next_due=next_due, done=done)


def choices(learner: Learner, card: Flashcard, now: datetime) -> tuple[Choice, ...]:
    """Return the four buttons with the interval each would give."""
    spans = learner.preview(card, now)
    return tuple(
        Choice(rating, rating.name.capitalize(), durations.interval(spans[rating]))
        for rating in Rating
    )


def time_for(seconds_an_answer: float, *, new: int, learning: int, due: int) -> timedelta:
    """Return how long so many cards take."""
    answers = new * ANSWERS_A_NEW_CARD + learning + due
    return timedelta(seconds=answers * seconds_an_answer)


def _learning_soon(
    learner: Learner, now: datetime, only: Collection[str] | None
) -> list[Flashcard]:
    """Return the cards in their learning steps that come within 20 minutes, soonest first."""
    ahead = learner.settings.learn_ahead
    queue = learner.due_queue(now, limit=LEARNING_SOON_MOST, ahead=ahead, only=only)
    return [card for card in queue.cards if card.state in (State.LEARNING, State.RELEARNING)]


def _is_rested(card: Flashcard, now: datetime) -> bool:
    return card.last_review is None or now - card.last_review >= BREATHER
