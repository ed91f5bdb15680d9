"""Texts and links in the admin's columns and fields."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

BEGINNING_CHARACTERS = 80


def link(text: str, url_name: str, *arguments: object, **query: object) -> SafeString:
    """Return an HTML link to a named page."""
    url = reverse(url_name, args=arguments) + (f"?{urlencode(query)}" if query else "")
    return format_html('<a href="{}">{}</a>', url, text)


def beginning(text: str) -> str:
    """Return a text's first words on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= BEGINNING_CHARACTERS else flat[:BEGINNING_CHARACTERS] + "…"
