"""/review/plan/: catching up after a gap, and the line on the review page that offers it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import HtmxHttpRequest
from flashcards import study_settings
from flashcards.review import backlog
from flashcards.review.backlog import Choice
from flashcards.scheduling.simulation.backlog import Order
from flashcards.web.pages import backlog as backlog_page
from flashcards.web.pages.backlog import PlanForm
from memoryloop.web.toasts import toast


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def plan(request: HtmxHttpRequest) -> HttpResponse:
    """Show what a plan would do, `?minutes=…&order=…&hold_new=on` another one; POST takes it."""
    now, owner_id = timezone.now(), request.user.id
    holds = backlog.plan_of(owner_id=owner_id)
    if request.method == "POST":
        form = PlanForm(request.POST)
        if form.is_valid():
            backlog.accept(owner_id=owner_id, choice=form.choice(), now=now)
            toast(request, "Plan started.", undo_url=reverse("flashcards:backlog_stop"))
            return redirect("flashcards:backlog")
    settings = study_settings.settings_for(owner_id=owner_id)
    found = backlog.read_backlog(owner_id=owner_id, settings=settings, now=now, plan=holds)
    if request.method != "POST":
        present = (
            Choice(holds.minutes_per_day, Order(holds.order), holds.hold_new)
            if holds
            else backlog.propose(found, settings)
        )
        form = PlanForm.of(request.GET, present)
    context = {"form": form, "found": found, "plan": holds}
    if form.is_valid():
        context["shown"] = backlog_page.shown(found, form.choice(), settings, now)
    if holds:
        context["progress"] = backlog_page.still_holds(holds, found, settings, now)
    fragment = request.htmx and request.htmx.target == "backlog-shown"
    template = (
        "flashcards/review/_backlog_shown.html" if fragment else "flashcards/review/backlog.html"
    )
    return render(request, template, context, status=200 if form.is_valid() else 422)


@require_POST
@login_required
def stop(request: HtmxHttpRequest) -> HttpResponse:
    """End the plan: what was set before comes back."""
    if backlog.stop(owner_id=request.user.id, now=timezone.now()) is None:
        toast(request, "There is no active plan.", level=messages.INFO)
    else:
        resume_url = reverse("flashcards:backlog_resume")
        toast(request, "Plan ended. Your earlier settings are restored.", undo_url=resume_url)
    return redirect("flashcards:backlog")


@require_POST
@login_required
def resume(request: HtmxHttpRequest) -> HttpResponse:
    """Have the plan that was just ended hold again."""
    if backlog.resume(owner_id=request.user.id, now=timezone.now()) is None:
        toast(request, "There is no plan to resume.", level=messages.INFO)
    else:
        toast(request, "Plan resumed.")
    return redirect("flashcards:backlog")


@require_POST
@login_required
def later(request: HtmxHttpRequest) -> HttpResponse:
    """Offer no plan for the rest of the learner's day."""
    settings = study_settings.settings_for(owner_id=request.user.id)
    request.session[backlog_page.OFFER_NOT_ON] = settings.day.of(timezone.now()).isoformat()
    return redirect("flashcards:review")
