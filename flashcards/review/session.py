"""A sitting: what the review page goes by, from the first card to the end, on every way to study.

What is due of all cards, or of a deck, needs no more than its address. Everything else has a row
(ReviewSession), and its address names that.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import User
from flashcards import study_settings
from flashcards.domain.records import Flashcard, Rating, State
from flashcards.models import Deck, ReviewSession
from flashcards.review import next_card, practice, scope
from flashcards.review.due import due_queue
from flashcards.review.next_card import Choice, Stage
from flashcards.review.practice import Answer
from flashcards.review.ratings import Reviewed, undo_review
from flashcards.review.scope import EVERYTHING, Kind, Named
from flashcards.store.journal.pending import Pending
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
class Sitting:
    """What is studied, and how. `key` goes into forms; `opened` takes it back."""

    named: Named = EVERYTHING
    row: ReviewSession | None = None
    # Whether answers are typed in this sitting; None is as the learner has set it.
    typed: bool | None = None

    @property
    def name(self) -> str:
        return self.row.name if self.row else self.named.name

    @property
    def key(self) -> str:
        return f"{_SESSION}{self.row.id}" if self.row else str(self.named.scope)

    @property
    def is_round(self) -> bool:
        """Tell whether it has a list of cards of its own to do."""
        return self.row is not None and self.row.mode != Mode.DUE

    @property
    def is_practice(self) -> bool:
        return self.row is not None and self.row.mode == Mode.CRAM

    @property
    def until(self) -> datetime | None:
        return self.row.until if self.row else None

    @property
    def url(self) -> str:
        return self.with_(())

    @property
    def finish_url(self) -> str:
        return self.with_((("finish", "1"),))

    @property
    def ahead_url(self) -> str:
        return self.with_((("ahead", "1"),))

    @property
    def path(self) -> str:
        if self.row is not None:
            return reverse("flashcards:sitting", args=[self.row.id])
        if self.named.scope.deck_id is not None:
            return reverse("flashcards:review_deck", args=[self.named.scope.deck_id])
        return reverse("flashcards:review")

    def with_(self, parameters: tuple[tuple[str, str], ...]) -> str:
        """Return the address of the page with these parameters."""
        path = self.path
        if self.typed is not None:
            parameters = (("typed", "1" if self.typed else "0"), *parameters)
        return f"{path}?{urlencode(parameters)}" if parameters else path

    def is_over(self, now: datetime) -> bool:
        """Tell whether its time is up."""
        return self.until is not None and now >= self.until

    def types(self, mine: EffectiveSettings) -> bool:
        """Tell whether answers are typed."""
        chosen = (self.typed, self.row.typed if self.row else None, mine.type_answers)
        return next((each for each in chosen if each is not None), False)

    def switched(self, mine: EffectiveSettings) -> "Sitting":
        """Return the same with answers typed, or not any more."""
        return replace(self, typed=not self.types(mine))


def of_row(row: ReviewSession, *, typed: bool | None = None) -> Sitting:
    return Sitting(EVERYTHING, row, typed)


def opened(user: User, key: str, *, typed: bool | None = None) -> Sitting:
    """Return the sitting that a form names. Raises NotThere for a session of somebody else.

    A deck that is gone leaves all cards: what was rated is not to be lost with it.
    """
    if not key.startswith(_SESSION):
        deck_id = _uuid(key.removeprefix(f"{Kind.DECK}:"))
        deck = Deck.objects.filter(owner=user, id=deck_id).first() if deck_id else None
        return Sitting(scope.of_deck(deck) if deck else EVERYTHING, None, typed)
    row_id = _uuid(key.removeprefix(_SESSION))
    row = ReviewSession.objects.filter(owner=user, id=row_id).first() if row_id else None
    if row is None:
        raise NotThere
    return of_row(row, typed=typed)


def due_today(user: User, deck: Deck, now: datetime) -> ReviewSession:
    """Return today's session of a smart deck, of what its search found when it began.

    Once that is done, another one. Raises BadQuery, or NothingToStudy.
    """
    mine = study_settings.settings_for(owner_id=user.id)
    named = scope.of_deck(deck)
    known = ReviewSession.objects.filter(
        owner=user,
        mode=Mode.DUE,
        scope=str(named.scope),
        minutes=None,
        ended_at=None,
        started_at__gte=mine.day.start(now),
    ).first()
    if known is not None:
        cards = frozenset(str(card_id) for card_id in known.cards)
        ahead = mine.learn_ahead
        queue = due_queue(owner_id=user.id, now=now, limit=1, mine=mine, ahead=ahead, only=cards)
        if queue.total:
            return known
    return begin_due(user, named, now, mine)


def begin_due(
    user: User,
    named: Named,
    now: datetime,
    mine: EffectiveSettings,
    *,
    minutes: int | None = None,
    typed: bool | None = None,
) -> ReviewSession:
    """Begin an ordinary session of a scope, for some minutes if they are given.

    Where reviews change what the scope finds, its cards are those it finds now, at most 1,000.
    """
    cards: list[UUID] = []
    if named.is_moving:
        only = scope.cards_of(user.id, named, now, mine)
        most = practice.CARDS_MOST
        queue = due_queue(owner_id=user.id, now=now, limit=most, mine=mine, only=only)
        cards = [card.id for card in queue.cards]
        if not cards:
            raise practice.NothingToStudy("None of these cards is due now. You can practise them.")
    return practice.begin(
        owner_id=user.id,
        mode=Mode.DUE,
        named=named,
        cards=cards,
        minutes=minutes,
        typed=typed,
        now=now,
    )


def only(
    sitting: Sitting, user: User, now: datetime, mine: EffectiveSettings
) -> Collection[str] | None:
    """Return the ids of the cards that may come, as text; None for all. Raises BadQuery."""
    row = sitting.row
    if row is None:
        return scope.cards_of(user.id, sitting.named, now, mine)
    if row.cards:
        return frozenset(str(card_id) for card_id in row.cards)
    try:
        named = scope.read(user.id, row.scope)
    except scope.NoSuchScope:
        # Its deck was deleted meanwhile: the cards are still there.
        return None
    return scope.cards_of(user.id, named, now, mine)


def next_stage(
    sitting: Sitting,
    user: User,
    now: datetime,
    *,
    done: int | None = None,
    first: Flashcard | None = None,
    ahead: bool = False,
    mine: EffectiveSettings | None = None,
    pending: Pending | None = None,
) -> Stage:
    """Return what comes next, as session.next_stage does for what is due. Raises BadQuery."""
    mine = mine or study_settings.settings_for(owner_id=user.id)
    if sitting.is_round:
        return _next_of_round(sitting, user, now, mine, first)
    if first is None and sitting.is_over(now):
        return Stage(next_card.Kind.FINISHED, done=done or 0)
    chosen = only(sitting, user, now, mine)
    return next_card.next_stage(
        user,
        now,
        done=done,
        first=first,
        ahead=ahead,
        mine=mine,
        only=chosen,
        pending=pending,
    )


def answer(sitting: Sitting, user: User, given: Answer, now: datetime) -> Reviewed:
    """Take a rating. Raises what services.review_card raises."""
    if sitting.row is not None and sitting.is_round:
        return practice.answer(sitting.row, given, now)
    return practice.review(user.id, given, now)


def take_back(sitting: Sitting, user: User, *, undo_id: UUID, now: datetime) -> Flashcard:
    """Take back the last answer, of a round its own. Raises NothingToUndo."""
    if sitting.row is not None and sitting.is_round:
        return practice.take_back(sitting.row, undo_id=undo_id, now=now)
    return undo_review(owner_id=user.id, undo_id=undo_id, now=now)


def leave_out(sitting: Sitting, card_id: UUID, now: datetime) -> None:
    """Go on without a card that was put off or suspended."""
    if sitting.row is not None and sitting.is_round:
        practice.leave_out(sitting.row, card_id, now)


def _next_of_round(
    sitting: Sitting, user: User, now: datetime, mine: EffectiveSettings, first: Flashcard | None
) -> Stage:
    row = sitting.row
    assert row is not None  # noqa: S101 - asked by `next_stage`
    left = row.left
    card = first or _in_steps(sitting, user, now, mine) or practice.next_card(row)
    if card is None:
        practice.finish(row, now)
        return Stage(next_card.Kind.FINISHED, done=row.answered)
    if sitting.is_practice:
        buttons = tuple(
            Choice(rating, rating.name.capitalize(), said, before=": ")
            for rating, said in _PRACTICE.items()
        )
    else:
        buttons = next_card.choices(card, now, mine)
    done = row.answered - row.forgotten if sitting.is_practice else row.answered
    return Stage(next_card.Kind.CARD, card=card, choices=buttons, due=left, done=done)


def _in_steps(
    sitting: Sitting, user: User, now: datetime, mine: EffectiveSettings
) -> Flashcard | None:
    """Return a card of the way to an exam that its learning steps bring back now."""
    if sitting.is_practice:
        return None
    cards = only(sitting, user, now, mine)
    queue = due_queue(owner_id=user.id, now=now, limit=1, mine=mine, only=cards)
    waiting = (State.LEARNING, State.RELEARNING)
    return next((card for card in queue.cards if card.state in waiting), None)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
