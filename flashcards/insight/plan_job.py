"""The simulation of a plan as a job: at once for few cards, else in the worker, kept either way."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from flashcards import store, study_settings
from flashcards.cards import jobs
from flashcards.insight import plan
from flashcards.insight.plan import Choice
from flashcards.models import Deck, PlanSimulation
from flashcards.study_settings.settings import EffectiveSettings

Status = PlanSimulation.Status
# Simulated in the request, where that takes less than a second.
AT_ONCE_CARDS = 600
# A learner's newest so many are kept.
KEPT = 12
# A worker that has reported no progress for so long is dead.
HEARTBEAT = timedelta(seconds=45)
# How often progress is written.
_STEP_PERCENT = 4


class Stopped(Exception):
    """The learner has stopped it, or asked for something else."""


def find(
    *,
    owner_id: UUID,
    choices: Sequence[Choice],
    settings: EffectiveSettings,
    deck: Deck | None,
    now: datetime,
) -> PlanSimulation | None:
    """Return the simulation of just this, if there is one. One SQL query.

    One whose worker died is as if it were not there.
    """
    key = _key(owner_id, choices, settings, deck, now)
    found = PlanSimulation.objects.filter(owner_id=owner_id, key=key).first()
    if found is None or found.status == Status.DONE or _is_alive(found, now):
        return found
    return found if found.status == Status.STOPPED else None


def start(
    *,
    owner_id: UUID,
    choices: Sequence[Choice],
    settings: EffectiveSettings,
    deck: Deck | None,
    now: datetime,
) -> PlanSimulation:
    """Return the simulation of these plans, done for few cards, else begun."""
    key = _key(owner_id, choices, settings, deck, now)
    asked = {
        "plans": [asdict(choice) for choice in choices],
        "deck": str(deck.id) if deck else None,
    }
    few = store.columns(owner_id).total <= AT_ONCE_CARDS
    with transaction.atomic():
        found, created = PlanSimulation.objects.select_for_update().get_or_create(
            owner_id=owner_id,
            key=key,
            defaults={"asked": asked, "started_at": now, "updated_at": now},
        )
        if not created and (found.status == Status.DONE or _is_alive(found, now)):
            return found
        found.status, found.percent = Status.WORKING, 0
        found.started_at = found.updated_at = now
        found.save(update_fields=["status", "percent", "started_at", "updated_at"])
        # Whoever asks for another one waits for that.
        others = PlanSimulation.objects.filter(owner_id=owner_id).exclude(id=found.id)
        others.filter(status=Status.WORKING).update(status=Status.STOPPED)
        if not few:
            jobs.request_simulation(owner_id)
    _forget_old(owner_id)
    if few:
        run(owner_id=owner_id)
        found.refresh_from_db()
    return found


def stop(*, owner_id: UUID, now: datetime) -> None:
    """Stop what is being simulated."""
    PlanSimulation.objects.filter(owner_id=owner_id, status=Status.WORKING).update(
        status=Status.STOPPED, updated_at=now
    )


def run(*, owner_id: UUID, clock: Callable[[], datetime] = timezone.now) -> None:
    """Simulate what a learner waits for, some seconds; it ends when it is stopped."""
    waiting = PlanSimulation.objects.filter(owner_id=owner_id, status=Status.WORKING)
    found = waiting.order_by("-started_at").first()
    if found is None:
        return
    ours = PlanSimulation.objects.filter(
        id=found.id, status=Status.WORKING, started_at=found.started_at
    )
    reported = 0

    def progress(share: float) -> None:
        nonlocal reported
        percent = int(100 * share)
        if percent < reported + _STEP_PERCENT:
            return
        reported = percent
        if not ours.update(percent=percent, updated_at=clock()):
            raise Stopped

    deck_id = found.asked["deck"]
    deck = Deck.objects.filter(owner_id=owner_id, id=deck_id).first() if deck_id else None
    if deck_id and deck is None:
        # It was deleted meanwhile.
        ours.update(status=Status.STOPPED, updated_at=clock())
        return
    try:
        result = plan.simulate(
            owner_id=owner_id,
            choices=[Choice.of(each) for each in found.asked["plans"]],
            settings=study_settings.settings_for(owner_id=owner_id),
            deck=deck,
            now=found.started_at,
            progress=progress,
        )
    except Stopped:
        if waiting.exists():
            jobs.request_simulation(owner_id)
        return
    except Exception:
        # Else a page that waits for it would begin it again, and again.
        ours.update(status=Status.STOPPED, updated_at=clock())
        raise
    ours.update(status=Status.DONE, percent=100, result=result, updated_at=clock())


def _is_alive(found: PlanSimulation, now: datetime) -> bool:
    return found.status == Status.WORKING and found.updated_at > now - HEARTBEAT


def _forget_old(owner_id: UUID) -> None:
    rows = PlanSimulation.objects.filter(owner_id=owner_id)
    kept = rows.order_by("-started_at").values_list("id", flat=True)[:KEPT]
    rows.exclude(id__in=list(kept)).delete()


def _key(
    owner_id: UUID,
    choices: Sequence[Choice],
    settings: EffectiveSettings,
    deck: Deck | None,
    now: datetime,
) -> str:
    cards = store.columns(owner_id).total
    return plan.key_of(choices, settings=settings, deck=deck, cards=cards, now=now)
