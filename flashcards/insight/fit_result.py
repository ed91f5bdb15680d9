"""What a fit came to, as figures that are stored with it and told on the page."""

import dataclasses
from typing import Any
from uuid import UUID

import numpy as np

from flashcards.domain.records import State
from flashcards.insight.fit_reading import Log
from flashcards.review.rescheduling import Effect
from flashcards.scheduling import ScheduleSettings
from flashcards.scheduling.fitting.bounds import DEFAULTS
from flashcards.scheduling.fitting.forecast import Finding
from flashcards.scheduling.fitting.guard import Fitted
from flashcards.scheduling.fitting.loss import memories
from flashcards.scheduling.memory_model import Memory, Numbers
from flashcards.scheduling.simulation.workload import intervals
from flashcards.store import cards


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What parameters say of a learner's cards."""

    # How long the memories hold, in intervals, as a multiple of what FSRS's averages say.
    lasting: float
    # Reviews a day of the cards as they are, as a multiple of those with the parameters in use.
    reviews: float


def compare(
    owner_id: UUID, log: Log, *, in_use: Numbers, found: Numbers, settings: ScheduleSettings
) -> Comparison | None:
    """Return what new parameters say of the cards in review; None if there are none.

    Reads one column of the cards in review.
    """
    ids = cards.for_owner(owner_id).filter(state=State.REVIEW).columns("id")["id"]
    place_of = {card_id: place for place, card_id in enumerate(log.folded_ids)}
    known = [place_of[each] for each in ids.tolist() if each in place_of]
    if not known:
        return None
    places = np.array(known)
    average, old, new = (_intervals(log, places, w, settings) for w in (DEFAULTS, in_use, found))
    return Comparison(
        lasting=float(np.exp(np.mean(np.log(new / average)))),
        reviews=float((1 / new).sum() / (1 / old).sum()),
    )


def _intervals(log: Log, places: Numbers, w: Numbers, settings: ScheduleSettings) -> Numbers:
    stability, difficulty = memories(log.folded, w)
    schedule = dataclasses.replace(settings, parameters=tuple(map(float, w)))
    return intervals(Memory(stability[places], difficulty[places]), schedule)


def as_json(
    fitted: Fitted,
    findings: list[Finding],
    comparison: Comparison | None = None,
    effect: Effect | None = None,
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
        # Cards that would come earlier or later, and those due today before and after.
        "effect": {
            name: getattr(effect, name) for name in ("earlier", "later", "due_now", "due_then")
        }
        if effect
        else None,
    }
