"""/review/today/: the day so far, whenever somebody asks; and a talk about what was hard."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.domain.study_day import zone_of
from flashcards.review import summary as ending
from flashcards.review.learner import Learner
from flashcards.tutor import explain_card
from flashcards.web.pages import tutor_links
from memoryloop.web.toasts import toast


@require_safe
@never_cache
@login_required
def today(request: HtmxHttpRequest) -> HttpResponse:
    """Show what was done today, what was hard and what comes."""
    summary = ending.summary(Learner.read(request.user.id), timezone.now())
    return render(request, "flashcards/review/today.html", {"summary": summary})


@require_POST
@login_required
def discuss(request: HtmxHttpRequest) -> HttpResponse:
    """Open a conversation with the tutor about the cards that were hard today."""
    now = timezone.now()
    cards = ending.hard_today(Learner.read(request.user.id), now)
    if not cards:
        toast(request, "No card was hard today.", level=messages.INFO)
        return redirect("flashcards:today")
    conversation = explain_card.discuss(
        request.user,
        cards,
        now=now,
        zone=zone_of(request.user),
        links=lambda _: tutor_links.discuss_links(cards),
    )
    return redirect(conversation)
