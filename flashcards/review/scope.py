"""The scope: which cards are studied, as all, a deck, a search, or those forgotten today."""

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from flashcards import store
from flashcards.domain.query import syntax
from flashcards.domain.query.parser import QUERY_MAX_CHARACTERS, parse
from flashcards.domain.query.syntax import CardStatus, InDeck, Node
from flashcards.domain.records import Rating, State
from flashcards.domain.study_day import micros
from flashcards.domain.validation import CardError
from flashcards.models import Deck
from flashcards.review.learner import Learner
from flashcards.search.matcher import Matcher
from flashcards.store import Mask


class NoSuchScope(CardError):
    """A deck that is not there, or words that name no cards."""


class Kind(enum.StrEnum):
    ALL = "all"
    DECK = "deck"
    SEARCH = "search"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True)
class Scope:
    """Which of a learner's cards, in words that are known to make sense."""

    # What goes into forms and rows; `read` takes it back.
    key: str = Kind.ALL.value
    # What it is called in a sentence; empty for all cards.
    name: str = ""
    # The search that it is, if it is one.
    node: Node | None = None
    # Whether its cards are found by what reviews change, so that they are not found again.
    is_moving: bool = False
    deck_id: UUID | None = None


EVERYTHING = Scope()
FORGOTTEN = Scope(Kind.FORGOTTEN.value, "what you forgot today", is_moving=True)


def of_deck(deck: Deck) -> Scope:
    """Return the cards of a deck and of those inside it."""
    node = InDeck(deck.name)
    return Scope(deck_key(deck.id), deck.name, node, is_moving=deck.is_smart, deck_id=deck.id)


def deck_key(deck_id: UUID) -> str:
    return f"{Kind.DECK}:{deck_id}"


def of_search(text: str) -> Scope:
    """Return what a search finds. Raises BadQuery, or NoSuchScope for a blank one."""
    text = text.replace("\x00", "").strip()[:QUERY_MAX_CHARACTERS]
    if not text:
        raise NoSuchScope("Write what to search for.")
    return Scope(f"{Kind.SEARCH}:{text}", f"“{text}”", parse(text), is_moving=True)


def read(owner_id: UUID, text: str) -> Scope:
    """Return the scope that a form or a row names. Raises NoSuchScope, or BadQuery."""
    kind, _, rest = text.partition(":")
    if kind == Kind.ALL:
        return EVERYTHING
    if kind == Kind.FORGOTTEN:
        return FORGOTTEN
    if kind == Kind.SEARCH:
        return of_search(rest)
    if kind == Kind.DECK:
        try:
            deck = Deck.objects.filter(owner_id=owner_id, id=UUID(rest)).first()
        except ValueError:
            deck = None
        if deck is not None:
            return of_deck(deck)
    raise NoSuchScope("This deck no longer exists.")


def cards_of(learner: Learner, named: Scope, now: datetime) -> frozenset[str] | None:
    """Return the ids of the cards as text; None for all. Raises BadQuery.

    Two SQL queries, and a pass over the owner's columns.
    """
    if named == EVERYTHING:
        return None
    return frozenset(_found(learner, named, now, studied=False))


def studied_cards(learner: Learner, named: Scope, now: datetime) -> list[UUID]:
    """Return the ids of the cards that are not suspended, as they were added. Raises BadQuery."""
    return [UUID(text) for text in _found(learner, named, now, studied=True)]


def _found(learner: Learner, named: Scope, now: datetime, *, studied: bool) -> list[str]:
    matcher = matcher_of(learner, now)
    columns, mask = matcher.columns, mask_of(learner, named, matcher)
    if studied:
        mask = mask & ~matcher.mask(syntax.Is(CardStatus.SUSPENDED))
    places = np.flatnonzero(mask)
    # The journal's newer images stand behind the rest: back to the order in which all were made.
    made = columns.array("created_at")[places]
    return columns.id_texts(places[np.argsort(made, kind="stable")])


def matcher_of(learner: Learner, now: datetime) -> Matcher:
    """Return a matcher of the learner's cards. Two SQL queries."""
    columns = store.columns(learner.owner_id)
    decks = list(Deck.objects.filter(owner_id=learner.owner_id))
    return Matcher(columns, decks, now, learner.settings.day, learner.settings)


def mask_of(learner: Learner, named: Scope, matcher: Matcher) -> Mask:
    """Return which of the matcher's cards a scope has. Raises BadQuery."""
    if named == FORGOTTEN:
        columns = matcher.columns
        return columns.marked(forgotten_today(learner, matcher.now)) & columns.alive
    return matcher.mask(named.node or syntax.Everything())


def waiting(matcher: Matcher) -> tuple[Mask, Mask, Mask]:
    """Return which cards are new, in their steps and due today, as the review counts them."""
    columns = matcher.columns
    awake = ~matcher.mask(syntax.Is(CardStatus.SUSPENDED))
    awake &= ~matcher.mask(syntax.Is(CardStatus.BURIED)) & columns.alive
    states, due = columns.array("state"), columns.array("due")
    learning = (states == State.LEARNING) | (states == State.RELEARNING)
    today = awake & (due < micros(matcher.day.start(matcher.now, days=1)))
    return awake & (states == State.NEW), today & learning, today & (states == State.REVIEW)


def forgotten_today(learner: Learner, now: datetime) -> set[UUID]:
    """Return the ids of the cards that were answered Again on the learner's day."""
    logs = learner.reviews_today(now)
    return {log.flashcard_id for log in logs if log.rating is Rating.AGAIN}
