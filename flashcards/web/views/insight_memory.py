"""/insight/memory/: FSRS's parameters, fitted to a learner's own reviews."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.insight import memory_fit
from flashcards.insight.memory_fit import CannotFit
from flashcards.models import ParameterFit
from flashcards.web.pages.memory_fit import page_of
from memoryloop.web.toasts import toast

PAGE = "flashcards:insight_memory"


@require_safe
@never_cache
@login_required
def memory(request: HtmxHttpRequest) -> HttpResponse:
    """Show what is known of the learner's memory, or how far the fit is."""
    shown = page_of(request.user.id, timezone.now())
    is_fragment = request.htmx and request.htmx.target == "memory-progress"
    if is_fragment and not (shown.fit and shown.fit.is_under_way):
        # The page as a whole says what came of it.
        return HttpResponse(headers={"HX-Refresh": "true"})
    name = "_memory_progress.html" if is_fragment else "memory.html"
    return render(request, f"flashcards/insight/{name}", {"shown": shown})


@require_POST
@login_required
def start_fit(request: HtmxHttpRequest) -> HttpResponse:
    """Fit the parameters, in the background."""
    hard_as_again = request.POST.get("hard_as_again") == "on"
    try:
        memory_fit.start(owner_id=request.user.id, now=timezone.now(), hard_as_again=hard_as_again)
    except CannotFit as error:
        toast(request, error.sentence, level=messages.WARNING)
    return redirect(PAGE)


@require_POST
@login_required
def stop_fit(request: HtmxHttpRequest) -> HttpResponse:
    """End the fit; nothing has changed."""
    memory_fit.stop(owner_id=request.user.id, now=timezone.now())
    return redirect(PAGE)


@require_POST
@login_required
def adopt_fit(request: HtmxHttpRequest, fit_id: uuid.UUID) -> HttpResponse:
    """Have all cards follow the parameters of a fit."""
    return _install(request, fit_id, memory_fit.adopt)


@require_POST
@login_required
def take_back_fit(request: HtmxHttpRequest, fit_id: uuid.UUID) -> HttpResponse:
    """Have all cards follow the parameters from before a fit again."""
    return _install(request, fit_id, memory_fit.take_back)


@require_POST
@login_required
def set_automatic(request: HtmxHttpRequest) -> HttpResponse:
    """Set whether the parameters are fitted once a month without being asked."""
    wished = request.POST.get("automatic") == "on"
    memory_fit.set_automatic(owner_id=request.user.id, wished=wished, now=timezone.now())
    toast(request, "Fitted once a month from now on." if wished else "Fitted only when you ask.")
    return redirect(PAGE)


def _install(request: HtmxHttpRequest, fit_id: uuid.UUID, act: Callable[..., None]) -> HttpResponse:
    try:
        act(owner_id=request.user.id, fit_id=fit_id, now=timezone.now())
    except ParameterFit.DoesNotExist as error:
        raise Http404("There is no such fit.") from error
    except CannotFit as error:
        toast(request, error.sentence, level=messages.WARNING)
    return redirect(PAGE)
