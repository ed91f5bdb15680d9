"""Which cards are studied: all, a deck, what a search finds, or what was forgotten today."""

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from flashcards import store
from flashcards.domain.clock import micros
from flashcards.domain.query import syntax
from flashcards.domain.query.parser import QUERY_MAX_CHARACTERS, parse
from flashcards.domain.query.syntax import CardStatus, InDeck, Node
from flashcards.domain.records import Rating, State
from flashcards.domain.validation import CardError
from flashcards.models import Deck
from flashcards.review.ratings import reviewed_since
from flashcards.search.matcher import Matcher
from flashcards.store import Mask
from flashcards.study_settings.settings import EffectiveSettings


class NoSuchScope(CardError):
    """A deck that is not there, or words that name no cards."""


class Kind(enum.StrEnum):
    ALL = "all"
    DECK = "deck"
    SEARCH = "search"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True)
class Scope:
    """Which of a learner's cards; `str()` of it goes into forms and rows, `read` takes it back."""

    kind: Kind = Kind.ALL
    deck_id: UUID | None = None
    search: str = ""

    def __str__(self) -> str:
        if self.kind is Kind.DECK:
            return f"deck:{self.deck_id}"
        return f"search:{self.search}" if self.kind is Kind.SEARCH else self.kind.value


ALL = Scope()
FORGOTTEN = Scope(Kind.FORGOTTEN)


@dataclass(frozen=True)
class Named:
    """A scope whose words are known to make sense: its name, and the search that it is."""

    scope: Scope
    # What it is called in a sentence; empty for all cards.
    name: str = ""
    node: Node | None = None
    # Whether its cards are found by what reviews change, so that they are not found again.
    is_moving: bool = False

    def __bool__(self) -> bool:
        return self.scope.kind is not Kind.ALL


EVERYTHING = Named(ALL)


def of_deck(deck: Deck) -> Named:
    """Return the cards of a deck and of those inside it."""
    scope = Scope(Kind.DECK, deck_id=deck.id)
    return Named(scope, deck.name, InDeck(deck.name), is_moving=deck.is_smart)


def of_search(text: str) -> Named:
    """Return what a search finds. Raises BadQuery, or NoSuchScope for a blank one."""
    text = text.replace("\x00", "").strip()[:QUERY_MAX_CHARACTERS]
    if not text:
        raise NoSuchScope("Write what to search for.")
    scope = Scope(Kind.SEARCH, search=text)
    return Named(scope, f"“{text}”", parse(text), is_moving=True)


def read(owner_id: UUID, text: str) -> Named:
    """Return the scope that a form or a row names. Raises NoSuchScope, or BadQuery."""
    kind, _, rest = text.partition(":")
    if kind == Kind.ALL:
        return EVERYTHING
    if kind == Kind.FORGOTTEN:
        return Named(FORGOTTEN, "what you forgot today", is_moving=True)
    if kind == Kind.SEARCH:
        return of_search(rest)
    if kind == Kind.DECK:
        try:
            deck = Deck.objects.filter(owner_id=owner_id, id=UUID(rest)).first()
        except ValueError:
            deck = None
        if deck is not None:
            return of_deck(deck)
    raise NoSuchScope("This deck is not there any more.")


def cards_of(
    owner_id: UUID, named: Named, now: datetime, settings: EffectiveSettings
) -> frozenset[str] | None:
    """Return the ids of the cards as text; None for all. Raises BadQuery.

    Two SQL queries, and a pass over the owner's columns.
    """
    if not named:
        return None
    return frozenset(_found(owner_id, named, now, settings, studied=False))


def studied_cards(
    owner_id: UUID, named: Named, now: datetime, settings: EffectiveSettings
) -> list[UUID]:
    """Return the ids of the cards that are not suspended, as they were added. Raises BadQuery."""
    return [UUID(text) for text in _found(owner_id, named, now, settings, studied=True)]


def _found(
    owner_id: UUID, named: Named, now: datetime, settings: EffectiveSettings, *, studied: bool
) -> list[str]:
    columns = store.columns(owner_id)
    decks = list(Deck.objects.filter(owner_id=owner_id))
    matcher = Matcher(columns, decks, now, settings.day, settings.schedule)
    if named.scope.kind is Kind.FORGOTTEN:
        mask = columns.marked(_forgotten(owner_id, now, settings))
    else:
        mask = matcher.mask(named.node or syntax.Everything())
    if studied:
        mask = mask & ~matcher.mask(syntax.Is(CardStatus.SUSPENDED))
    places = np.flatnonzero(mask)
    # The journal's newer images stand behind the rest: back to the order in which all were made.
    made = columns.array("created_at")[places]
    return columns.id_texts(places[np.argsort(made, kind="stable")])


def waiting(matcher: Matcher) -> tuple[Mask, Mask, Mask]:
    """Return which cards are new, in learning and due today, as the review counts them."""
    columns = matcher.columns
    awake = ~matcher.mask(syntax.Is(CardStatus.SUSPENDED))
    awake &= ~matcher.mask(syntax.Is(CardStatus.BURIED)) & columns.alive
    states, due = columns.array("state"), columns.array("due")
    learning = (states == State.LEARNING) | (states == State.RELEARNING)
    ends, at = (micros(time) for time in (matcher.day.start(matcher.now, days=1), matcher.now))
    reviews = (states == State.REVIEW) & (due < ends)
    return awake & (states == State.NEW), awake & learning & (due <= at), awake & reviews


def forgotten_today(owner_id: UUID, now: datetime, settings: EffectiveSettings) -> int:
    """Return how many cards were answered Again on the learner's day. One SQL query."""
    return len(_forgotten(owner_id, now, settings))


def _forgotten(owner_id: UUID, now: datetime, settings: EffectiveSettings) -> set[UUID]:
    logs = reviewed_since(owner_id=owner_id, since=settings.day.start(now))
    return {log.flashcard_id for log in logs if log.rating is Rating.AGAIN}
