"""A card's page, and what can be changed on it: labels, the text of an edit, the schedule."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.cards import labels, revert
from flashcards.cards.neighbours import neighbours_of
from flashcards.domain import card_sides
from flashcards.domain.records import Flashcard
from flashcards.domain.validation import CardError
from flashcards.models import CardEdit
from flashcards.review import resetting
from flashcards.web.forms.cards import split_tags
from flashcards.web.forms.ids import number_in
from flashcards.web.pages import card as page
from flashcards.web.views.access import card_or_404
from memoryloop.web.toasts import toast


@require_safe
@login_required
def card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Show both sides of a card, its source, its memory and its history."""
    return _page(request, card_or_404(request.user, card_id))


@require_safe
@login_required
def near(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Show the learner's cards that are most similar; a page of its own without htmx."""
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
    flag = number_in(request.POST.get("flag"), most_digits=2)
    try:
        labels.set_labels(
            owner_id=request.user.id,
            card_id=card_id,
            tags=split_tags(typed),
            flag=-1 if flag is None else flag,
            now=timezone.now(),
        )
    except CardError as error:
        return _page(request, found, label_error=error.sentence, typed_tags=typed)
    toast(request, "Tags and flag saved.")
    return redirect("flashcards:card", card_id=card_id)


@require_POST
@login_required
def revert_edit(request: HtmxHttpRequest, card_id: uuid.UUID, edit_id: uuid.UUID) -> HttpResponse:
    """Restore the text from before an edit; the toast takes that back."""
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
        shown = next((card for card in changed if card.id == card_id), changed[0])
        newest = revert.newest_edit(owner_id=request.user.id, card_id=shown.id)
        undo = reverse("flashcards:revert_edit", args=[shown.id, newest.id]) if newest else ""
        toast(request, "The earlier text is restored. The schedule is unchanged.", undo_url=undo)
    return redirect("flashcards:card", card_id=card_id)


@require_POST
@login_required
def reset_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Reset a card's schedule; the toast takes that back."""
    card_or_404(request.user, card_id)
    _, log = resetting.reset_schedule(owner_id=request.user.id, card_id=card_id, now=timezone.now())
    undo = reverse("flashcards:take_back_reset", args=[card_id, log.id])
    said = "Schedule reset: it comes as a new card. Its reviews are kept."
    toast(request, said, undo_url=undo)
    return redirect("flashcards:card", card_id=card_id)


@require_POST
@login_required
def take_back_reset(
    request: HtmxHttpRequest, card_id: uuid.UUID, log_id: uuid.UUID
) -> HttpResponse:
    """Give a card the schedule from before its reset."""
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


def _page(request: HtmxHttpRequest, card: Flashcard, **problem: str) -> HttpResponse:
    """Show the card's page; with `problem`, why its labels were not saved, answer 422."""
    context = page.context(
        request.user, card, now=timezone.now(), reviews_page=request.GET.get("reviews", "")
    )
    status = 422 if problem else 200
    return render(request, "flashcards/cards/card.html", context | problem, status=status)
