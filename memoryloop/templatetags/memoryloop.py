"""Filters and tags that every template has without loading them."""

from django import template
from django.template import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from memoryloop import markdown
from memoryloop.web import navigation, slots

register = template.Library()
# Markdown as HTML that is safe to show.
register.filter("markdown", markdown.render)


@register.simple_tag(name="navigation")
def navigation_tag(place: str) -> list[navigation.NavigationItem]:
    """Return the links of a place: {% navigation "rail" as items %}."""
    return navigation.items(navigation.Place(place))


@register.simple_tag(name="slot", takes_context=True)
def slot_tag(context: Context, name: str) -> SafeString:
    """Render the templates that apps put into a slot: {% slot "chat.message" %}."""
    parts = []
    for template_name in slots.templates(name):
        with context.push():
            parts.append(get_template(template_name).template.render(context))  # type: ignore[attr-defined] # Django's engine
    return mark_safe("".join(parts))  # noqa: S308 - templates escape what they show
