"""Filters and tags of the card browser, and of counts: `{% load browsing %}`."""

from django import template

from flashcards.models import BulkChange
from flashcards.web.pages import bulk_change

register = template.Library()


@register.filter
def working(change: BulkChange) -> str:
    """Return what a change is doing to many cards."""
    return bulk_change.working(change)


@register.filter
def grouped(number: int) -> str:
    """Return a number with commas between its thousands: "12,340"."""
    return f"{number:,}"


@register.simple_tag
def order_link(by: str, sorted_by: str, *, descends: bool, first_descends: bool = False) -> str:
    """Return the order of a column's heading: reversed if the table is sorted by it already."""
    descending = not descends if by == sorted_by else first_descends
    return f"-{by}" if descending else str(by)
