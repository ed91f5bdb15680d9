"""/review/plan/: the catch-up plan after a gap."""

from datetime import datetime

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
from flashcards.web.forms.backlog import PlanForm
from flashcards.web.pages import backlog as page
from memoryloop.web.toasts import toast


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def plan(request: HtmxHttpRequest) -> HttpResponse:
    """Show what a plan would do, `?minutes=…&order=…&hold_new=on` another one; POST starts it."""
    now = timezone.now()
    if request.method != "POST":
        return _page(request, None, now)
    form = PlanForm(request.POST)
    if not form.is_valid():
        return _page(request, form, now)
    backlog.accept(owner_id=request.user.id, choice=form.choice(), now=now)
    toast(request, "Plan started.", undo_url=reverse("flashcards:backlog_stop"))
    return redirect("flashcards:backlog")


@require_POST
@login_required
def stop(request: HtmxHttpRequest) -> HttpResponse:
    """End the plan: the settings from before are restored."""
    if backlog.stop(owner_id=request.user.id, now=timezone.now()) is None:
        toast(request, "There is no active plan.", level=messages.INFO)
    else:
        resume_url = reverse("flashcards:backlog_resume")
        toast(request, "Plan ended. Your earlier settings are restored.", undo_url=resume_url)
    return redirect("flashcards:backlog")


@require_POST
@login_required
def resume(request: HtmxHttpRequest) -> HttpResponse:
    """Resume the plan that was just ended."""
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
    request.session[page.OFFER_NOT_ON] = settings.day.of(timezone.now()).isoformat()
    return redirect("flashcards:review")


def _page(request: HtmxHttpRequest, form: PlanForm | None, now: datetime) -> HttpResponse:
    """Show the page with a form, without one with what the query string or the plan says."""
    owner_id = request.user.id
    active = backlog.plan_of(owner_id=owner_id)
    settings = study_settings.settings_for(owner_id=owner_id)
    found = backlog.read_backlog(owner_id=owner_id, settings=settings, now=now, plan=active)
    if form is None:
        present = page.choice_of(active) if active else backlog.propose(found, settings)
        form = PlanForm.of(request.GET, present)
    context = {"form": form, "found": found, "plan": active}
    if form.is_valid():
        context["shown"] = page.shown(found, form.choice(), settings, now)
    if active:
        context["progress"] = page.progress(active, found, settings, now)
    is_fragment = request.htmx and request.htmx.target == "backlog-shown"
    fragment, whole = "flashcards/review/_backlog_shown.html", "flashcards/review/backlog.html"
    status = 200 if form.is_valid() else 422
    return render(request, fragment if is_fragment else whole, context, status=status)
