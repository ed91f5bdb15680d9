"""Rescheduling: give reviewed cards the due dates that new settings or parameters lead to.

Also the change of a learner's memory model (`cards/folding.py`), which folds every card and moves
none.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction

from flashcards import scheduling, store, study_settings
from flashcards.cards import folding

# Also here, for whoever changes the model and reschedules.
from flashcards.cards.folding import set_memory_model as set_memory_model
from flashcards.domain.records import Flashcard, ReviewLog, State
from flashcards.domain.study_day import Day, from_micros
from flashcards.scheduling import ScheduleSettings
from flashcards.scheduling.simulation.rescheduling import moved
from flashcards.store import Change, cards
from flashcards.study_settings.settings import EffectiveSettings

Numbers = np.ndarray[Any, np.dtype[Any]]
# Time zones and learners' days change on quarters of an hour only.
_QUARTER_MICROS = 900_000_000


@dataclass(frozen=True)
class Effect:
    """What rescheduling all cards would change."""

    # The ids of the cards that would move, as text.
    ids: tuple[str, ...]
    earlier: int
    later: int
    # Cards due today, before and after; the latter is accurate to about a tenth.
    due_now: int
    due_then: int

    @property
    def count(self) -> int:
        return len(self.ids)

    @property
    def card_ids(self) -> list[UUID]:
        return [UUID(each) for each in self.ids]


def effect_of(*, owner_id: UUID, settings: EffectiveSettings, now: datetime) -> Effect:
    """Return what rescheduling would move. Reads seven columns of the cards: 0.4 s for 100,000."""
    columns = ["id", "last_review", "due", "stability", "difficulty", "suspended"]
    columns += ["deck_ids"] if settings.decks else []
    these = cards.for_owner(owner_id).filter(state=State.REVIEW)
    rows = these.columns(*columns)
    stability, difficulty = rows["stability"], rows["difficulty"]
    reviewed, due = (day_numbers(rows[name], settings.day) for name in ("last_review", "due"))
    earlier, later = np.zeros(len(due), dtype=bool), np.zeros(len(due), dtype=bool)
    then = due.copy()
    governing = _governing(rows["deck_ids"], settings) if settings.decks else []
    for deck_id in {None, *settings.decks}:
        if settings.decks:
            chosen = np.array([each == deck_id for each in governing], dtype=bool)
        else:
            chosen = np.ones(len(due), dtype=bool)
        schedule = (settings if deck_id is None else settings.decks[deck_id]).schedule
        memory = schedule.model.from_summary(stability[chosen], difficulty[chosen])
        found = moved(memory, reviewed[chosen], due[chosen], settings=schedule)
        earlier[chosen], later[chosen], then[chosen] = found.earlier, found.later, found.due
    today = settings.day.of(now).toordinal()
    studied = ~rows["suspended"]
    places = np.flatnonzero(earlier | later)
    return Effect(
        ids=tuple(rows["id"][places].tolist()),
        earlier=int(earlier.sum()),
        later=int(later.sum()),
        due_now=int(np.count_nonzero(studied & (due <= today))),
        due_then=int(np.count_nonzero(studied & (then <= today))),
    )


def day_numbers(times: Numbers, day: Day) -> Numbers:
    """Return the ordinals of the learner's days in which these times (datetime64, UTC) fall."""
    quarters = times.astype("datetime64[us]").astype(np.int64) // _QUARTER_MICROS
    distinct, places = np.unique(quarters, return_inverse=True)
    ordinals = [
        day.of(from_micros(_QUARTER_MICROS * quarter)).toordinal() for quarter in distinct.tolist()
    ]
    return np.array(ordinals, dtype=np.float64)[places]


def _governing(deck_ids: Numbers, settings: EffectiveSettings) -> list[UUID | None]:
    return [settings.governing_deck(tuple(UUID(each) for each in listed)) for listed in deck_ids]


def set_parameters(*, owner_id: UUID, parameters: Sequence[float] | None, now: datetime) -> int:
    """Set the memory model's parameters, or its defaults with None; return how many cards moved.

    Every reviewed card is folded from its log with them and gets a new due date, all in one
    transaction: state = fold(log) holds for the old parameters before it and for the new after.
    Raises ValueError for parameters that are not the model's.
    """
    with transaction.atomic():
        store.lock_owner(owner_id)
        model = study_settings.settings_for(owner_id=owner_id).memory_model
        folding.save_model(owner_id, model, parameters, now)
        return reschedule_all(owner_id=owner_id, now=now)


def reschedule_all(*, owner_id: UUID, now: datetime) -> int:
    """Give every reviewed card the due date that the settings lead to; return how many moved.

    Each card that moves gets a row in its log. Reads the learner's whole log: for a worker or a
    command.
    """

    def rescheduled(
        card: Flashcard, logs: list[ReviewLog], settings: ScheduleSettings
    ) -> Change | None:
        after, row = scheduling.reschedule(card, logs, now, row_id=uuid.uuid4(), settings=settings)
        return Change(after, row) if after != card else None

    with transaction.atomic():
        store.lock_owner(owner_id)
        return folding.fold_all(owner_id, rescheduled)
