"""Filters for templates that show cards: `{% load cards %}`."""

from django import template

from flashcards import faces
from flashcards.faces import HasFaces

register = template.Library()


@register.filter
def front(card: HasFaces) -> str:
    """Return the side that asks, as Markdown."""
    return faces.front(card)


@register.filter
def back(card: HasFaces) -> str:
    """Return the side that answers, as Markdown."""
    return faces.back(card)


@register.filter
def summary(card: HasFaces) -> str:
    """Return the front as one line of plain words."""
    return faces.summary(card)
