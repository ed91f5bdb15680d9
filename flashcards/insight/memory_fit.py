"""The fit of a learner's parameters as a background job: started, watched, adopted, taken back."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from flashcards import study_settings
from flashcards.cards import bulk_actions, jobs
from flashcards.insight import fit_groups, fit_reading, fit_result
from flashcards.insight.fit_groups import Group
from flashcards.models import AutomaticFit, BulkChange, ParameterFit
from flashcards.review import rescheduling
from flashcards.scheduling import DEFAULT_MODEL, DEFAULT_PARAMETERS
from flashcards.scheduling.fitting import forecast, guard
from memoryloop.errors import sentence_of

Status = ParameterFit.Status
# A worker that has reported nothing for so long is dead.
HEARTBEAT = timedelta(minutes=5)
# Progress is written so often at most.
NEWS_SECONDS = 0.5
# After so long new reviews are worth another fit.
MONTH = timedelta(days=30)
# Of a learner so many fits are kept.
KEPT = 50
INTERRUPTED = "The fit was interrupted, and nothing was changed. Start it again."
CHANGED_SINCE = "The parameters were changed since this fit, so they were left alone."
OTHER_MODEL = "Your cards follow another memory model than FSRS-6, so nothing was fitted."
NO_PRESET = "No deck uses this preset any more, so nothing was fitted."
BROKEN = "The fit failed, and nothing was changed. The administrator finds the reason in the log."


class CannotFit(Exception):
    """A sentence for the learner: why nothing is fitted, adopted or taken back."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class _Stopped(Exception):
    """The learner stopped the fit."""


def start(
    *,
    owner_id: UUID,
    now: datetime,
    preset_id: int | None = None,
    hard_as_again: bool = False,
    automatic: bool = False,
) -> ParameterFit:
    """Start a fit, or return the one that is under way. Raises CannotFit."""
    group = _group(owner_id, preset_id)
    # One whose worker died makes way.
    _end_dead(owner_id, now)
    try:
        with transaction.atomic():
            fit = ParameterFit.objects.create(
                owner_id=owner_id,
                preset_id=preset_id,
                hard_as_again=hard_as_again,
                automatic=automatic,
                in_use=list(group.settings.parameters),
                own_before=group.own,
                started_at=now,
                updated_at=now,
            )
            kept = ParameterFit.objects.filter(owner_id=owner_id).values_list("id", flat=True)
            ParameterFit.objects.filter(id__in=list(kept[KEPT:])).delete()
            jobs.request_fit(owner_id)
    except IntegrityError:
        # The database lets a learner have one under way.
        return ParameterFit.objects.get(owner_id=owner_id, status=Status.WORKING)
    return fit


def stop(*, owner_id: UUID, now: datetime) -> None:
    """End the fit that is being worked out."""
    ParameterFit.objects.filter(owner_id=owner_id, status=Status.WORKING).update(
        status=Status.STOPPED, updated_at=now
    )


def adopt(*, owner_id: UUID, fit_id: UUID, now: datetime) -> BulkChange | None:
    """Set the parameters of a fit and have all cards follow them; return what moves the cards.

    None for a fit that is adopted already. Raises CannotFit, ParameterFit.DoesNotExist.
    """
    with transaction.atomic():
        fit = _locked(owner_id, fit_id)
        if fit.status not in {Status.DONE, Status.RESTORED} or not fit.parameters:
            return None
        if _group(owner_id, fit.preset_id).settings.parameters != tuple(fit.in_use):
            raise CannotFit(CHANGED_SINCE)
        change = rescheduling.adopt_parameters(
            owner_id=owner_id, preset_id=fit.preset_id, parameters=fit.parameters, now=now
        )
        _mark(fit, Status.ADOPTED, now, change=change)
    return change


def take_back(*, owner_id: UUID, fit_id: UUID, now: datetime) -> BulkChange | None:
    """Set the parameters from before a fit again; return what moves the cards.

    Within a week all due dates come back as they were; later, the cards get those that the earlier
    parameters lead to. Raises CannotFit, ParameterFit.DoesNotExist.
    """
    with transaction.atomic():
        fit = _locked(owner_id, fit_id)
        if fit.status != Status.ADOPTED:
            return None
        if _group(owner_id, fit.preset_id).settings.parameters != tuple(fit.parameters):
            raise CannotFit(CHANGED_SINCE)
        change = _undone(fit, now)
        if change is None:
            change = rescheduling.adopt_parameters(
                owner_id=owner_id, preset_id=fit.preset_id, parameters=fit.own_before, now=now
            )
        _mark(fit, Status.RESTORED, now, change=change)
    return change


def latest(*, owner_id: UUID, preset_id: int | None, now: datetime) -> ParameterFit | None:
    """Return a group's newest fit; one whose worker died becomes failed."""
    _end_dead(owner_id, now)
    return ParameterFit.objects.filter(owner_id=owner_id, preset_id=preset_id).first()


def under_way(*, owner_id: UUID) -> ParameterFit | None:
    """Return the owner's fit that is being worked out, of whichever cards."""
    return ParameterFit.objects.filter(owner_id=owner_id, status=Status.WORKING).first()


def adopted(*, owner_id: UUID, group: Group) -> ParameterFit | None:
    """Return the fit that a group's parameters come from, if they come from one."""
    fits = ParameterFit.objects.filter(
        owner_id=owner_id, preset_id=group.preset_id, status=Status.ADOPTED
    )
    return next((fit for fit in fits if fit.parameters == (group.own or [])), None)


def is_misled(fit: ParameterFit) -> bool:
    """Tell whether a fit believes that cards were recalled for which Hard was pressed, and not so.

    Adopted, it would make intervals too long.
    """
    concerns = {each["concern"] for each in fit.result.get("findings", ())}
    return forecast.Concern.HARD_FOR_FORGOTTEN in concerns and not fit.hard_as_again


def is_month_old(fit: ParameterFit | None, now: datetime) -> bool:
    return fit is not None and not fit.is_under_way and fit.started_at <= now - MONTH


def is_automatic(*, owner_id: UUID) -> bool:
    return AutomaticFit.objects.filter(owner_id=owner_id).exists()


def set_automatic(*, owner_id: UUID, wished: bool, now: datetime) -> None:
    """Set whether the parameters are fitted and adopted once a month without being asked."""
    if wished:
        AutomaticFit.objects.get_or_create(owner_id=owner_id, defaults={"since": now})
    else:
        AutomaticFit.objects.filter(owner_id=owner_id).delete()


def start_monthly(now: datetime) -> int:
    """Start the fits that are due of those who wish one a month; return how many.

    Of a learner one at a time: the next comes with the next call. A preset is fitted by itself
    where it has parameters of its own; the others follow those for all cards.
    """
    started = 0
    for wish in AutomaticFit.objects.filter(owner__is_active=True):
        settings = study_settings.settings_for(owner_id=wish.owner_id)
        if settings.memory_model != DEFAULT_MODEL or under_way(owner_id=wish.owner_id):
            continue
        recent = set(
            ParameterFit.objects.filter(
                owner_id=wish.owner_id, started_at__gt=now - MONTH
            ).values_list("preset_id", flat=True)
        )
        for group in fit_groups.groups(settings):
            fits_by_itself = group.preset_id is None or group.settings.has_own_parameters
            if fits_by_itself and group.preset_id not in recent:
                start(owner_id=wish.owner_id, now=now, preset_id=group.preset_id, automatic=True)
                started += 1
                break
    return started


def run(*, owner_id: UUID, clock: Callable[[], datetime] = timezone.now) -> None:
    """Work the owner's fit out. Nothing is changed by it, unless it is automatic and better."""
    fit = ParameterFit.objects.filter(owner_id=owner_id, status=Status.WORKING).first()
    if fit is None:
        return
    try:
        _work_out(fit, clock)
        if fit.automatic and fit.parameters and not is_misled(fit):
            adopt(owner_id=owner_id, fit_id=fit.pk, now=clock())
    except _Stopped:
        return
    except CannotFit as error:
        _working(fit).update(status=Status.FAILED, error=error.sentence, updated_at=clock())
    except Exception as error:
        told = sentence_of(error, BROKEN)
        _working(fit).update(status=Status.FAILED, error=told, updated_at=clock())
        raise


def _group(owner_id: UUID, preset_id: int | None) -> Group:
    settings = study_settings.settings_for(owner_id=owner_id)
    if settings.memory_model != DEFAULT_MODEL:
        raise CannotFit(OTHER_MODEL)
    group = fit_groups.group_of(settings, preset_id)
    if group is None:
        raise CannotFit(NO_PRESET)
    return group


def _end_dead(owner_id: UUID, now: datetime) -> None:
    ParameterFit.objects.filter(
        owner_id=owner_id, status=Status.WORKING, updated_at__lte=now - HEARTBEAT
    ).update(status=Status.FAILED, error=INTERRUPTED)


def _locked(owner_id: UUID, fit_id: UUID) -> ParameterFit:
    return ParameterFit.objects.select_for_update().get(owner_id=owner_id, id=fit_id)


def _mark(fit: ParameterFit, status: str, now: datetime, *, change: BulkChange) -> None:
    fit.status, fit.change, fit.updated_at = status, change, now
    fit.save(update_fields=["status", "change", "updated_at"])


def _undone(fit: ParameterFit, now: datetime) -> BulkChange | None:
    """Undo what brought the cards to a fit; None if that is too long ago."""
    if fit.change_id is None:
        return None
    try:
        return rescheduling.take_back(owner_id=fit.owner_id, change_id=fit.change_id, now=now)
    except bulk_actions.NothingToUndo:
        return None


def _work_out(fit: ParameterFit, clock: Callable[[], datetime]) -> None:
    tell = _News(fit, clock)
    group = _group(fit.owner_id, fit.preset_id)
    settings = study_settings.settings_for(owner_id=fit.owner_id)
    log = fit_reading.read(fit.owner_id, fit_groups.card_ids(fit.owner_id, settings, group))
    tell(0.1)
    histories = log.answered
    if fit.hard_as_again:
        histories = forecast.with_hard_as_again(histories)
    in_use = np.array(fit.in_use or DEFAULT_PARAMETERS)
    fitted = guard.fit(histories, in_use, go_on=lambda share: tell(0.1 + 0.7 * share))
    judged = np.array(fitted.trial) if fitted.parameters else in_use
    findings = forecast.findings(histories, judged)
    tell(0.9)
    figures: dict[str, Any] = {}
    if fitted.parameters:
        found = np.array(fitted.parameters)
        schedule = group.settings.schedule
        figures["comparison"] = fit_result.compare(
            fit.owner_id, log, in_use=in_use, found=found, settings=schedule
        )
        figures["effect"] = rescheduling.effect_of_parameters(
            owner_id=fit.owner_id,
            preset_id=fit.preset_id,
            parameters=fitted.parameters,
            now=clock(),
        )
    fit.status, fit.progress, fit.updated_at = Status.DONE, 1.0, clock()
    fit.parameters = list(fitted.parameters)
    fit.result = fit_result.as_json(fitted, findings, **figures)
    names = ("status", "progress", "parameters", "result", "updated_at")
    if not _working(fit).update(**{name: getattr(fit, name) for name in names}):
        raise _Stopped


class _News:
    """Tells the learner how far the fit is, and ends it when they stopped it."""

    def __init__(self, fit: ParameterFit, clock: Callable[[], datetime]) -> None:
        self._fit, self._clock = fit, clock
        self._told = 0.0

    def __call__(self, share: float) -> None:
        if time.monotonic() < self._told + NEWS_SECONDS:
            return
        self._told = time.monotonic()
        if not _working(self._fit).update(progress=share, updated_at=self._clock()):
            raise _Stopped


def _working(fit: ParameterFit) -> QuerySet[ParameterFit]:
    return ParameterFit.objects.filter(pk=fit.pk, status=Status.WORKING)
