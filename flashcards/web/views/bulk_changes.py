"""Bulk changes from the card browser: done to the selected cards, followed, and undone."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import reswap, trigger_client_event

from accounts.http import HtmxHttpRequest
from flashcards import study_settings
from flashcards.cards import bulk_actions
from flashcards.cards.card_actions import Verb
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.validation import CardError
from flashcards.models import BulkChange
from flashcards.web.forms.bulk_changes import ChangeForm
from flashcards.web.forms.ids import ids_in
from flashcards.web.pages import browser as page
from flashcards.web.pages import bulk_change
from flashcards.web.pages.browser import BrowserQuery
from memoryloop.web.address import can_redirect_to, next_url
from memoryloop.web.toasts import toast


@require_POST
@login_required
def change_cards(request: HtmxHttpRequest) -> HttpResponse:
    """Do something to the selected cards, or to all that the search finds."""
    query = BrowserQuery.of(request.user, request.POST)
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return _refused(request, query, str(next(iter(form.errors.values()))[0]))
    day = study_settings.settings_for(owner_id=request.user.id).day
    try:
        change = bulk_actions.start(
            owner_id=request.user.id,
            verb=Verb(form.cleaned_data["verb"]),
            card_ids=_selected(request, query, is_all=form.cleaned_data["all"]),
            argument=form.argument(owner_id=request.user.id, now=query.now, day=day),
            clock=timezone.now,
        )
    except (CardError, BadQuery) as error:
        return _refused(request, query, error.sentence)
    bulk_change.tell(request, change)
    if not request.htmx:
        # What was done is done, however long the search is.
        return redirect(query.url if can_redirect_to(query.url) else "flashcards:cards")
    context = {**_table(request, query), "with_toasts": True}
    response = render(request, "flashcards/cards/_card_list.html", context)
    return trigger_client_event(response, "cards-changed")


@require_safe
@login_required
def change_progress(request: HtmxHttpRequest, change_id: uuid.UUID) -> HttpResponse:
    """Show how far a change in the background has come; once it is done, say so."""
    change = get_object_or_404(
        BulkChange.objects.defer("card_ids"), id=change_id, owner=request.user
    )
    if not request.htmx:
        return redirect("flashcards:cards")
    if change.is_under_way:
        return render(request, "flashcards/cards/_bulk_progress.html", {"change": change})
    bulk_change.tell(request, change)
    response = render(request, "flashcards/cards/_bulk_progress.html", {"is_over": True})
    trigger_client_event(response, "cards-changed")
    return trigger_client_event(response, "bulk-done")


@require_POST
@login_required
def undo_change(request: HtmxHttpRequest, change_id: uuid.UUID) -> HttpResponse:
    """Undo what was done to many cards."""
    get_object_or_404(BulkChange, id=change_id, owner=request.user)
    try:
        change = bulk_actions.undo(
            owner_id=request.user.id, change_id=change_id, clock=timezone.now
        )
    except CardError as error:
        toast(request, error.sentence, level=messages.ERROR)
    else:
        bulk_change.tell(request, change)
    return redirect(next_url(request, reverse("flashcards:cards")))


def _selected(request: HtmxHttpRequest, query: BrowserQuery, *, is_all: bool) -> list[uuid.UUID]:
    """Return the selected cards, or all that the search finds but for some. Raises BadQuery."""
    if not is_all:
        return ids_in(request.POST.getlist("ids"))
    spared = set(ids_in(request.POST.getlist("except")))
    return [card_id for card_id in query.find().ids() if card_id not in spared]


def _refused(request: HtmxHttpRequest, query: BrowserQuery, sentence: str) -> HttpResponse:
    """Answer 422 with a toast that says why; without htmx the whole page."""
    toast(request, sentence, level=messages.ERROR)
    if request.htmx:
        return reswap(render(request, "_toasts.html", {"oob": True}, status=422), "none")
    return render(request, "flashcards/cards/cards.html", _table(request, query), status=422)


def _table(request: HtmxHttpRequest, query: BrowserQuery) -> dict[str, Any]:
    """Return what the templates take, also of a search that is not understood."""
    try:
        return page.table(request, query)
    except BadQuery as error:
        return page.problem(query, error)
