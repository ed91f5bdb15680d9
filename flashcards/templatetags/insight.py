"""The tabs of Insight and the weekly report above its page: `{% load insight %}`."""

from typing import Any

from django import template
from django.utils import timezone

from flashcards import study_settings
from flashcards.insight import weekly, weekly_mail
from flashcards.models import WeeklyReport
from flashcards.web.pages import insight_tabs
from flashcards.web.pages.insight_tabs import TabLink

register = template.Library()


@register.simple_tag(takes_context=True, name="insight_tabs")
def tabs(context: dict[str, Any]) -> list[TabLink]:
    """Return the tabs as links that keep the cards and the span of this page."""
    choice = context.get("choice")
    if choice is not None:
        return insight_tabs.links(choice.asked)
    return insight_tabs.links(context["request"].GET.dict())


@register.inclusion_tag("flashcards/insight/_week_notice.html", takes_context=True)
def week_notice(context: dict[str, Any]) -> dict[str, Any]:
    """Show the last week's report to who wants it on the page and has not put it away.

    One SQL query for everybody else.
    """
    request = context["request"]
    row = WeeklyReport.objects.filter(owner=request.user).first()
    report = None
    if row is not None and _is_on_the_page(row):
        now = timezone.now()
        first = weekly.last_week(study_settings.settings_for(owner_id=row.owner_id).day, now)
        if row.seen_week is None or row.seen_week < first:
            report = weekly.report_of(owner_id=row.owner_id, now=now)
    return {"report": report, "request": request, "csrf_token": context.get("csrf_token")}


def _is_on_the_page(row: WeeklyReport) -> bool:
    if row.wanted == WeeklyReport.Wanted.MAIL:
        return not weekly_mail.can_send()
    return row.wanted == WeeklyReport.Wanted.PAGE
