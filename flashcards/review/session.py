"""A session: what the review page shows, from the first card to the end, in every study mode.

The due cards of all cards, or of a deck, need no row. Every other session has one (ReviewSession).
"""

import enum
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from accounts.models import User
from flashcards.cards.cards import count_cards
from flashcards.domain import card_sides, durations
from flashcards.domain.records import Flashcard, Rating, State
from flashcards.models import Deck, ReviewSession
from flashcards.review import practice, ratings, scope
from flashcards.review.learner import Learner
from flashcards.review.ratings import Answer
from flashcards.review.scope import EVERYTHING, Kind, Scope
from flashcards.study_settings.settings import EffectiveSettings

Mode = ReviewSession.Mode
# A card answered more recently than this is not asked again at once: its answer is still in sight.
BREATHER = timedelta(seconds=60)
# With more than this many learning cards ahead, nobody needs the exact number.
LEARNING_SOON_MOST = 40
# A card that is met for the first time is asked more than once.
ANSWERS_A_NEW_CARD = 2
_SESSION = "session:"
_PRACTICE = {
    Rating.AGAIN: "a few cards later",
    Rating.HARD: "done",
    Rating.GOOD: "done",
    Rating.EASY: "done",
}


class NotThere(Exception):
    """There is no such deck or session of this learner."""


class StageKind(enum.StrEnum):
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

    kind: StageKind
    card: Flashcard | None = None
    choices: tuple[Choice, ...] = ()
    # Left to do now; of the cards in their steps also those that come back later today.
    new: int = 0
    learning: int = 0
    due: int = 0
    # Reviews done today, for the progress line.
    done: int = 0
    next_due: datetime | None = None
    # Of the review that answers this card; and of the undo that the page offers.
    review_id: UUID = field(default_factory=uuid4)
    undo_id: UUID = field(default_factory=uuid4)

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


@dataclass(frozen=True)
class StudySession:
    """What is studied, and how. `key` goes into forms; `opened` takes it back."""

    named: Scope = EVERYTHING
    row: ReviewSession | None = None
    # Whether answers are typed in this session; None is as the learner has set it.
    typed: bool | None = None

    @property
    def name(self) -> str:
        return self.row.name if self.row else self.named.name

    @property
    def key(self) -> str:
        return f"{_SESSION}{self.row.id}" if self.row else self.named.key

    @property
    def has_card_list(self) -> bool:
        """Tell whether it has a list of cards of its own: practice, or preparation for an exam."""
        return self.row is not None and self.row.mode != Mode.DUE

    @property
    def is_practice(self) -> bool:
        return self.row is not None and self.row.mode == Mode.CRAM

    @property
    def until(self) -> datetime | None:
        return self.row.until if self.row else None

    def is_over(self, now: datetime) -> bool:
        """Tell whether its time is up."""
        return self.until is not None and now >= self.until

    def types(self, settings: EffectiveSettings) -> bool:
        """Tell whether answers are typed."""
        chosen = (self.typed, self.row.typed if self.row else None, settings.type_answers)
        return next((each for each in chosen if each is not None), False)

    def switched(self, settings: EffectiveSettings) -> "StudySession":
        """Return the same session with typing the answers turned on or off."""
        return replace(self, typed=not self.types(settings))


def of_row(row: ReviewSession, *, typed: bool | None = None) -> StudySession:
    return StudySession(EVERYTHING, row, typed)


def opened(user: User, key: str, *, typed: bool | None = None) -> StudySession:
    """Return the session that a form names. Raises NotThere for a session of somebody else.

    A deck that is gone leaves all cards: what was rated is not to be lost with it.
    """
    if not key.startswith(_SESSION):
        deck_id = _uuid(key.removeprefix(f"{Kind.DECK}:"))
        deck = Deck.objects.filter(owner=user, id=deck_id).first() if deck_id else None
        return StudySession(scope.of_deck(deck) if deck else EVERYTHING, None, typed)
    row_id = _uuid(key.removeprefix(_SESSION))
    row = ReviewSession.objects.filter(owner=user, id=row_id).first() if row_id else None
    if row is None:
        raise NotThere
    return of_row(row, typed=typed)


def only(session: StudySession, learner: Learner, now: datetime) -> Collection[str] | None:
    """Return the ids of the cards that may come, as text; None for all. Raises BadQuery."""
    row = session.row
    if row is None:
        everything = session.named == EVERYTHING
        return None if everything else scope.cards_of(learner, session.named, now)
    if row.cards:
        return frozenset(str(card_id) for card_id in row.cards)
    try:
        named = scope.read(learner.owner_id, row.scope)
    except scope.NoSuchScope:
        # Its deck was deleted meanwhile: the cards are still there.
        return None
    return scope.cards_of(learner, named, now)


def next_stage(
    session: StudySession,
    learner: Learner,
    now: datetime,
    *,
    done: int | None = None,
    first: Flashcard | None = None,
    ahead: bool = False,
) -> Stage:
    """Return what comes next in a session: `first` if given. Raises BadQuery.

    With `ahead` a card due soon is shown although it was answered just now. `done` is how many
    reviews were done today; without it they are counted.
    """
    if session.has_card_list:
        return _next_of_list(session, learner, now, first)
    if first is None and session.is_over(now):
        return Stage(StageKind.FINISHED, done=done or 0)
    cards = only(session, learner, now)
    if done is None:
        today = learner.reviews_today(now)
        done = sum(cards is None or str(log.flashcard_id) in cards for log in today)
    return _next_due(learner, now, done=done, first=first, ahead=ahead, only=cards)


def rate(
    session: StudySession, owner_id: UUID, answer: Answer, now: datetime, *, done: int
) -> tuple[Learner, Stage]:
    """Take a rating; return the learner after it, and what comes next.

    `done` reviews were done before. Raises AlreadyAnswered or another CardError, DoesNotExist,
    and BadQuery, which says that the rating was taken and what comes next cannot be told.
    """
    after: Learner | None = None
    if session.row is not None and session.has_card_list:
        reviewed = practice.answer(session.row, answer, now)
    else:
        reviewed, after = ratings.rate(owner_id, answer, now)
    learner = after or Learner.read(owner_id)
    return learner, next_stage(session, learner, now, done=done + (not reviewed.repeated))


def may_come(session: StudySession, card: Flashcard, now: datetime) -> bool:
    """Tell whether a card may come now, whatever else is due."""
    if session.has_card_list:
        return True
    learner = Learner.read(card.owner_id)
    ahead, itself = learner.settings.learn_ahead, frozenset([str(card.id)])
    return bool(learner.due_queue(now, limit=1, ahead=ahead, only=itself).cards)


def leave_out(session: StudySession, card_id: UUID, now: datetime) -> None:
    """Go on without a card that was put off or suspended."""
    if session.row is not None and session.has_card_list:
        practice.leave_out(session.row, card_id, now)


def time_for(seconds_an_answer: float, *, new: int, learning: int, due: int) -> timedelta:
    """Return how long so many cards take."""
    answers = new * ANSWERS_A_NEW_CARD + learning + due
    return timedelta(seconds=answers * seconds_an_answer)


def _next_due(
    learner: Learner,
    now: datetime,
    *,
    done: int,
    first: Flashcard | None = None,
    ahead: bool = False,
    only: Collection[str] | None = None,
) -> Stage:
    """Return `first` if given, a due card, one due soon, a wait, or the end.

    With `only`, a set of ids, other cards are as if they were not there.
    """
    queue = learner.due_queue(now, limit=1, only=only)
    if first is not None or queue.cards:
        card = first or queue.cards[0]
        return Stage(
            StageKind.CARD,
            card=card,
            choices=_choices(learner, card, now),
            new=queue.new,
            learning=queue.learning + queue.learning_later,
            due=queue.due,
            done=done,
        )
    soon = _learning_soon(learner, now, only)
    for card in soon:
        if ahead or _is_rested(card, now):
            return Stage(
                StageKind.CARD,
                card=card,
                choices=_choices(learner, card, now),
                learning=max(len(soon), queue.learning_later),
                done=done,
            )
    next_due = learner.next_due_at(now, only=only)
    if soon and next_due is not None:
        return Stage(StageKind.WAIT, next_due=next_due, done=done, learning=len(soon))
    if next_due is None and not count_cards(owner_id=learner.owner_id):
        return Stage(StageKind.EMPTY)
    return Stage(StageKind.FINISHED, next_due=next_due, done=done)


def _next_of_list(
    session: StudySession, learner: Learner, now: datetime, first: Flashcard | None
) -> Stage:
    row = session.row
    assert row is not None  # noqa: S101 - asked by `next_stage`
    left = row.left
    card = first or _in_steps(session, learner, now) or practice.next_card(row, learner.cards)
    if card is None:
        practice.finish(row, now)
        return Stage(StageKind.FINISHED, done=row.answered)
    if session.is_practice:
        buttons = tuple(
            Choice(rating, rating.name.capitalize(), said, before=": ")
            for rating, said in _PRACTICE.items()
        )
    else:
        buttons = _choices(learner, card, now)
    done = row.answered - row.forgotten if session.is_practice else row.answered
    return Stage(StageKind.CARD, card=card, choices=buttons, due=left, done=done)


def _in_steps(session: StudySession, learner: Learner, now: datetime) -> Flashcard | None:
    """Return a card of the way to an exam that its learning steps bring back now."""
    if session.is_practice:
        return None
    queue = learner.due_queue(now, limit=1, only=only(session, learner, now))
    waiting = (State.LEARNING, State.RELEARNING)
    return next((card for card in queue.cards if card.state in waiting), None)


def _learning_soon(
    learner: Learner, now: datetime, only: Collection[str] | None
) -> list[Flashcard]:
    """Return the cards in their learning steps that come within 20 minutes, soonest first."""
    ahead = learner.settings.learn_ahead
    queue = learner.due_queue(now, limit=LEARNING_SOON_MOST, ahead=ahead, only=only)
    return [card for card in queue.cards if card.state in (State.LEARNING, State.RELEARNING)]


def _is_rested(card: Flashcard, now: datetime) -> bool:
    return card.last_review is None or now - card.last_review >= BREATHER


def _choices(learner: Learner, card: Flashcard, now: datetime) -> tuple[Choice, ...]:
    """Return the four buttons with the interval each would give."""
    spans = learner.preview(card, now)
    words = durations.told_apart([spans[rating] for rating in Rating])
    return tuple(
        Choice(rating, rating.name.capitalize(), said)
        for rating, said in zip(Rating, words, strict=True)
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
