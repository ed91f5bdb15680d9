"""/insight/goals/: lists of what a learner wants to know, and which of it has cards."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.insight import coverage_answers, goal_coverage, goals
from flashcards.insight.coverage import State
from flashcards.insight.goals import BadGoal
from flashcards.models import Goal
from flashcards.web.forms import covered_answer
from flashcards.web.forms.goals import GoalForm
from flashcards.web.pages import insight_goals as page
from memoryloop.web.toasts import toast


@require_safe
@never_cache
@login_required
def goal_page(request: HtmxHttpRequest, goal_id: uuid.UUID) -> HttpResponse:
    """Show the lines of a goal, and the cards of each."""
    goal = _own(request, goal_id)
    found = goal_coverage.read(goal, now=timezone.now())
    context = {
        "goal": goal,
        "coverage": found,
        "counts": {str(state): found.count(state) for state in State},
        "rows": page.rows(goal, found),
    }
    return render(request, "flashcards/insight/goal.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_goal(request: HtmxHttpRequest) -> HttpResponse:
    """Write or paste a new goal; saving leads to its page."""
    form = GoalForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            goal = goals.create(owner_id=request.user.id, now=timezone.now(), **form.cleaned_data)
        except BadGoal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return redirect("flashcards:goal", goal.id)
    status = 422 if form.is_bound else 200
    return render(request, "flashcards/insight/goal_form.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def edit_goal(request: HtmxHttpRequest, goal_id: uuid.UUID) -> HttpResponse:
    """Change the name and the lines of a goal."""
    goal = _own(request, goal_id)
    initial = {"name": goal.name, "lines": goal.lines}
    form = GoalForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        goals.change(goal, **form.cleaned_data)
        return redirect("flashcards:goal", goal.id)
    context = {"form": form, "goal": goal}
    status = 422 if form.is_bound else 200
    return render(request, "flashcards/insight/goal_form.html", context, status=status)


@require_POST
@login_required
def delete_goal(request: HtmxHttpRequest, goal_id: uuid.UUID) -> HttpResponse:
    """Delete a goal; the toast restores it."""
    goals.delete(_own(request, goal_id), now=timezone.now())
    undo = reverse("flashcards:restore_goal", args=[goal_id])
    toast(request, "Goal deleted. Your cards stay.", undo_url=undo)
    return redirect("flashcards:insight_coverage")


@require_POST
@login_required
def restore_goal(request: HtmxHttpRequest, goal_id: uuid.UUID) -> HttpResponse:
    """Restore a deleted goal."""
    goals.restore(get_object_or_404(Goal, id=goal_id, owner=request.user))
    toast(request, "Goal restored.")
    return redirect("flashcards:insight_coverage")


@require_POST
@login_required
def answer_goal_covered(request: HtmxHttpRequest, goal_id: uuid.UUID) -> HttpResponse:
    """Keep whether a card is about a line; if it is not, begin a card on the line."""
    goal = _own(request, goal_id)
    lines = {coverage_answers.digest_of(line): line for line in goals.lines_of(goal.lines)}
    answer = covered_answer.read(request, lines)
    kept = answer.keep({"goal_id": goal.id}, now=timezone.now())
    undo = reverse("flashcards:take_back_goal_covered", args=[goal.id, kept.id])
    if answer.is_covered:
        toast(request, "Kept: this card covers it.", undo_url=undo)
        return redirect(f"{reverse('flashcards:goal', args=[goal.id])}{answer.row}")
    toast(request, "Kept: that card does not cover it.", undo_url=undo)
    return redirect(page.write_url(lines[answer.digest]))


@require_POST
@login_required
def take_back_goal_covered(
    request: HtmxHttpRequest, goal_id: uuid.UUID, answer_id: uuid.UUID
) -> HttpResponse:
    """Forget what was said of a card and a line."""
    goal = _own(request, goal_id)
    coverage_answers.take_back(owner_id=request.user.id, answer_id=answer_id)
    toast(request, "Taken back.")
    return redirect("flashcards:goal", goal.id)


def _own(request: HtmxHttpRequest, goal_id: uuid.UUID) -> Goal:
    return get_object_or_404(goals.for_owner(request.user.id), id=goal_id)
