"""What the card browser's templates say: `{% load browsing %}`."""

from django import template

from flashcards.models import BulkChange
from flashcards.web.pages import bulk_sentences

register = template.Library()


@register.filter
def working(change: BulkChange) -> str:
    """Return what is being done to many cards."""
    return bulk_sentences.working(change)


@register.filter
def grouped(number: int) -> str:
    """Return a number with its thousands told apart: "12,340"."""
    return f"{number:,}"


@register.simple_tag
def order_link(by: str, sorted_by: str, *, descends: bool, first_descends: bool = False) -> str:
    """Return what a column's heading sorts by: turned round if it is sorted by it already."""
    turned = not descends if by == sorted_by else first_descends
    return f"-{by}" if turned else str(by)
