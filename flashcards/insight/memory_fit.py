"""The fit of a learner's parameters as a background job: started, watched, adopted, taken back."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from flashcards import study_settings
from flashcards.cards import jobs
from flashcards.insight import fit_reading, fit_result
from flashcards.models import AutomaticFit, ParameterFit
from flashcards.review import rescheduling
from flashcards.scheduling import DEFAULT_MODEL, DEFAULT_PARAMETERS
from flashcards.scheduling.fitting import forecast, guard
from flashcards.study_settings.settings import EffectiveSettings

logger = logging.getLogger(__name__)

Status = ParameterFit.Status
# A worker that has reported nothing for so long is dead. Adopting is one transaction without news.
HEARTBEAT = timedelta(minutes=5)
ADOPTING_MOST = timedelta(minutes=30)
# Progress is written so often at most.
NEWS_SECONDS = 0.5
# After so long new reviews are worth another fit.
MONTH = timedelta(days=30)
# Of a learner so many fits are kept.
KEPT = 24
INTERRUPTED = "The fit was interrupted, and nothing was changed. Start it again."
CHANGED_SINCE = "Your parameters were changed since this fit, so it was left alone. Fit them again."
OTHER_MODEL = "Your cards follow another memory model than FSRS-6, so nothing was fitted."
BROKEN = "The fit failed, and nothing was changed. The administrator finds the reason in the log."


WAIT = "Wait until the fit that is under way has ended."
_UNDER_WAY = (Status.WORKING, Status.ADOPTING, Status.RESTORING)


class CannotFit(Exception):
    """A sentence for the learner: why nothing is fitted, adopted or taken back."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class _Stopped(Exception):
    """The learner stopped the fit."""


def start(
    *, owner_id: UUID, now: datetime, hard_as_again: bool = False, automatic: bool = False
) -> ParameterFit:
    """Start a fit, or return what is under way. Raises CannotFit for another memory model."""
    settings = study_settings.settings_for(owner_id=owner_id)
    if settings.memory_model != DEFAULT_MODEL:
        raise CannotFit(OTHER_MODEL)
    # One whose worker died makes way.
    _end_dead(owner_id, now)
    try:
        with transaction.atomic():
            fit = ParameterFit.objects.create(
                owner_id=owner_id,
                hard_as_again=hard_as_again,
                automatic=automatic,
                before=list(settings.parameters),
                started_at=now,
                updated_at=now,
            )
            old = ParameterFit.objects.filter(owner_id=owner_id).values_list("id", flat=True)
            ParameterFit.objects.filter(id__in=list(old[KEPT:])).delete()
            jobs.request_fit(owner_id)
    except IntegrityError:
        # The database lets a learner have one under way.
        return ParameterFit.objects.get(owner_id=owner_id, status__in=_UNDER_WAY)
    return fit


def stop(*, owner_id: UUID, now: datetime) -> None:
    """End the fit that is being worked out. What is being adopted is not stopped."""
    ParameterFit.objects.filter(owner_id=owner_id, status=Status.WORKING).update(
        status=Status.STOPPED, updated_at=now
    )


def adopt(*, owner_id: UUID, fit_id: UUID, now: datetime) -> None:
    """Have the parameters of a fit set, and all cards follow them. Raises CannotFit."""
    _install(owner_id, fit_id, Status.DONE, Status.ADOPTING, now)


def take_back(*, owner_id: UUID, fit_id: UUID, now: datetime) -> None:
    """Have the parameters set that were in use before a fit was adopted. Raises CannotFit."""
    _install(owner_id, fit_id, Status.ADOPTED, Status.RESTORING, now)


def is_working(fit: ParameterFit, now: datetime) -> bool:
    """Tell whether a worker does something with the fit, or will."""
    silence = HEARTBEAT if fit.status == Status.WORKING else ADOPTING_MOST
    return fit.is_under_way and fit.updated_at > now - silence


def latest(*, owner_id: UUID, now: datetime) -> ParameterFit | None:
    """Return the owner's newest fit; one whose worker died becomes failed."""
    _end_dead(owner_id, now)
    return ParameterFit.objects.filter(owner_id=owner_id).first()


def adopted(*, owner_id: UUID, settings: EffectiveSettings) -> ParameterFit | None:
    """Return the fit that the parameters in use come from, if they come from one."""
    fits = ParameterFit.objects.filter(owner_id=owner_id, status=Status.ADOPTED)
    return next((fit for fit in fits if tuple(fit.parameters) == settings.parameters), None)


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
    """Start the fits of those who wish one a month; return how many."""
    started = 0
    wished = AutomaticFit.objects.filter(owner__is_active=True)
    newest = Max("owner__parameter_fits__started_at")
    for wish in wished.annotate(newest=newest):
        if wish.newest is not None and wish.newest > now - MONTH:
            continue
        try:
            start(owner_id=wish.owner_id, now=now, automatic=True)
        except CannotFit:
            continue
        started += 1
    return started


def run(*, owner_id: UUID, clock: Callable[[], datetime] = timezone.now) -> None:
    """Do what the owner's fit under way waits for. Nothing is installed by halves."""
    fit = ParameterFit.objects.filter(owner_id=owner_id, status__in=_UNDER_WAY).first()
    if fit is None:
        return
    try:
        if fit.status == Status.WORKING:
            _work_out(fit, clock)
        else:
            _set_parameters(fit, clock)
    except _Stopped:
        return
    except CannotFit as error:
        _fail(fit, error.sentence, clock())
    except Exception:
        _fail(fit, BROKEN, clock())
        raise


def _end_dead(owner_id: UUID, now: datetime) -> None:
    fits = ParameterFit.objects.filter(owner_id=owner_id)
    dead = {"status": Status.FAILED, "error": INTERRUPTED}
    fits.filter(status=Status.WORKING, updated_at__lte=now - HEARTBEAT).update(**dead)
    late = now - ADOPTING_MOST
    # Adopting and taking back are one transaction: what did not end did not happen.
    fits.filter(status=Status.ADOPTING, updated_at__lte=late).update(status=Status.DONE)
    fits.filter(status=Status.RESTORING, updated_at__lte=late).update(status=Status.ADOPTED)


def _install(owner_id: UUID, fit_id: UUID, status: str, coming: str, now: datetime) -> None:
    try:
        with transaction.atomic():
            fit = ParameterFit.objects.select_for_update().get(owner_id=owner_id, id=fit_id)
            if fit.status != status or not fit.parameters:
                return
            _check_in_use(fit, study_settings.settings_for(owner_id=owner_id), coming)
            fit.status, fit.error, fit.updated_at = coming, "", now
            fit.save(update_fields=["status", "error", "updated_at"])
            jobs.request_fit(owner_id)
    except IntegrityError as error:
        raise CannotFit(WAIT) from error


def _check_in_use(fit: ParameterFit, settings: EffectiveSettings, coming: str) -> None:
    expected = fit.before if coming == Status.ADOPTING else fit.parameters
    if settings.memory_model != DEFAULT_MODEL or settings.parameters != tuple(expected):
        raise CannotFit(CHANGED_SINCE)


def _work_out(fit: ParameterFit, clock: Callable[[], datetime]) -> None:
    tell = _News(fit, clock)
    settings = study_settings.settings_for(owner_id=fit.owner_id)
    if settings.memory_model != DEFAULT_MODEL:
        raise CannotFit(OTHER_MODEL)
    in_use = np.array(fit.before or DEFAULT_PARAMETERS)
    log = fit_reading.read(fit.owner_id)
    tell(0.1)
    histories = log.answered
    if fit.hard_as_again:
        histories = forecast.with_hard_as_again(histories)
    fitted = guard.fit(histories, in_use, go_on=lambda share: tell(0.1 + 0.75 * share))
    judged = np.array(fitted.trial) if fitted.parameters else in_use
    findings = forecast.findings(histories, judged)
    tell(0.95)
    comparison = None
    if fitted.parameters:
        comparison = fit_result.compare(
            fit.owner_id,
            log,
            in_use=in_use,
            found=np.array(fitted.parameters),
            settings=settings.schedule,
            now=clock(),
        )
    is_wished = fit.automatic and bool(fitted.parameters)
    changed = {
        "status": Status.ADOPTING if is_wished else Status.DONE,
        "progress": 1.0,
        "parameters": list(fitted.parameters),
        "result": fit_result.as_json(fitted, findings, comparison),
        "updated_at": clock(),
    }
    with transaction.atomic():
        if not _working(fit).update(**changed):
            raise _Stopped
        if is_wished:
            jobs.request_fit(fit.owner_id)


def _set_parameters(fit: ParameterFit, clock: Callable[[], datetime]) -> None:
    adopting = fit.status == Status.ADOPTING
    with transaction.atomic():
        settings = study_settings.settings_for(owner_id=fit.owner_id)
        _check_in_use(fit, settings, fit.status)
        now = clock()
        rescheduling.set_parameters(
            owner_id=fit.owner_id,
            parameters=(fit.parameters if adopting else fit.before) or None,
            now=now,
        )
        fit.status = Status.ADOPTED if adopting else Status.RESTORED
        fit.updated_at = now
        fit.save(update_fields=["status", "updated_at"])


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


def _fail(fit: ParameterFit, sentence: str, now: datetime) -> None:
    """Record that a fit failed; what could not be installed or taken back stays as it was."""
    before = {Status.ADOPTING: Status.DONE, Status.RESTORING: Status.ADOPTED}
    status = before.get(Status(fit.status), Status.FAILED)
    ParameterFit.objects.filter(pk=fit.pk).exclude(status=Status.STOPPED).update(
        status=status, error=sentence, updated_at=now
    )
