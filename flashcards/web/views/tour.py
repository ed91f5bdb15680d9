"""The first hour: a tour that makes a card and reviews it, a starter deck, a text to try."""

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from accounts.services import provider_for
from flashcards.demo import starter
from flashcards.domain import durations
from flashcards.domain.study_day import zone_of
from flashcards.domain.validation import CardError
from flashcards.review import tour as tours
from flashcards.web.forms.tour import TourCardForm, TourRatingForm
from memoryloop.web.toasts import toast


@require_safe
@never_cache
@login_required
def tour(request: HtmxHttpRequest) -> HttpResponse:
    """Show the step of the tour that the learner is at; `?show` with the card's answer."""
    return _render(request, TourCardForm())


@require_POST
@login_required
def make_tour_card(request: HtmxHttpRequest) -> HttpResponse:
    """Make the card of the tour."""
    form = TourCardForm(request.POST)
    if form.is_valid():
        try:
            tours.make_card(owner_id=request.user.id, now=timezone.now(), **form.cleaned_data)
        except CardError as error:
            form.add_error(None, error.sentence)
    if not form.is_valid():
        return _render(request, form, status=422)
    return _render(request, form) if request.htmx else redirect("flashcards:tour")


@require_POST
@login_required
def rate_tour_card(request: HtmxHttpRequest) -> HttpResponse:
    """Rate the card of the tour; where it was rated already nothing changes."""
    form = TourRatingForm(request.POST)
    if form.is_valid():
        tours.rate(owner_id=request.user.id, now=timezone.now(), **form.cleaned_data)
    return _render(request, TourCardForm()) if request.htmx else redirect("flashcards:tour")


@require_POST
@login_required
def add_starter_deck(request: HtmxHttpRequest) -> HttpResponse:
    """Add the starter deck, and go to review it."""
    deck, added = starter.add_starter_deck(owner_id=request.user.id, now=timezone.now())
    if added:
        toast(request, f"The deck “{deck.name}” is added, with {durations.count(added, 'card')}.")
    return redirect("flashcards:review_deck", deck.id)


@require_safe
@login_required
def first_steps(request: HtmxHttpRequest) -> HttpResponse:
    """Return the ways to begin without a model, for the chat's page; nothing with one."""
    if not request.htmx:
        return redirect("chat:home")
    if provider_for(request.user).is_model:
        return HttpResponse()
    return render(request, "flashcards/tour/_first_steps.html", {"later": True})


def _render(request: HtmxHttpRequest, form: TourCardForm, *, status: int = 200) -> HttpResponse:
    now, at = timezone.now(), tours.tour_of(request.user.id)
    context: dict[str, Any] = {"tour": at, "form": form, "shown": "show" in request.GET}
    if at.card and at.step is tours.Step.REVIEW:
        context |= {"choices": tours.choices(at.card, now), "review_id": uuid.uuid4()}
    if at.card and at.step is tours.Step.DONE:
        context["comes_back"] = durations.due(at.card.due, now=now, zone=zone_of(request.user))
    template = "flashcards/tour/_tour.html" if request.htmx else "flashcards/tour/tour.html"
    return render(request, template, context, status=status)
