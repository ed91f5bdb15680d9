"""The backlog after a gap, and the plan that a learner may follow to work it off.

A plan changes the learner's study settings: the limit of reviews, their order and, if wanted, no
new cards. The due queue follows the settings and knows no plan. The plan keeps the previous
settings, which come back when the backlog is gone, except those that the learner has changed
meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction

from flashcards import store, study_settings
from flashcards.domain.records import State
from flashcards.models import BacklogPlan, StudySettings
from flashcards.review.learner import Learner
from flashcards.review.pace import Pace, pace_of
from flashcards.scheduling.simulation import backlog
from flashcards.scheduling.simulation.backlog import Course, Order, Pile
from flashcards.store import cards
from flashcards.study_settings import presets
from flashcards.study_settings.settings import EffectiveSettings

Ended = BacklogPlan.Ended
# A backlog is more than so many overdue cards, and more than a day and a half of usual reviews.
LEAST_OVERDUE = 30
DAYS_WORTH = 1.5
# A new card is answered about three times on its first day.
ANSWERS_A_NEW_CARD = 3
MINUTES = (10, 15, 20, 30, 45, 60, 90, 120)
MINUTES_MOST = 240
# A plan that takes longer is not proposed first.
SOON_DAYS = 45
NO_LIMIT = 1_000_000
RESUME_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class Choice:
    """What a learner chooses for a plan."""

    minutes: int
    order: Order = Order.RETRIEVABILITY
    hold_new: bool = True


@dataclass(frozen=True)
class Backlog:
    """The learner's backlog today; decks with limits of their own are left out."""

    pile: Pile
    pace: Pace
    # Due today, and of these those due on an earlier day.
    due: int
    overdue: int
    # New cards a day, as it is without a plan.
    new_a_day: int

    @property
    def is_backlog(self) -> bool:
        return _is_backlog(self.overdue, self.pace.reviews_a_day)


def count_overdue(*, owner_id: UUID, settings: EffectiveSettings, now: datetime) -> int:
    """Return how many learnt cards were due before today. One SQL query, and one count."""
    cards = _learnt(owner_id).filter(due__lt=settings.day.start(now))
    if not settings.limited:
        return int(cards.count())
    return int(np.count_nonzero(_common(cards.columns("deck_ids")["deck_ids"], settings)))


def has_backlog(*, owner_id: UUID, settings: EffectiveSettings, now: datetime) -> int:
    """Return how many cards are overdue if that is a backlog, else 0. Three SQL queries."""
    found = count_overdue(owner_id=owner_id, settings=settings, now=now)
    if found <= LEAST_OVERDUE:
        return 0
    pace = pace_of(owner_id=owner_id, settings=settings, now=now)
    return found if _is_backlog(found, pace.reviews_a_day) else 0


def read_backlog(
    *, owner_id: UUID, settings: EffectiveSettings, now: datetime, plan: BacklogPlan | None
) -> Backlog:
    """Return the backlog. Reads five columns of the learner's cards: 0.2 s for 100,000."""
    begins = settings.day.start(now)
    horizon = settings.day.start(now, days=backlog.MOST_DAYS)
    columns = ["stability", "difficulty", "due", "last_review"]
    columns += ["deck_ids"] if settings.limited else []
    rows = _learnt(owner_id).filter(due__lt=horizon).columns(*columns)
    due, last = rows["due"], rows["last_review"]
    kept = np.ones(len(due), dtype=bool)
    if settings.limited:
        kept = _common(rows["deck_ids"], settings)
    start = np.datetime64(begins.replace(tzinfo=None))
    day = np.timedelta64(1, "D")
    new = cards.for_owner(owner_id).filter(state=State.NEW, suspended=False).count()
    pile = Pile(
        stability=rows["stability"][kept],
        difficulty=rows["difficulty"][kept],
        due=np.floor((due[kept] - start) / day),
        elapsed=np.maximum(np.floor((start - last[kept]) / day) + 1, 0.0),
        new=new,
    )
    before = (plan.before if plan else {}).get("", {})
    new_a_day = before.get("new_per_day", settings.new_per_day)
    return Backlog(
        pile,
        pace_of(owner_id=owner_id, settings=settings, now=now),
        due=int(np.count_nonzero(pile.due <= 0)),
        overdue=int(np.count_nonzero(pile.due < 0)),
        new_a_day=EffectiveSettings().new_per_day if new_a_day is None else new_a_day,
    )


def reviews_for(found: Backlog, choice: Choice, settings: EffectiveSettings) -> int:
    """Return how many reviews fit into the minutes, at the learner's pace; at least one.

    A card that was forgotten is answered twice, a new one three times.
    """
    answers = choice.minutes * 60 / found.pace.seconds_an_answer
    if not choice.hold_new:
        answers -= ANSWERS_A_NEW_CARD * min(found.new_a_day, found.pile.new)
    return max(1, int(answers / (2 - backlog.chance_now(found.pile, settings.schedule))))


def course_of(found: Backlog, choice: Choice, settings: EffectiveSettings) -> Course:
    """Return the course that a choice leads to, day by day."""
    return backlog.course(
        found.pile,
        settings=settings.schedule,
        reviews_a_day=reviews_for(found, choice, settings),
        order=choice.order,
        new_a_day=0 if choice.hold_new else found.new_a_day,
    )


def propose(found: Backlog, settings: EffectiveSettings) -> Choice:
    """Return the plan to propose: the learner's usual minutes, or more to be done in 45 days."""
    usual = [n for n in MINUTES if n >= found.pace.minutes_a_day] or [MINUTES[-1]]
    for minutes in usual:
        choice = Choice(minutes)
        caught_up = course_of(found, choice, settings).caught_up_in
        if caught_up is not None and caught_up <= SOON_DAYS:
            return choice
    return Choice(usual[-1])


# The active plan


def plan_of(*, owner_id: UUID) -> BacklogPlan | None:
    """Return the learner's active plan, if there is one. One SQL query."""
    return BacklogPlan.objects.filter(owner_id=owner_id, ended_at=None).first()


def accept(*, owner_id: UUID, choice: Choice, now: datetime) -> BacklogPlan:
    """Start a plan; it replaces an active one."""
    settings = study_settings.settings_for(owner_id=owner_id)
    found = read_backlog(
        owner_id=owner_id, settings=settings, now=now, plan=plan_of(owner_id=owner_id)
    )
    plan = BacklogPlan(
        owner_id=owner_id,
        minutes_per_day=choice.minutes,
        reviews_per_day=reviews_for(found, choice, settings),
        order=choice.order.value,
        hold_new=choice.hold_new,
        due_at_start=found.due,
        expected_on=expected_on(course_of(found, choice, settings), settings.day.of(now)),
        started_at=now,
    )
    with transaction.atomic():
        # Two tabs at once: the second takes the place of the first.
        store.lock_owner(owner_id)
        present = _locked(owner_id)
        if present is not None:
            _end(present, Ended.REPLACED, now)
        _begin(plan, now)
        plan.save()
    return plan


def stop(*, owner_id: UUID, now: datetime) -> BacklogPlan | None:
    """End the active plan and restore the previous settings; return the plan, if there was one."""
    with transaction.atomic():
        plan = _locked(owner_id)
        if plan is not None:
            _end(plan, Ended.STOPPED, now)
    return plan


def resume(*, owner_id: UUID, now: datetime) -> BacklogPlan | None:
    """Restart the plan that was stopped within the last day, unless another one is active."""
    with transaction.atomic():
        store.lock_owner(owner_id)
        if _locked(owner_id) is not None:
            return None
        plan = BacklogPlan.objects.filter(
            owner_id=owner_id, ended=Ended.STOPPED, ended_at__gte=now - RESUME_WITHIN
        ).first()
        if plan is not None:
            plan.ended_at, plan.ended = None, ""
            _begin(plan, now)
            plan.save(update_fields=["ended_at", "ended", "before", "given"])
    return plan


def end_if_caught_up(*, owner_id: UUID, now: datetime) -> bool:
    """End a learner's plan if all due cards fit into the day's limit; return whether it ended."""
    if left_over(Learner.read(owner_id), now):
        return False
    with transaction.atomic():
        plan = _locked(owner_id)
        if plan is not None:
            _end(plan, Ended.CAUGHT_UP, now)
    return plan is not None


def end_those_caught_up(now: datetime) -> None:
    """End every plan whose backlog is gone."""
    for owner_id in BacklogPlan.objects.filter(ended_at=None).values_list("owner_id", flat=True):
        end_if_caught_up(owner_id=owner_id, now=now)


def left_over(learner: Learner, now: datetime) -> int:
    """Return how many due cards are beyond today's limit; decks with own limits do not count.

    No SQL query.
    """
    today = learner.due_queue(now, limit=1)
    if not today.due_held:
        return 0
    free = replace(learner, settings=replace(learner.settings, reviews_per_day=NO_LIMIT))
    return free.due_queue(now, limit=1).due - today.due


def expected_on(course: Course, today: date) -> date | None:
    """Return the learner's day on which a course has caught up."""
    return None if course.caught_up_in is None else today + timedelta(days=course.caught_up_in)


# Helpers


def _is_backlog(overdue: int, usual: float) -> bool:
    return overdue > LEAST_OVERDUE and overdue > DAYS_WORTH * usual


def _learnt(owner_id: UUID) -> Any:
    return cards.for_owner(owner_id).filter(state=State.REVIEW, suspended=False)


def _common(
    deck_ids: list[list[str]], settings: EffectiveSettings
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which cards count for the common limits, not for those of a deck."""
    governing = (
        settings.governing_deck(tuple(UUID(each) for each in listed)) for listed in deck_ids
    )
    return np.array([deck_id not in settings.limited for deck_id in governing], dtype=bool)


def _locked(owner_id: UUID) -> BacklogPlan | None:
    return BacklogPlan.objects.select_for_update().filter(owner_id=owner_id, ended_at=None).first()


def _begin(plan: BacklogPlan, now: datetime) -> None:
    """Write the plan's settings, and keep the previous ones on the plan."""
    wanted: dict[str, Any] = {"reviews_per_day": plan.reviews_per_day, "order": plan.order}
    if plan.hold_new:
        wanted["new_per_day"] = 0
    rows = {_key(row): row for row in _rows(plan)}
    plan.before, plan.given = {}, {}
    _keep(plan, "", rows.get(""), wanted)
    study_settings.save(owner_id=plan.owner_id, deck=None, values=wanted, now=now)
    for key, row in rows.items():
        if row.is_preset and plan.hold_new and row.new_per_day:
            _keep(plan, key, row, {"new_per_day": 0})
            _save(row, {"new_per_day": 0}, now)


def _keep(
    plan: BacklogPlan, key: str, row: StudySettings | None, wanted: Mapping[str, Any]
) -> None:
    plan.before[key] = {name: getattr(row, name, None) for name in wanted}
    plan.given[key] = dict(wanted)


def _end(plan: BacklogPlan, why: Ended, now: datetime) -> None:
    """Restore the previous settings, except those that the learner has changed since."""
    rows = {_key(row): row for row in _rows(plan)}
    plain = EffectiveSettings()
    for key, given in plan.given.items():
        row = rows.get(key)
        if row is None:
            continue
        values = {}
        for name, value in given.items():
            present = getattr(row, name)
            if present is None and not row.is_preset:
                # A settings form that is saved leaves out the defaults.
                present = getattr(plain, name)
            if present == value:
                values[name] = plan.before[key][name]
        _save(row, values, now)
    plan.ended_at, plan.ended = now, why
    plan.save(update_fields=["ended_at", "ended"])


def _rows(plan: BacklogPlan) -> list[StudySettings]:
    return list(StudySettings.objects.select_for_update().filter(owner_id=plan.owner_id))


def _key(row: StudySettings) -> str:
    """Return what a plan calls settings: a preset's id, nothing for those for all cards."""
    return str(row.pk) if row.is_preset else ""


def _save(row: StudySettings, values: Mapping[str, Any], now: datetime) -> None:
    if row.is_preset:
        presets.save_preset(owner_id=row.owner_id, preset_id=row.pk, values=values, now=now)
    else:
        study_settings.save(owner_id=row.owner_id, deck=None, values=values, now=now)
