"""Filters and tags that every template has without loading them."""

from django import template
from django.utils.safestring import SafeString

from memoryloop import markdown

register = template.Library()


@register.filter(name="markdown")
def markdown_filter(text: str) -> SafeString:
    """Render Markdown as HTML that is safe to show."""
    return markdown.render(text)
