"""The cards a learner has: the list, one card, writing and changing them."""

import uuid
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from flashcards import faces, services, words
from flashcards.day import zone_of
from flashcards.records import Flashcard, State
from flashcards.views.access import card_or_404
from memoryloop.http import HtmxHttpRequest
from memoryloop.toasts import toast

PAGE_SIZE = 50
SEARCH_MAX_CHARACTERS = 200


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    card: Flashcard
    title: str
    due: str
    state: str


@require_safe
@login_required
def card_list(request: HtmxHttpRequest) -> HttpResponse:
    """List the learner's cards, newest first, narrowed by `?q=` as it is typed."""
    # PostgreSQL and LanceDB hold no NUL; nobody types one.
    text = request.GET.get("q", "").replace("\x00", "").strip()[:SEARCH_MAX_CHARACTERS]
    now, zone = timezone.now(), zone_of(request.user)
    found = services.search_cards(owner_id=request.user.id, text=text)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "q": text,
        "page": page,
        "rows": [_row(card, now, zone) for card in page.object_list],
        "total": page.paginator.count
        if not text
        else services.count_cards(owner_id=request.user.id),
    }
    is_fragment = request.htmx and request.htmx.target == "card-list"
    template = "flashcards/_card_list.html" if is_fragment else "flashcards/cards.html"
    return render(request, template, context)


@require_POST
@login_required
def delete_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Put a card into the bin; the toast on the next page takes it out again."""
    card_or_404(request.user, card_id)
    services.delete_card(owner_id=request.user.id, card_id=card_id, now=timezone.now())
    toast(request, "Card deleted.", undo_url=reverse("flashcards:restore_card", args=[card_id]))
    return redirect(_next(request, reverse("flashcards:cards")))


@require_POST
@login_required
def restore_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Take a card out of the bin, just as it was."""
    card_or_404(request.user, card_id, include_deleted=True)
    services.restore_card(owner_id=request.user.id, card_id=card_id)
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
    services.bury_card(owner_id=request.user.id, card_id=card_id, until=now)
    toast(request, "Back in today's review.")
    return redirect(_next(request, reverse("flashcards:card", args=[card_id])))


def _set_suspended(request: HtmxHttpRequest, card_id: uuid.UUID, *, suspended: bool) -> None:
    card_or_404(request.user, card_id)
    services.set_suspended(owner_id=request.user.id, card_id=card_id, suspended=suspended)


def _next(request: HtmxHttpRequest, default: str) -> str:
    """Return where the page asked to go afterwards, if that is here."""
    url = request.POST.get("next") or request.GET.get("next", "")
    allowed = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if allowed else default


def _row(card: Flashcard, now: datetime, zone: tzinfo) -> Row:
    if card.suspended:
        due, state = "—", "suspended"
    elif card.state is State.NEW:
        due, state = "when its turn comes", "new"
    else:
        ready = card.due
        if card.buried_until is not None:
            ready = max(ready, card.buried_until)
        due = words.due(ready, now=now, zone=zone)
        state = {
            State.LEARNING: "learning",
            State.REVIEW: "learnt",
            State.RELEARNING: "relearning",
        }[card.state]
    return Row(card, faces.summary(card), due, state)
