"""/review/leeches/: the cards that are forgotten again and again, and what can be done."""

import uuid

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.cards import decks, neighbours
from flashcards.cards.cards import set_tags
from flashcards.domain import card_sides
from flashcards.domain.records import ANSWER_MAX_CHARACTERS, QUESTION_MAX_CHARACTERS, Kind
from flashcards.duplicates import resolving
from flashcards.review import leeches
from flashcards.web.forms.cards import CardForm
from flashcards.web.forms.ids import ids_in
from flashcards.web.views.access import card_or_404
from memoryloop.web.address import next_url
from memoryloop.web.toasts import toast

PAGE_SIZE = 25


@require_safe
@never_cache
@login_required
def leech_list(request: HtmxHttpRequest) -> HttpResponse:
    """Show the leeches, those forgotten most often first."""
    pages = Paginator(leeches.leeches_of(request.user.id), PAGE_SIZE)
    page = pages.get_page(request.GET.get("page"))
    return render(request, "flashcards/review/leeches.html", {"page": page})


@require_safe
@login_required
def contrast(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Begin a card that tells this one apart from another (`with`), or the most similar one."""
    card = card_or_404(request.user, card_id)
    other = ids_in([request.GET.get("with", "")])[:1]
    near = [card_or_404(request.user, each) for each in other] or neighbours.neighbours_of(
        owner_id=request.user.id, card=card, limit=1
    )
    if not near:
        toast(request, "No other card is similar enough to be confused with it.")
        return redirect("flashcards:card", card.id)
    question, answer = resolving.contrast(
        (card_sides.front(card), card_sides.back(card)),
        (card_sides.front(near[0]), card_sides.back(near[0])),
    )
    initial = {
        "kind": Kind.BASIC,
        "question": question[:QUESTION_MAX_CHARACTERS],
        "answer": answer[:ANSWER_MAX_CHARACTERS],
        "tags": ", ".join(leeches.tags_of(card, marked=False)),
        "decks": ", ".join(decks.names_of(owner_id=request.user.id, deck_ids=card.deck_ids)),
    }
    context = {"form": CardForm(initial=initial), "deck_names": decks.names(request.user.id)}
    return render(request, "flashcards/cards/new_card.html", context)


@require_POST
@login_required
def mark(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Mark a card as a leech, or with `mark=off` take the mark off it.

    If the card is forgotten again, the mark returns four lapses later.
    """
    card = card_or_404(request.user, card_id)
    marked = request.POST.get("mark") != "off"
    set_tags(
        owner_id=request.user.id,
        card_id=card.id,
        tags=leeches.tags_of(card, marked=marked),
        now=timezone.now(),
    )
    toast(request, "Marked as a leech." if marked else "No longer marked as a leech.")
    return redirect(next_url(request, reverse("flashcards:leeches")))
