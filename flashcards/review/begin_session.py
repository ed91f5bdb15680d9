"""The beginning of a session: its row, and the cards that are in it."""

import enum
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from flashcards import store
from flashcards.domain.validation import CardError
from flashcards.models import Deck, ReviewSession
from flashcards.review import scope
from flashcards.review.learner import Learner
from flashcards.review.scope import Scope

Mode = ReviewSession.Mode
# More than this is no session; each answer writes what is left of it.
CARDS_MOST = 1_000
# What was left lying for longer is not offered any more.
OPEN_FOR = timedelta(days=14)
KEPT_FOR = timedelta(days=60)


class Order(enum.StrEnum):
    """In which order a cram asks."""

    RANDOM = "random"
    HARDEST = "hardest"
    ADDED = "added"


class NothingToStudy(CardError):
    """There is no card to do."""


def begin(
    *,
    owner_id: UUID,
    mode: ReviewSession.Mode,
    named: Scope,
    now: datetime,
    todo: Sequence[UUID] = (),
    cards: Sequence[UUID] = (),
    minutes: int | None = None,
    typed: bool | None = None,
) -> ReviewSession:
    """Begin a session; `todo` in the order to ask in. Raises NothingToStudy."""
    if mode is not Mode.DUE and not todo:
        raise NothingToStudy("There is no card to study: they may be suspended or deleted.")
    ReviewSession.objects.filter(owner_id=owner_id, started_at__lt=now - KEPT_FOR).delete()
    return ReviewSession.objects.create(
        owner_id=owner_id,
        mode=mode,
        scope=named.key,
        name=named.name,
        minutes=minutes,
        typed=typed,
        cards=list(cards)[:CARDS_MOST],
        todo=list(todo)[:CARDS_MOST],
        started_at=now,
    )


def ordered(owner_id: UUID, ids: Sequence[UUID], order: Order) -> list[UUID]:
    """Return the cards, given as they were added, in the order in which a cram asks them."""
    if order is Order.RANDOM:
        return random.sample(ids, len(ids))
    if order is Order.HARDEST:
        read = store.columns(owner_id)
        places = read.places(ids)
        # A card never seen is not hard yet.
        difficulty = np.nan_to_num(read.array("difficulty")[places], nan=0.0)
        return read.ids(places[np.argsort(-difficulty, kind="stable")])
    return list(ids)


def open_sessions(*, owner_id: UUID, now: datetime) -> list[ReviewSession]:
    """Return what was begun lately and has cards left, the newest first."""
    rows = ReviewSession.objects.filter(
        owner_id=owner_id, ended_at=None, started_at__gte=now - OPEN_FOR, todo__len__gt=0
    )
    return list(rows[:5])


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
        queue = learner.due_queue(now, limit=CARDS_MOST, only=only)
        cards = [card.id for card in queue.cards]
        if not cards:
            raise NothingToStudy("None of these cards is due now. You can practise them.")
    return begin(
        owner_id=learner.owner_id,
        mode=Mode.DUE,
        named=named,
        cards=cards,
        minutes=minutes,
        typed=typed,
        now=now,
    )
