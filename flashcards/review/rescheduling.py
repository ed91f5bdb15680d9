"""Rescheduling: give reviewed cards the due dates that new settings or parameters lead to.

`adopt_parameters` is what gives a preset, or all cards, other parameters. `cards/folding.py` folds
cards and moves none.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction

from flashcards import scheduling, store, study_settings
from flashcards.cards import adopting, bulk_actions, memories
from flashcards.cards.card_actions import Verb
from flashcards.domain.records import State
from flashcards.domain.study_day import Day, from_micros
from flashcards.models import BulkChange
from flashcards.scheduling.simulation.rescheduling import moved
from flashcards.store import cards
from flashcards.study_settings.settings import EffectiveSettings

# Of cards that are to be folded for a preview, so many are: then its figures are right to 3%.
FOLDED_MOST = 1_000
Numbers = np.ndarray[Any, np.dtype[Any]]
# Time zones and learners' days change on quarters of an hour only.
_QUARTER_MICROS = 900_000_000


@dataclass(frozen=True)
class Effect:
    """What rescheduling cards would change."""

    # The ids of the cards that would move, as text; where it is an estimate, of all that may.
    ids: tuple[str, ...]
    earlier: int
    later: int
    # Cards due today, before and after; the latter is accurate to about a tenth.
    due_now: int
    due_then: int
    # Whether the figures were worked out from a sample of the cards that are to be folded.
    is_estimate: bool = False

    @property
    def count(self) -> int:
        return len(self.ids)

    @property
    def card_ids(self) -> list[UUID]:
        return [UUID(each) for each in self.ids]


def effect_of(*, owner_id: UUID, settings: EffectiveSettings, now: datetime) -> Effect:
    """Return what rescheduling all cards by these settings would move.

    The settings may be others than are saved (`EffectiveSettings.with_parameters`). Cards whose
    memory is of other parameters are folded with these, up to FOLDED_MOST of them, which stand for
    the rest. Reads eight columns of the cards: 0.4 s for 100,000, and half a second for the folds.
    """
    columns = ["id", "last_review", "due", "stability", "difficulty", "suspended", "memory_model"]
    columns += ["deck_ids"] if settings.decks else []
    rows = cards.for_owner(owner_id).filter(state=State.REVIEW).columns(*columns)
    reviewed, due = (day_numbers(rows[name], settings.day) for name in ("last_review", "due"))
    groups = _groups(rows, settings)
    weight = _fold_some(owner_id, rows, groups)
    earlier, later = np.zeros(len(due), dtype=bool), np.zeros(len(due), dtype=bool)
    then = due.copy()
    for own, chosen in groups:
        schedule = own.schedule
        memory = schedule.model.from_summary(rows["stability"][chosen], rows["difficulty"][chosen])
        found = moved(memory, reviewed[chosen], due[chosen], settings=schedule)
        earlier[chosen], later[chosen], then[chosen] = found.earlier, found.later, found.due
    today = settings.day.of(now).toordinal()
    studied = ~rows["suspended"]
    places = np.flatnonzero(earlier | later | (weight == 0))
    return Effect(
        ids=tuple(rows["id"][places].tolist()),
        earlier=round(weight[earlier].sum()),
        later=round(weight[later].sum()),
        due_now=int(np.count_nonzero(studied & (due <= today))),
        due_then=round(weight[studied & (then <= today)].sum()),
        is_estimate=bool(np.any(weight != 1)),
    )


def effect_of_parameters(
    *, owner_id: UUID, preset_id: int | None, parameters: Sequence[float] | None, now: datetime
) -> Effect:
    """Return what `adopt_parameters` would do to due dates. Costs what `effect_of` does."""
    settings = study_settings.settings_for(owner_id=owner_id)
    wanted = settings.with_parameters(preset_id, parameters)
    return effect_of(owner_id=owner_id, settings=wanted, now=now)


def day_numbers(times: Numbers, day: Day) -> Numbers:
    """Return the ordinals of the learner's days in which these times (datetime64, UTC) fall."""
    quarters = times.astype("datetime64[us]").astype(np.int64) // _QUARTER_MICROS
    distinct, places = np.unique(quarters, return_inverse=True)
    ordinals = [
        day.of(from_micros(_QUARTER_MICROS * quarter)).toordinal() for quarter in distinct.tolist()
    ]
    return np.array(ordinals, dtype=np.float64)[places]


def _groups(
    rows: Mapping[str, Numbers], settings: EffectiveSettings
) -> list[tuple[EffectiveSettings, Numbers]]:
    """Return the settings that hold for some cards, each with the places of these cards."""
    if not settings.decks:
        return [(settings, np.arange(len(rows["id"])))]
    known: dict[tuple[str, ...], int] = {}
    found: dict[int, tuple[EffectiveSettings, list[int]]] = {}
    for place, listed in enumerate(rows["deck_ids"]):
        decks = tuple(listed)
        if decks not in known:
            own = settings.of_decks([UUID(each) for each in decks])
            known[decks] = id(own)
            found.setdefault(id(own), (own, []))
        found[known[decks]][1].append(place)
    return [(own, np.array(places, dtype=np.int64)) for own, places in found.values()]


def _fold_some(
    owner_id: UUID,
    rows: dict[str, Numbers],
    groups: Sequence[tuple[EffectiveSettings, Numbers]],
) -> Numbers:
    """Put the memories that a fold would give into `rows`; return how many cards each stands for.

    0 for an outdated card that others stand for.
    """
    weight = np.ones(len(rows["id"]))
    rows |= {name: rows[name].copy() for name in ("stability", "difficulty")}
    total = sum(len(_outdated(rows, own, chosen)) for own, chosen in groups)
    share = min(1.0, FOLDED_MOST / total) if total else 1.0
    # The same cards each time: a page that is opened again says the same.
    chance = np.random.default_rng(0)
    for own, chosen in groups:
        outdated = _outdated(rows, own, chosen)
        number = math.ceil(len(outdated) * share)
        sample = outdated if share == 1 else chance.choice(outdated, number, replace=False)
        weight[outdated] = 0
        weight[sample] = len(outdated) / max(1, number)
        ids = [UUID(each) for each in rows["id"][sample].tolist()]
        known, logs = store.view(owner_id).cards(ids), memories.logs_of(owner_id, ids)
        for place, card_id in zip(sample.tolist(), ids, strict=True):
            if card_id not in known:
                continue
            card = scheduling.fold(known[card_id], logs[card_id], settings=own.schedule)
            rows["stability"][place] = card.stability or rows["stability"][place]
            rows["difficulty"][place] = card.difficulty or rows["difficulty"][place]
    return weight


def _outdated(rows: Mapping[str, Numbers], own: EffectiveSettings, chosen: Numbers) -> Numbers:
    key = own.schedule.model.key
    differs: Numbers = chosen[rows["memory_model"][chosen] != key]
    return differs


def adopt_parameters(
    *, owner_id: UUID, preset_id: int | None, parameters: Sequence[float] | None, now: datetime
) -> BulkChange:
    """Set parameters, and give every card that they govern the memory and due date they lead to.

    Of a preset, or with None of all cards and of the presets that have none of their own; None for
    parameters takes back the preset's own, or leads to the memory model's. They hold at once; a few
    hundred cards follow at once, the background worker does more, and a card that is rated before
    is folded then. `take_back` undoes it, also halfway. Raises ValueError for parameters that are
    not the model's, StudySettings.DoesNotExist.
    """
    with transaction.atomic():
        store.lock_owner(owner_id)
        argument = adopting.adopt(owner_id, preset_id, parameters, now)
        change = bulk_actions.create(
            owner_id=owner_id,
            verb=Verb.REFOLD,
            argument=argument,
            card_ids=memories.outdated(owner_id),
            now=now,
        )
    return bulk_actions.begin(change, lambda: now)


def take_back(*, owner_id: UUID, change_id: UUID, now: datetime) -> BulkChange:
    """Undo `adopt_parameters`: the parameters at once, memories and due dates as they were set.

    A card that was reviewed since keeps its due date. Raises NothingToUndo (`bulk_actions`): it was
    undone already, or is older than a week.
    """
    return bulk_actions.undo(owner_id=owner_id, change_id=change_id, clock=lambda: now)
