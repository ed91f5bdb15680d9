"""A session: which cards the review page shows, from the first to the end, in every study mode.

The due cards of all cards, or of a deck, need no row. Every other session has one (ReviewSession).
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from accounts.models import User
from flashcards.domain.records import Flashcard, Rating, State
from flashcards.models import Deck, ReviewSession
from flashcards.review import next_card, practice, ratings, scope
from flashcards.review.learner import Learner
from flashcards.review.next_card import Choice, Stage
from flashcards.review.ratings import Answer
from flashcards.review.scope import EVERYTHING, Kind, Scope
from flashcards.study_settings.settings import EffectiveSettings

Mode = ReviewSession.Mode
_SESSION = "session:"
_PRACTICE = {
    Rating.AGAIN: "a few cards later",
    Rating.HARD: "done",
    Rating.GOOD: "done",
    Rating.EASY: "done",
}


class NotThere(Exception):
    """There is no such deck or session of this learner."""


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


def due_today(learner: Learner, deck: Deck, now: datetime) -> ReviewSession:
    """Return today's session of a smart deck, of what its search found when it began.

    Once that is done, another one. Raises BadQuery, or NothingToStudy.
    """
    settings = learner.settings
    named = scope.of_deck(deck)
    known = ReviewSession.objects.filter(
        owner_id=learner.owner_id,
        mode=Mode.DUE,
        scope=named.key,
        minutes=None,
        ended_at=None,
        started_at__gte=settings.day.start(now),
    ).first()
    if known is not None:
        cards = frozenset(str(card_id) for card_id in known.cards)
        if learner.due_queue(now, limit=1, ahead=settings.learn_ahead, only=cards).total:
            return known
    return begin_due(learner, named, now)


def begin_due(
    learner: Learner,
    named: Scope,
    now: datetime,
    *,
    minutes: int | None = None,
    typed: bool | None = None,
) -> ReviewSession:
    """Begin an ordinary session of a scope, for some minutes if they are given.

    Where reviews change what the scope finds, its cards are those it finds now, at most 1,000.
    """
    cards: list[UUID] = []
    if named.is_moving:
        only = scope.cards_of(learner, named, now)
        queue = learner.due_queue(now, limit=practice.CARDS_MOST, only=only)
        cards = [card.id for card in queue.cards]
        if not cards:
            raise practice.NothingToStudy("None of these cards is due now. You can practise them.")
    return practice.begin(
        owner_id=learner.owner_id,
        mode=Mode.DUE,
        named=named,
        cards=cards,
        minutes=minutes,
        typed=typed,
        now=now,
    )


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
        return Stage(next_card.Kind.FINISHED, done=done or 0)
    if done is None:
        done = len(learner.reviews_today(now))
    cards = only(session, learner, now)
    return next_card.next_stage(learner, now, done=done, first=first, ahead=ahead, only=cards)


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


def take_back(session: StudySession, owner_id: UUID, *, undo_id: UUID, now: datetime) -> Flashcard:
    """Take back the last answer, in a session with a card list its own. Raises NothingToUndo."""
    if session.row is not None and session.has_card_list:
        return practice.take_back(session.row, undo_id=undo_id, now=now)
    return ratings.undo_review(owner_id=owner_id, undo_id=undo_id, now=now)


def leave_out(session: StudySession, card_id: UUID, now: datetime) -> None:
    """Go on without a card that was put off or suspended."""
    if session.row is not None and session.has_card_list:
        practice.leave_out(session.row, card_id, now)


def _next_of_list(
    session: StudySession, learner: Learner, now: datetime, first: Flashcard | None
) -> Stage:
    row = session.row
    assert row is not None  # noqa: S101 - asked by `next_stage`
    left = row.left
    card = first or _in_steps(session, learner, now) or practice.next_card(row, learner.cards)
    if card is None:
        practice.finish(row, now)
        return Stage(next_card.Kind.FINISHED, done=row.answered)
    if session.is_practice:
        buttons = tuple(
            Choice(rating, rating.name.capitalize(), said, before=": ")
            for rating, said in _PRACTICE.items()
        )
    else:
        buttons = next_card.choices(learner, card, now)
    done = row.answered - row.forgotten if session.is_practice else row.answered
    return Stage(next_card.Kind.CARD, card=card, choices=buttons, due=left, done=done)


def _in_steps(session: StudySession, learner: Learner, now: datetime) -> Flashcard | None:
    """Return a card of the way to an exam that its learning steps bring back now."""
    if session.is_practice:
        return None
    queue = learner.due_queue(now, limit=1, only=only(session, learner, now))
    waiting = (State.LEARNING, State.RELEARNING)
    return next((card for card in queue.cards if card.state in waiting), None)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
