"""The review session: one card, one rating, one round trip."""

import math
import uuid
from dataclasses import replace
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from flashcards import services, words
from flashcards.forms import RatingForm
from flashcards.records import Flashcard
from flashcards.reviewing import ending, session
from flashcards.reviewing.day import day_start, zone_of
from flashcards.reviewing.session import Kind, Stage
from flashcards.reviewing.study import Study
from flashcards.sources import source_of
from flashcards.views.access import card_or_404
from memoryloop.http import HtmxHttpRequest
from memoryloop.toasts import toast

ANSWERED_ELSEWHERE = "That card was already answered in another tab. Here is the next one."
BAD_RATING = "That rating did not arrive as one of Again, Hard, Good or Easy. Rate the card again."


@require_safe
@never_cache
@login_required
def review(request: HtmxHttpRequest) -> HttpResponse:
    """Show the next card; `?show=<card id>` with its answer, `?ahead=1` also one due soon."""
    now = timezone.now()
    if "finish" in request.GET:
        stage = Stage(Kind.FINISHED)
    else:
        stage = session.next_stage(request.user, now, ahead="ahead" in request.GET)
    shown = stage.card is not None and request.GET.get("show") == str(stage.card.id)
    return _stage(request, stage, now, revealed=shown)


@require_POST
@login_required
def rate(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Take a rating and answer with the next card."""
    now = timezone.now()
    form = RatingForm(request.POST)
    if not form.is_valid():
        card = card_or_404(request.user, card_id)
        stage = session.next_stage(request.user, now, first=card)
        return _stage(request, stage, now, revealed=True, error=BAD_RATING, status=422)
    data = form.cleaned_data
    done, notice, mine = data["done"], "", None
    try:
        reviewed = services.review_card(
            owner_id=request.user.id,
            card_id=card_id,
            review_id=data["review_id"],
            sequence=data["sequence"],
            rating=data["rating"],
            duration_ms=data["duration_ms"],
            now=now,
        )
        done, mine = done + (not reviewed.repeated), reviewed.mine
    except Flashcard.DoesNotExist:
        raise Http404("There is no such card.") from None
    except services.AlreadyAnswered:
        notice = ANSWERED_ELSEWHERE
    except services.CardError as error:
        stage = session.next_stage(request.user, now, done=done)
        return _stage(request, stage, now, error=error.sentence, status=422)
    return _next(request, now, done=done, notice=notice, mine=mine)


@require_POST
@login_required
def undo(request: HtmxHttpRequest) -> HttpResponse:
    """Take back the learner's last review and show its card again."""
    now = timezone.now()
    done = _number(request.POST.get("done"))
    try:
        card = services.undo_review(
            owner_id=request.user.id, undo_id=_uuid(request.POST.get("undo_id")), now=now
        )
    except services.NothingToUndo as error:
        return _next(request, now, done=done, notice=error.sentence)
    if not request.htmx:
        return redirect("flashcards:review")
    stage = session.next_stage(request.user, now, done=max(0, done - 1), first=card)
    return _stage(request, stage, now, notice="Taken back. Rate it again.")


@require_POST
@login_required
def suspend(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Suspend the card in review and go on."""
    now = timezone.now()
    card_or_404(request.user, card_id)
    services.set_suspended(owner_id=request.user.id, card_id=card_id, suspended=True)
    resume = reverse("flashcards:resume_card", args=[card_id])
    toast(request, "Suspended: it stays away until you resume it.", undo_url=resume)
    return _next(request, now, done=_number(request.POST.get("done")))


@require_POST
@login_required
def bury(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Put the card in review off until the learner's next day and go on."""
    now = timezone.now()
    card_or_404(request.user, card_id)
    until = day_start(now, zone_of(request.user), days=1)
    services.bury_card(owner_id=request.user.id, card_id=card_id, until=until)
    unbury = reverse("flashcards:unbury_card", args=[card_id])
    toast(request, "Put off until tomorrow.", undo_url=unbury)
    return _next(request, now, done=_number(request.POST.get("done")))


@require_safe
@login_required
def source(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Show the words that a card came from; a page of its own has them without a script."""
    card = card_or_404(request.user, card_id)
    if not request.htmx:
        return redirect(reverse("flashcards:card", args=[card_id]) + "#source")
    return render(request, "flashcards/_source.html", {"source": source_of(request.user, card)})


@require_safe
@never_cache
@login_required
def due_badge(request: HtmxHttpRequest) -> HttpResponse:
    """Show how many cards are waiting, for the rail."""
    queue = services.due_queue(owner_id=request.user.id, now=timezone.now(), limit=1)
    count = queue.new + queue.learning + queue.due
    return render(request, "flashcards/_due_badge.html", {"count": count})


def _next(
    request: HtmxHttpRequest,
    now: datetime,
    *,
    done: int,
    notice: str = "",
    mine: Study | None = None,
) -> HttpResponse:
    """Answer with what comes next: the fragment to htmx, a redirect to a plain form."""
    if not request.htmx:
        if notice:
            toast(request, notice)
        return redirect("flashcards:review")
    stage = session.next_stage(request.user, now, done=done, mine=mine)
    return _stage(request, stage, now, notice=notice)


def _stage(
    request: HtmxHttpRequest,
    stage: Stage,
    now: datetime,
    *,
    revealed: bool = False,
    notice: str = "",
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    template = "flashcards/_stage.html" if request.htmx else "flashcards/review.html"
    summary = None
    if stage.kind is Kind.FINISHED:
        summary = ending.summary(request.user, now)
        stage = replace(stage, done=summary.reviews, due=summary.left)
    context: dict[str, object] = {
        "stage": stage,
        "revealed": revealed,
        "notice": notice,
        "error": error,
        "summary": summary,
    }
    if stage.kind is Kind.WAIT and stage.next_due is not None:
        context["wait_seconds"] = max(1, math.ceil((stage.next_due - now).total_seconds()))
        context["wait_words"] = words.due(stage.next_due, now=now, zone=zone_of(request.user))
        context["wait_count"] = words.count(stage.learning, "card")
    return render(request, template, context, status=status)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 0


def _uuid(text: str | None) -> uuid.UUID:
    """Return the client's id; a request without one is nobody's repetition."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return uuid.uuid4()
