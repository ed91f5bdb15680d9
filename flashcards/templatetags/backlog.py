"""The line above a review that shows or offers a catch-up plan: `{% load backlog %}`."""

from typing import Any

from django import template
from django.utils import timezone

from flashcards import study_settings
from flashcards.review import backlog
from flashcards.review.session import Stage, StageKind
from flashcards.web.pages import backlog as backlog_page

register = template.Library()


@register.inclusion_tag("flashcards/review/_backlog_line.html", takes_context=True)
def backlog_line(context: dict[str, Any], stage: Stage) -> dict[str, Any]:
    """Show the active plan, or offer one where there is a backlog; else nothing.

    One SQL query; four more only where many cards are due.
    """
    request = context["request"]
    owner_id = request.user.id
    if stage.kind is StageKind.EMPTY:
        return {}
    plan = backlog.plan_of(owner_id=owner_id)
    if plan is not None:
        return {"sentence": backlog_page.line(plan), "plan": plan}
    if stage.kind is not StageKind.CARD or stage.due <= backlog.LEAST_OVERDUE:
        return {}
    now = timezone.now()
    settings = study_settings.settings_for(owner_id=owner_id)
    if request.session.get(backlog_page.OFFER_NOT_ON) == settings.day.of(now).isoformat():
        return {}
    return {
        "overdue": backlog.has_backlog(owner_id=owner_id, settings=settings, now=now),
        "csrf_token": context.get("csrf_token"),
    }
