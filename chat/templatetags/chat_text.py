"""Filters for search results."""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from chat.recall.hits import CLOSE, OPEN

register = template.Library()
_FOUND = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}")


@register.filter
def marked(snippet: str) -> SafeString:
    """Return an escaped snippet, with the found words in <mark>."""
    html = _FOUND.sub(r"<mark>\1</mark>", escape(snippet))
    return mark_safe(html.replace(OPEN, "").replace(CLOSE, ""))  # noqa: S308 - escaped above
