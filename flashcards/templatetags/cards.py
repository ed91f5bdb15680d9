"""Filters for cards: `{% load cards %}`."""

from django import template

from flashcards.domain import card_sides
from flashcards.domain.card_sides import HasSides

register = template.Library()


@register.filter
def front(card: HasSides) -> str:
    """Return the side that asks, as Markdown."""
    return card_sides.front(card)


@register.filter
def back(card: HasSides) -> str:
    """Return the side that answers, as Markdown."""
    return card_sides.back(card)


@register.filter
def verdict_icon(verdict: str) -> str:
    """Return the name of the icon of what two cards are to one another."""
    return {"same": "cards", "reversed": "refresh", "confusable": "fork"}.get(verdict, "info")


@register.filter
def verdict_words(verdict: str) -> str:
    """Return what two cards are to one another, as a model is said to have found them."""
    return {
        "same": "the same",
        "reversed": "the other way round",
        "confusable": "easily confused",
        "near": "only near",
    }[verdict]


@register.filter
def summary(card: HasSides) -> str:
    """Return the front as one line of plain words."""
    return card_sides.summary(card)
