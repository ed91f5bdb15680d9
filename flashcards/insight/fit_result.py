"""What a fit came to, as figures that are stored with it and told on the page."""

import dataclasses
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np

from flashcards.domain.records import State
from flashcards.insight.fit_reading import Log
from flashcards.review.rescheduling import day_numbers
from flashcards.scheduling import ScheduleSettings
from flashcards.scheduling.fitting.bounds import DEFAULTS
from flashcards.scheduling.fitting.forecast import Finding
from flashcards.scheduling.fitting.guard import Fitted
from flashcards.scheduling.fitting.loss import memories
from flashcards.scheduling.memory_model import Memory, Numbers
from flashcards.scheduling.simulation.rescheduling import moved
from flashcards.scheduling.simulation.workload import intervals
from flashcards.store import cards

_COLUMNS = ("id", "last_review", "due", "suspended")


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What parameters say of a learner's cards, and what they would do to the due dates."""

    # How long the memories hold, in intervals, as a multiple of what FSRS's averages say.
    lasting: float
    # Reviews a day of the cards as they are, as a multiple of those with the parameters in use.
    reviews: float
    # Cards that would come earlier and later, and those due today before and after.
    earlier: int
    later: int
    due_now: int
    due_then: int


def compare(
    owner_id: UUID,
    log: Log,
    *,
    in_use: Numbers,
    found: Numbers,
    settings: ScheduleSettings,
    now: datetime,
) -> Comparison | None:
    """Return what new parameters would change; None if no card is in review.

    Reads four columns of the cards in review.
    """
    rows = cards.for_owner(owner_id).filter(state=State.REVIEW).columns(*_COLUMNS)
    place_of = {card_id: place for place, card_id in enumerate(log.folded_ids)}
    places = np.array([place_of.get(each, -1) for each in rows["id"].tolist()], dtype=np.int64)
    known = places >= 0
    if not known.any():
        return None
    places = places[known]
    columns = {name: rows[name][known] for name in _COLUMNS}
    reviewed, due = (day_numbers(columns[name], settings.day) for name in ("last_review", "due"))
    average, old, new = (_intervals(log, places, w, settings) for w in (DEFAULTS, in_use, found))
    changed = _with(settings, found)
    moves = moved(_memory(log, places, found), reviewed, due, settings=changed)
    today, studied = settings.day.of(now).toordinal(), ~columns["suspended"]
    return Comparison(
        lasting=float(np.exp(np.mean(np.log(new / average)))),
        reviews=float((1 / new).sum() / (1 / old).sum()),
        earlier=int(moves.earlier.sum()),
        later=int(moves.later.sum()),
        due_now=int(np.count_nonzero(studied & (due <= today))),
        due_then=int(np.count_nonzero(studied & (moves.due <= today))),
    )


def _with(settings: ScheduleSettings, w: Numbers) -> ScheduleSettings:
    return dataclasses.replace(settings, parameters=tuple(map(float, w)))


def _memory(log: Log, places: Numbers, w: Numbers) -> Memory[Numbers]:
    stability, difficulty = memories(log.folded, w)
    return Memory(stability[places], difficulty[places])


def _intervals(log: Log, places: Numbers, w: Numbers, settings: ScheduleSettings) -> Numbers:
    return intervals(_memory(log, places, w), _with(settings, w))


def as_json(
    fitted: Fitted, findings: list[Finding], comparison: Comparison | None
) -> dict[str, Any]:
    """Return the figures as JSON values."""
    return {
        "verdict": str(fitted.verdict),
        "items": fitted.items,
        "only_initial": fitted.only_initial,
        "before": dataclasses.asdict(fitted.before),
        "after": dataclasses.asdict(fitted.after),
        "calibration_before": [dataclasses.asdict(each) for each in fitted.calibration_before],
        "calibration_after": [dataclasses.asdict(each) for each in fitted.calibration_after],
        "findings": [dataclasses.asdict(each) for each in findings],
        "comparison": dataclasses.asdict(comparison) if comparison else None,
    }
