"""A card's page: both sides, its memory in words and as a curve, its history and its edits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator

from accounts.models import User
from flashcards import scheduling, study_settings
from flashcards.cards import history, labels, memories, notes
from flashcards.cards.sources import source_of
from flashcards.charts.forgetting_curve import curve_of
from flashcards.domain import card_sides, durations
from flashcards.domain.records import Flashcard, ReviewLog, State
from flashcards.domain.study_day import zone_of
from flashcards.models import Deck
from flashcards.review import button_effects, card_memory
from flashcards.review.card_memory import CardMemory, PastReview
from flashcards.review.learner import Learner
from flashcards.web.pages import card_buttons

REVIEWS_PER_PAGE = 25
_STATES = {
    State.LEARNING: "learning",
    State.REVIEW: "learnt",
    State.RELEARNING: "relearning",
}


@dataclass(frozen=True)
class Fact:
    """One property: its name, what it says in words, and the exact value for a hover."""

    name: str
    words: str
    exact: str


@dataclass(frozen=True)
class Schedule:
    """A card's state and when it is due, in words."""

    state: str
    due: str


@dataclass(frozen=True)
class HistoryRow:
    """One row of a card's history in words."""

    log: ReviewLog
    rating: str
    when: str
    interval: str
    time: str
    is_undone: bool
    # How likely the recall was just before it, in words; blank where nobody can say.
    chance: str = ""


def context(user: User, card: Flashcard, *, now: datetime, reviews_page: str) -> dict[str, Any]:
    """Return what the template of a card's page takes."""
    zone = zone_of(user)
    logs = card_memory.logs_of(owner_id=user.id, card_id=card.id)
    learner = Learner.read(user.id)
    settings = learner.settings
    card = memories.up_to_date(card, logs, settings)
    own = study_settings.for_card(settings, card)
    schedule = own.schedule
    siblings = notes.siblings(owner_id=user.id, note_id=card.note_id)
    chances = card_memory.chances(card, logs, settings=schedule)
    past = history_rows(card_memory.history_of(logs), now=now, zone=zone, chances=chances)
    # The deck whose settings hold may be one that the card's own is inside of.
    governing = settings.governing_deck(card.deck_ids) if settings.decks else None
    wanted = [*card.deck_ids, governing] if governing else card.deck_ids
    decks = list(Deck.objects.filter(owner=user, id__in=wanted))
    return {
        "card": card,
        "title": card_sides.summary(card),
        "schedule": schedule_of(card, now, zone),
        "facts": facts(card_memory.memory_of(card, now, settings=schedule)),
        "curve": curve_of(card, logs, now=now, zone=zone, settings=schedule),
        "history": Paginator(past, REVIEWS_PER_PAGE).get_page(reviews_page),
        "edits": history.edits_of(owner_id=user.id, card_id=card.id),
        "siblings": [sibling for sibling in siblings if sibling.id != card.id],
        "decks": [deck for deck in decks if deck.id in card.deck_ids],
        "buttons": card_buttons.buttons(button_effects.effects_of(learner, card, now)),
        "scheduled_by": card_buttons.scheduled_by(settings, card, decks, own),
        "flags": list(enumerate(labels.FLAGS)),
        "flag_name": labels.FLAGS[card.flag] if card.flag < len(labels.FLAGS) else "",
        "typed_tags": ", ".join(card.tags),
        "source": source_of(user, card),
        "is_buried": card.buried_until is not None and card.buried_until > now,
    }


def facts(memory: CardMemory | None) -> list[Fact]:
    """Return retrievability, stability and difficulty; none for a card that was never reviewed."""
    if memory is None:
        return []
    return [
        Fact(
            "Recall now",
            f"{memory.retrievability:.0%} likely",
            f"Retrievability {memory.retrievability:.4f}: the chance that you would recall it now",
        ),
        Fact(
            "Stability",
            f"about {durations.interval(timedelta(days=memory.stability))}",
            f"Stability {memory.stability:.2f} days: until the chance falls to 90%",
        ),
        Fact(
            "Difficulty",
            difficulty_name(memory.difficulty),
            f"Difficulty {memory.difficulty:.2f} on a scale from 1 (easy) to 10 (hard)",
        ),
    ]


def difficulty_name(value: float) -> str:
    """Return FSRS's difficulty, 1 to 10, as a word."""
    for limit, name in ((3.0, "easy"), (5.5, "medium"), (8.0, "hard")):
        if value < limit:
            return name
    return "very hard"


def schedule_of(card: Flashcard, now: datetime, zone: tzinfo) -> Schedule:
    """Return a card's state and when it is due."""
    if card.suspended:
        return Schedule("suspended", "—")
    if card.state is State.NEW:
        return Schedule("new", "not scheduled yet")
    ready = max(card.due, card.buried_until) if card.buried_until else card.due
    return Schedule(_STATES[card.state], durations.due(ready, now=now, zone=zone))


def history_rows(
    past: Sequence[PastReview],
    *,
    now: datetime,
    zone: tzinfo,
    chances: Mapping[UUID, float] | None = None,
) -> list[HistoryRow]:
    """Return the rows of a card's history in words; `chances` by the review's id."""
    known = chances or {}
    return [
        HistoryRow(
            log=each.log,
            rating=each.log.rating.name.capitalize() if each.log.rating else "",
            when=durations.ago(each.log.reviewed_at, now=now, zone=zone),
            interval=_interval(each.log),
            time=_time(each.log),
            is_undone=each.is_undone,
            chance=f"{known[each.log.id]:.0%}" if each.log.id in known else "",
        )
        for each in past
    ]


def _interval(log: ReviewLog) -> str:
    if scheduling.is_reset(log):
        return "reset"
    span = durations.interval(timedelta(days=max(0.0, log.scheduled_days)))
    if scheduling.is_given(log):
        return f"imported, due in {span}"
    return span if log.rating is not None else f"due in {span}"


def _time(log: ReviewLog) -> str:
    return durations.clock(timedelta(milliseconds=log.duration_ms)) if log.duration_ms else ""
