"""The tabs of Insight: `{% load insight %}`."""

from typing import Any

from django import template

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
