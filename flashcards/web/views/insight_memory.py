"""/insight/memory/: FSRS's parameters, fitted to a learner's own reviews."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.insight import memory_fit
from flashcards.insight.memory_fit import CannotFit
from flashcards.models import BulkChange, ParameterFit
from flashcards.web.pages.memory_fit import page_of, url_of
from memoryloop.web.toasts import toast


@require_safe
@never_cache
@login_required
def memory(request: HtmxHttpRequest) -> HttpResponse:
    """Show what is known of the memory of all cards, or with `?preset=` of a preset's."""
    shown = page_of(request.user.id, _number(request.GET.get("preset", "")), timezone.now())
    is_fragment = request.htmx and request.htmx.target == "memory-progress"
    if is_fragment and not (shown.other or (shown.fit and shown.fit.is_under_way)):
        # The page as a whole says what came of it.
        return HttpResponse(headers={"HX-Refresh": "true"})
    name = "_memory_progress.html" if is_fragment else "memory.html"
    context = {"shown": shown, "change": shown.change}
    return render(request, f"flashcards/insight/{name}", context)


@require_POST
@login_required
def start_fit(request: HtmxHttpRequest) -> HttpResponse:
    """Fit the parameters of all cards, or of a preset, in the background."""
    preset_id = _number(request.POST.get("preset", ""))
    try:
        memory_fit.start(
            owner_id=request.user.id,
            now=timezone.now(),
            preset_id=preset_id,
            hard_as_again=request.POST.get("hard_as_again") == "on",
        )
    except CannotFit as error:
        toast(request, error.sentence, level=messages.WARNING)
    return redirect(url_of(preset_id))


@require_POST
@login_required
def stop_fit(request: HtmxHttpRequest) -> HttpResponse:
    """End the fit; nothing has changed."""
    memory_fit.stop(owner_id=request.user.id, now=timezone.now())
    return redirect(url_of(_number(request.POST.get("preset", ""))))


@require_POST
@login_required
def adopt_fit(request: HtmxHttpRequest, fit_id: uuid.UUID) -> HttpResponse:
    """Have the cards follow the parameters of a fit."""
    return _install(request, fit_id, memory_fit.adopt)


@require_POST
@login_required
def take_back_fit(request: HtmxHttpRequest, fit_id: uuid.UUID) -> HttpResponse:
    """Have the cards follow the parameters from before a fit again."""
    return _install(request, fit_id, memory_fit.take_back)


@require_POST
@login_required
def set_automatic(request: HtmxHttpRequest) -> HttpResponse:
    """Set whether the parameters are fitted once a month without being asked."""
    wished = request.POST.get("automatic") == "on"
    memory_fit.set_automatic(owner_id=request.user.id, wished=wished, now=timezone.now())
    toast(request, "Fitted once a month from now on." if wished else "Fitted only when you ask.")
    return redirect(url_of(_number(request.POST.get("preset", ""))))


def _install(
    request: HtmxHttpRequest, fit_id: uuid.UUID, act: Callable[..., BulkChange | None]
) -> HttpResponse:
    fit = get_object_or_404(ParameterFit, owner=request.user, id=fit_id)
    try:
        change = act(owner_id=request.user.id, fit_id=fit_id, now=timezone.now())
    except CannotFit as error:
        toast(request, error.sentence, level=messages.WARNING)
    else:
        if change is not None and not change.is_under_way:
            done = (
                "follow the fitted parameters" if act is memory_fit.adopt else "are back as before"
            )
            toast(request, f"Your cards {done}.")
    return redirect(url_of(fit.preset_id))


def _number(text: str) -> int | None:
    """Return the number of a preset; None for none, or what is no number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
