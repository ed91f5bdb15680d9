"""What is done to one card: deleted, restored, suspended, resumed."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.http import HtmxHttpRequest
from flashcards.cards import cards
from flashcards.cards.cards import bury_card, set_suspended
from flashcards.web.views.access import card_or_404
from memoryloop.web.toasts import toast


@require_POST
@login_required
def delete_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Put a card into the bin; the toast on the next page takes it out again."""
    card_or_404(request.user, card_id)
    cards.delete_card(owner_id=request.user.id, card_id=card_id, now=timezone.now())
    toast(request, "Card deleted.", undo_url=reverse("flashcards:restore_card", args=[card_id]))
    return redirect(_next(request, reverse("flashcards:cards")))


@require_POST
@login_required
def restore_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Take a card out of the bin, just as it was."""
    card_or_404(request.user, card_id, include_deleted=True)
    cards.restore_card(owner_id=request.user.id, card_id=card_id)
    toast(request, "Card restored.")
    return redirect(_next(request, reverse("flashcards:card", args=[card_id])))


@require_POST
@login_required
def suspend_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Keep a card out of review until it is resumed."""
    _set_suspended(request, card_id, suspended=True)
    undo = reverse("flashcards:resume_card", args=[card_id])
    toast(request, "Suspended: it stays away until you resume it.", undo_url=undo)
    return redirect(_next(request, reverse("flashcards:card", args=[card_id])))


@require_POST
@login_required
def resume_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Let a suspended card back into review."""
    _set_suspended(request, card_id, suspended=False)
    toast(request, "Back in review.")
    return redirect(_next(request, reverse("flashcards:card", args=[card_id])))


@require_POST
@login_required
def unbury_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Let a card that was put off until tomorrow come today after all."""
    card_or_404(request.user, card_id)
    now = timezone.now()
    bury_card(owner_id=request.user.id, card_id=card_id, until=now)
    toast(request, "Back in today's review.")
    return redirect(_next(request, reverse("flashcards:card", args=[card_id])))


def _set_suspended(request: HtmxHttpRequest, card_id: uuid.UUID, *, suspended: bool) -> None:
    card_or_404(request.user, card_id)
    set_suspended(owner_id=request.user.id, card_id=card_id, suspended=suspended)


def _next(request: HtmxHttpRequest, default: str) -> str:
    """Return where the page asked to go afterwards, if that is here."""
    url = request.POST.get("next") or request.GET.get("next", "")
    allowed = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if allowed else default
