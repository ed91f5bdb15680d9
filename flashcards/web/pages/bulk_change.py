"""A bulk change in words: what is being done to many cards, and what was done."""

from django.http import HttpRequest
from django.urls import reverse

from flashcards.cards.card_actions import Verb
from flashcards.cards.labels import FLAGS
from flashcards.domain import durations
from flashcards.models import BulkChange
from memoryloop.web.toasts import toast


def tell(request: HttpRequest, change: BulkChange) -> None:
    """Show a toast that says what a change did and offers to undo it, unless it goes on."""
    if change.is_under_way:
        return
    can_undo = change.status == BulkChange.Status.DONE and change.changed
    undo_url = reverse("flashcards:undo_change", args=[change.id]) if can_undo else ""
    toast(request, sentence(change), undo_url=undo_url)


def sentence(change: BulkChange) -> str:
    """Return what a change did, or that it was undone: "12 cards suspended." """
    cards = durations.count(change.changed, "card")
    if change.status == BulkChange.Status.UNDONE:
        return "Undone: the cards are restored."
    if not change.changed:
        return f"Nothing to do: {_already(change)}."
    return f"{cards} {_done(change)}."


def working(change: BulkChange) -> str:
    """Return what is being done, for the line above its progress."""
    if change.status == BulkChange.Status.UNDOING:
        return "Undoing"
    return {
        Verb.TAG: "Adding the tag",
        Verb.UNTAG: "Removing the tag",
        Verb.PUT_IN: "Adding cards to the deck",
        Verb.TAKE_OUT: "Removing cards from the deck",
        Verb.SUSPEND: "Suspending cards",
        Verb.RESUME: "Resuming cards",
        Verb.BURY: "Burying cards",
        Verb.UNBURY: "Unburying cards",
        Verb.FLAG: "Setting the flag",
        Verb.RESET: "Resetting cards",
        Verb.SET_DUE: "Setting when cards are due",
        Verb.RESCHEDULE: "Rescheduling cards by your settings",
        Verb.REFOLD: "Rescheduling cards by the new parameters",
        Verb.DELETE: "Deleting cards",
    }[Verb(change.verb)]


def _done(change: BulkChange) -> str:
    argument = change.argument
    match Verb(change.verb):
        case Verb.TAG:
            return f"tagged “{argument['tag']}”"
        case Verb.UNTAG:
            return f"without the tag “{argument['tag']}” now"
        case Verb.PUT_IN:
            return f"added to “{argument.get('name', 'the deck')}”"
        case Verb.TAKE_OUT:
            return f"removed from “{argument.get('name', 'the deck')}”"
        case Verb.SUSPEND:
            return "suspended: they stay away until you resume them"
        case Verb.RESUME:
            return "back in review"
        case Verb.BURY:
            return "put off until tomorrow"
        case Verb.UNBURY:
            return "back in today’s review"
        case Verb.FLAG:
            flag = argument["flag"]
            return f"flagged {FLAGS[flag].lower()}" if flag else "without a flag now"
        case Verb.RESET:
            return "reset to new; their past reviews are kept"
        case Verb.SET_DUE:
            days = argument.get("days", 0)
            return f"due in {durations.count(days, 'day')}" if days else "due today"
        case Verb.RESCHEDULE:
            return "rescheduled by your settings"
        case Verb.REFOLD:
            return "follow the new parameters now"
        case Verb.DELETE:
            return "deleted"


def _already(change: BulkChange) -> str:
    """Return why there was nothing to do."""
    if Verb(change.verb) is Verb.RESET:
        return "these cards were never reviewed"
    if Verb(change.verb) is Verb.RESCHEDULE:
        return "all cards already fit your settings"
    if Verb(change.verb) is Verb.REFOLD:
        return "no card was reviewed yet"
    return "no card needed changing"
