"""A card's page: both sides, its memory, its past, its neighbours, and what can be done to it."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards import study_settings
from flashcards.cards import cards, history, labels, notes, revert
from flashcards.cards.neighbours import neighbours_of
from flashcards.cards.sources import source_of
from flashcards.charts.forgetting_curve import curve_of
from flashcards.domain import card_sides
from flashcards.domain.records import Flashcard
from flashcards.domain.study_day import zone_of
from flashcards.domain.validation import CardError
from flashcards.models import CardEdit, Deck
from flashcards.review import card_memory, resetting
from flashcards.web.forms.cards import split_tags
from flashcards.web.views.access import card_or_404
from memoryloop.web.toasts import toast

REVIEWS_PER_PAGE = 25


@require_safe
@login_required
def card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Show both sides of a card, where it came from, its memory and its past."""
    found = card_or_404(request.user, card_id)
    return render(request, "flashcards/cards/card.html", _context(request, found))


@require_safe
@login_required
def near(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Show the learner's cards that lie nearest in meaning; a page of its own without htmx."""
    found = card_or_404(request.user, card_id)
    context = {
        "card": found,
        "title": card_sides.summary(found),
        "neighbours": neighbours_of(owner_id=request.user.id, card=found),
    }
    template = "flashcards/cards/_near.html" if request.htmx else "flashcards/cards/near.html"
    return render(request, template, context)


@require_POST
@login_required
def label_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Change a card's tags and flag."""
    found = card_or_404(request.user, card_id)
    typed = request.POST.get("tags", "")
    flag = request.POST.get("flag", "")
    try:
        labels.set_labels(
            owner_id=request.user.id,
            card_id=card_id,
            tags=split_tags(typed),
            flag=int(flag) if flag.isascii() and flag.isdigit() and len(flag) < 3 else -1,
            now=timezone.now(),
        )
    except CardError as error:
        context = _context(request, found) | {"label_error": error.sentence, "typed_tags": typed}
        return render(request, "flashcards/cards/card.html", context, status=422)
    toast(request, "Tags and flag saved.")
    return redirect("flashcards:card", card_id=card_id)


@require_POST
@login_required
def revert_edit(request: HtmxHttpRequest, card_id: uuid.UUID, edit_id: uuid.UUID) -> HttpResponse:
    """Bring back the words from before an edit; the toast takes that back."""
    card_or_404(request.user, card_id)
    try:
        changed = revert.revert(
            owner_id=request.user.id, card_id=card_id, edit_id=edit_id, now=timezone.now()
        )
    except CardEdit.DoesNotExist:
        raise Http404("There is no such edit.") from None
    except CardError as error:
        toast(request, error.sentence, level=messages.INFO)
    else:
        settings = next((card for card in changed if card.id == card_id), changed[0])
        newest = revert.newest_edit(owner_id=request.user.id, card_id=settings.id)
        undo = reverse("flashcards:revert_edit", args=[settings.id, newest.id]) if newest else ""
        toast(request, "The earlier text is restored. The schedule is unchanged.", undo_url=undo)
    return redirect("flashcards:card", card_id=card_id)


@require_POST
@login_required
def reset_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Begin a card's schedule anew; the toast takes that back."""
    card_or_404(request.user, card_id)
    _, log = resetting.reset_schedule(owner_id=request.user.id, card_id=card_id, now=timezone.now())
    undo = reverse("flashcards:take_back_reset", args=[card_id, log.id])
    toast(request, "Schedule reset: it comes as a new card. Its reviews are kept.", undo_url=undo)
    return redirect("flashcards:card", card_id=card_id)


@require_POST
@login_required
def take_back_reset(
    request: HtmxHttpRequest, card_id: uuid.UUID, log_id: uuid.UUID
) -> HttpResponse:
    """Give a card the schedule it had before it was begun anew."""
    card_or_404(request.user, card_id)
    try:
        resetting.take_back(
            owner_id=request.user.id, card_id=card_id, log_id=log_id, now=timezone.now()
        )
    except CardError as error:
        toast(request, error.sentence, level=messages.INFO)
    else:
        toast(request, "The earlier schedule is restored.")
    return redirect("flashcards:card", card_id=card_id)


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


def _context(request: HtmxHttpRequest, found: Flashcard) -> dict[str, Any]:
    user = request.user
    now, zone = timezone.now(), zone_of(user)
    logs = card_memory.logs_of(owner_id=user.id, card_id=found.id)
    past = card_memory.history_of(logs, now=now, zone=zone)
    settings = study_settings.settings_for(owner_id=user.id)
    schedule = study_settings.for_card(settings, found).schedule
    siblings = notes.siblings(owner_id=user.id, note_id=found.note_id)
    return {
        "card": found,
        "title": card_sides.summary(found),
        "standing": card_memory.standing_of(found, now, zone),
        "memory": card_memory.memory_of(found, now, settings=schedule),
        "curve": curve_of(found, logs, now=now, zone=zone, settings=schedule),
        "history": Paginator(past, REVIEWS_PER_PAGE).get_page(request.GET.get("reviews")),
        "edits": history.edits_of(owner_id=user.id, card_id=found.id),
        "siblings": [card for card in siblings if card.id != found.id],
        "decks": Deck.objects.filter(owner=user, id__in=found.deck_ids),
        "flags": list(enumerate(labels.FLAGS)),
        "flag_name": labels.FLAGS[found.flag] if found.flag < len(labels.FLAGS) else "",
        "typed_tags": ", ".join(found.tags),
        "source": source_of(user, found),
        "is_buried": found.buried_until is not None and found.buried_until > now,
    }
