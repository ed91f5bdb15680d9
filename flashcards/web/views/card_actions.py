"""What is done to one card or note: deleted, restored, suspended, resumed, buried, unburied."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.http import HtmxHttpRequest
from flashcards import study_settings
from flashcards.cards import cards, notes
from flashcards.domain.records import Flashcard
from flashcards.domain.validation import CardError
from flashcards.duplicates import joining
from flashcards.web.views.access import card_or_404
from memoryloop.web.address import next_url
from memoryloop.web.toasts import toast


@require_POST
@login_required
def delete_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Move a card to the trash; the toast on the next page restores it."""
    card_or_404(request.user, card_id)
    cards.delete_card(owner_id=request.user.id, card_id=card_id, now=timezone.now())
    toast(request, "Card deleted.", undo_url=reverse("flashcards:restore_card", args=[card_id]))
    return redirect(next_url(request, reverse("flashcards:cards")))


@require_POST
@login_required
def restore_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Restore a card from the trash."""
    card_or_404(request.user, card_id, include_deleted=True)
    cards.restore_card(owner_id=request.user.id, card_id=card_id)
    toast(request, "Card restored.")
    return _to_card(request, card_id)


@require_POST
@login_required
def ask_both_ways(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Have a basic card asked the other way round, too; the toast undoes it."""
    card_or_404(request.user, card_id)
    try:
        joining.ask_both_ways(owner_id=request.user.id, card_id=card_id, now=timezone.now())
    except CardError as error:
        toast(request, error.sentence, level=messages.WARNING)
    else:
        undo = reverse("flashcards:ask_one_way", args=[card_id])
        toast(request, "Asked both ways round now.", undo_url=undo)
    return _to_card(request, card_id)


@require_POST
@login_required
def ask_one_way(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Have a reversed card asked in its first direction only; the other one goes to the trash."""
    card_or_404(request.user, card_id)
    joining.ask_one_way(owner_id=request.user.id, card_id=card_id, now=timezone.now())
    toast(request, "Asked one way only again.")
    return _to_card(request, card_id)


@require_POST
@login_required
def suspend_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Keep a card out of review until it is resumed."""
    card_or_404(request.user, card_id)
    cards.set_suspended(owner_id=request.user.id, card_id=card_id, suspended=True)
    undo = reverse("flashcards:resume_card", args=[card_id])
    toast(request, "Suspended: it stays away until you resume it.", undo_url=undo)
    return _to_card(request, card_id)


@require_POST
@login_required
def resume_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Let a suspended card back into review."""
    card_or_404(request.user, card_id)
    cards.set_suspended(owner_id=request.user.id, card_id=card_id, suspended=False)
    toast(request, "Back in review.")
    return _to_card(request, card_id)


@require_POST
@login_required
def bury_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Put a card off until the learner's next day."""
    card_or_404(request.user, card_id)
    settings = study_settings.settings_for(owner_id=request.user.id)
    until = settings.day.start(timezone.now(), days=1)
    cards.bury_card(owner_id=request.user.id, card_id=card_id, until=until)
    undo = reverse("flashcards:unbury_card", args=[card_id])
    toast(request, "Put off until tomorrow.", undo_url=undo)
    return redirect("flashcards:card", card_id=card_id)


@require_POST
@login_required
def unbury_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Let a card that was put off until tomorrow come today."""
    card_or_404(request.user, card_id)
    cards.bury_card(owner_id=request.user.id, card_id=card_id, until=timezone.now())
    toast(request, "Back in today's review.")
    return _to_card(request, card_id)


@require_POST
@login_required
def delete_note(request: HtmxHttpRequest, note_id: uuid.UUID) -> HttpResponse:
    """Move every card of a note to the trash; the toast restores them."""
    try:
        gone = notes.delete_note(owner_id=request.user.id, note_id=note_id, now=timezone.now())
    except Flashcard.DoesNotExist:
        raise Http404("There is no such note.") from None
    said = "Card deleted." if len(gone) < 2 else f"{len(gone)} cards deleted."
    toast(request, said, undo_url=reverse("flashcards:restore_note", args=[note_id]))
    return redirect(next_url(request, reverse("flashcards:cards")))


@require_POST
@login_required
def restore_note(request: HtmxHttpRequest, note_id: uuid.UUID) -> HttpResponse:
    """Restore the cards of a note from the trash."""
    try:
        back = notes.restore_note(owner_id=request.user.id, note_id=note_id)
    except Flashcard.DoesNotExist:
        raise Http404("There is no such note.") from None
    toast(request, "Card restored." if len(back) < 2 else f"{len(back)} cards restored.")
    return redirect(next_url(request, reverse("flashcards:cards")))


def _to_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Lead back to where the learner was, or to the card's page."""
    return redirect(next_url(request, reverse("flashcards:card", args=[card_id])))
