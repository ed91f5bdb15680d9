"""Duplicates: what of the whole collection is the same, reversed or confusable, and resolved."""

import uuid
from collections import Counter
from collections.abc import Callable
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
from flashcards.cards import revert
from flashcards.cards.cards import delete_card, restore_card
from flashcards.domain.records import Flashcard
from flashcards.domain.validation import CardError
from flashcards.duplicates import collection_search, joining, resolving
from flashcards.duplicates.judge import Verdict
from flashcards.models import CardEdit, DuplicateSearch
from flashcards.store import cards
from flashcards.web.forms.ids import ids_in
from flashcards.web.views.access import card_or_404
from memoryloop.web.toasts import toast

PAGE_SIZE = 20
GROUP_MOST = 50


@require_safe
@login_required
def duplicates_page(request: HtmxHttpRequest) -> HttpResponse:
    """Show how far the search is, and the groups that it found."""
    context = _context(request)
    is_fragment = request.htmx and request.htmx.target == "duplicates-progress"
    if is_fragment and not context["working"]:
        # The page as a whole says what was found.
        return HttpResponse(headers={"HX-Refresh": "true"})
    if is_fragment:
        return render(request, "flashcards/duplicates/_duplicates_progress.html", context)
    return render(request, "flashcards/duplicates/duplicates.html", context)


@require_POST
@login_required
def start_search(request: HtmxHttpRequest) -> HttpResponse:
    """Look through all cards, in the background."""
    collection_search.start(owner_id=request.user.id, now=timezone.now())
    return redirect("flashcards:duplicates")


@require_POST
@login_required
def stop_search(request: HtmxHttpRequest) -> HttpResponse:
    """End the search and keep what it found."""
    collection_search.stop(owner_id=request.user.id, now=timezone.now())
    return redirect("flashcards:duplicates")


@require_POST
@login_required
def tell_apart(request: HtmxHttpRequest) -> HttpResponse:
    """Remember that the cards of a group are no duplicates."""
    ids = ids_in([request.POST.get("cards", "")])[:GROUP_MOST]
    resolving.mark_not_duplicates(owner_id=request.user.id, card_ids=ids, now=timezone.now())
    toast(request, "The cards are kept and will not be shown here again.")
    return redirect("flashcards:duplicates")


@require_POST
@login_required
def delete_duplicate(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Move one card of a group to the trash; the toast restores it."""
    card_or_404(request.user, card_id)
    delete_card(owner_id=request.user.id, card_id=card_id, now=timezone.now())
    undo = reverse("flashcards:restore_card", args=[card_id])
    toast(request, "Card deleted.", undo_url=undo)
    return redirect("flashcards:duplicates")


@require_POST
@login_required
def merge_duplicate(
    request: HtmxHttpRequest, card_id: uuid.UUID, into_id: uuid.UUID
) -> HttpResponse:
    """Add the text of one card to another, and move the first to the trash."""
    return _into(request, card_id, into_id, replacing=False)


@require_POST
@login_required
def replace_duplicate(
    request: HtmxHttpRequest, card_id: uuid.UUID, into_id: uuid.UUID
) -> HttpResponse:
    """Give a card the text of another, and move that one to the trash; the schedule stays."""
    return _into(request, card_id, into_id, replacing=True)


def _into(
    request: HtmxHttpRequest, card_id: uuid.UUID, into_id: uuid.UUID, *, replacing: bool
) -> HttpResponse:
    card, into = _two_cards_or_404(request, card_id, into_id)
    now = timezone.now()
    words: dict[str, Any] = {"question": card.question, "answer": card.answer}
    before = revert.newest_edit(owner_id=request.user.id, card_id=into.id)
    try:
        if replacing:
            resolving.replace(
                owner_id=request.user.id, card_id=into.id, kind=card.kind, now=now, **words
            )
        else:
            resolving.merge(owner_id=request.user.id, card_id=into.id, now=now, **words)
    except CardError as error:
        toast(request, error.sentence, level=messages.WARNING)
        return redirect("flashcards:duplicates")
    delete_card(owner_id=request.user.id, card_id=card.id, now=now)
    edit = revert.newest_edit(owner_id=request.user.id, card_id=into.id)
    changed = edit if edit and (before is None or edit.id != before.id) else None
    undo = reverse("flashcards:undo_duplicate", args=[card.id, into.id])
    toast(
        request,
        "Merged into one card; the other is in the trash.",
        undo_url=f"{undo}?edit={changed.id}" if changed else undo,
    )
    return redirect("flashcards:duplicates")


@require_POST
@login_required
def undo_duplicate(
    request: HtmxHttpRequest, card_id: uuid.UUID, into_id: uuid.UUID
) -> HttpResponse:
    """Restore a merged card from the trash, and the text of the other."""
    card_or_404(request.user, card_id, include_deleted=True)
    card_or_404(request.user, into_id)
    restore_card(owner_id=request.user.id, card_id=card_id)
    edits = ids_in([request.GET.get("edit", "")])
    if edits:
        try:
            revert.revert(
                owner_id=request.user.id, card_id=into_id, edit_id=edits[0], now=timezone.now()
            )
        except (CardError, CardEdit.DoesNotExist):
            toast(request, "The card is restored; the other one was changed since.")
            return redirect("flashcards:duplicates")
    toast(request, "Both cards are restored.")
    return redirect("flashcards:duplicates")


@require_POST
@login_required
def join_duplicates(
    request: HtmxHttpRequest, card_id: uuid.UUID, into_id: uuid.UUID
) -> HttpResponse:
    """Make two cards that ask for one fact in both directions the siblings of one note."""
    if _changed(request, card_id, into_id, joining.join):
        undo = reverse("flashcards:separate_duplicates", args=[card_id, into_id])
        toast(
            request, "One note now, asked both ways round. One side comes up a day.", undo_url=undo
        )
    return redirect("flashcards:duplicates")


@require_POST
@login_required
def separate_duplicates(
    request: HtmxHttpRequest, card_id: uuid.UUID, into_id: uuid.UUID
) -> HttpResponse:
    """Make two siblings notes of their own again, with their earlier words."""
    if _changed(request, card_id, into_id, joining.separate):
        toast(request, "Two cards of their own again.")
    return redirect("flashcards:duplicates")


def _changed(
    request: HtmxHttpRequest,
    card_id: uuid.UUID,
    into_id: uuid.UUID,
    change: Callable[..., object],
) -> bool:
    """Join or separate two cards; if they cannot be, say why and return False."""
    _two_cards_or_404(request, card_id, into_id)
    try:
        change(owner_id=request.user.id, card_id=into_id, other_id=card_id, now=timezone.now())
    except CardError as error:
        toast(request, error.sentence, level=messages.WARNING)
        return False
    return True


def _two_cards_or_404(
    request: HtmxHttpRequest, card_id: uuid.UUID, other_id: uuid.UUID
) -> tuple[Flashcard, Flashcard]:
    """Return two different cards of the learner's."""
    if card_id == other_id:
        raise Http404("There is no such card.")
    return card_or_404(request.user, card_id), card_or_404(request.user, other_id)


def _context(request: HtmxHttpRequest) -> dict[str, Any]:
    now = timezone.now()
    search = collection_search.latest(owner_id=request.user.id, now=now)
    found = collection_search.groups(owner_id=request.user.id, search=search) if search else []
    counts = Counter(group.verdict for group in found)
    return {
        "search": search,
        "counts": {str(verdict): counts[verdict] for verdict in Verdict},
        "working": search is not None and search.status == DuplicateSearch.Status.WORKING,
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "has_cards": cards.for_owner(request.user).exists(),
    }
