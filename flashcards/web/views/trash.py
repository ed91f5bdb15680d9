"""The trash: the deleted cards of the last thirty days, to restore or to delete permanently."""

import uuid

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.cards import trash
from flashcards.domain import card_sides, durations
from flashcards.domain.study_day import zone_of
from flashcards.web.forms.ids import ids_in
from memoryloop.web.toasts import toast

PAGE_SIZE = 50
SEARCH_MAX_CHARACTERS = 200


@require_safe
@login_required
def trash_page(request: HtmxHttpRequest) -> HttpResponse:
    """List the deleted cards, the last deleted first, narrowed by `?q=` as it is typed."""
    text = _text(request.GET.get("q", ""))
    now, zone = timezone.now(), zone_of(request.user)
    found = trash.cards_in_trash(owner_id=request.user.id, text=text)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [
        {
            "card": card,
            "title": card_sides.summary(card),
            "deleted": durations.ago(card.deleted_at or now, now=now, zone=zone),
            "days_left": trash.days_left(card, now),
        }
        for card in page.object_list
    ]
    context = {"q": text, "page": page, "rows": rows}
    is_fragment = request.htmx and request.htmx.target == "trash-list"
    template = "flashcards/cards/_trash_list.html" if is_fragment else "flashcards/cards/trash.html"
    return render(request, template, context)


@require_POST
@login_required
def restore_from_trash(request: HtmxHttpRequest) -> HttpResponse:
    """Restore the selected cards, or all that the search finds."""
    restored = trash.restore(owner_id=request.user.id, card_ids=_chosen(request))
    if not restored:
        toast(request, "Select the cards to restore first.")
    else:
        said = f"{durations.count(len(restored), 'card')} restored."
        one = reverse("flashcards:delete_card", args=[restored[0].id])
        toast(request, said, undo_url=one if len(restored) == 1 else "")
    return redirect(_back(request))


@require_POST
@login_required
def erase_from_trash(request: HtmxHttpRequest) -> HttpResponse:
    """Delete cards permanently, after a page that asks whether that is meant."""
    ids = _chosen(request)
    if not ids:
        toast(request, "Select the cards to delete permanently first.")
        return redirect(_back(request))
    if "sure" not in request.POST:
        found = trash.cards_in_trash(owner_id=request.user.id).in_bulk(ids)
        context = {
            "ids": list(found),
            "titles": [card_sides.summary(card) for card in list(found.values())[:5]],
            "more": max(0, len(found) - 5),
            "q": _text(request.POST.get("q", "")),
        }
        return render(request, "flashcards/cards/erase_cards.html", context)
    erased = trash.erase(owner_id=request.user.id, card_ids=ids)
    toast(request, f"{durations.count(erased, 'card')} deleted permanently.")
    return redirect(_back(request))


def _chosen(request: HtmxHttpRequest) -> list[uuid.UUID]:
    """Return the selected cards; with `all`, all that the search finds."""
    if "all" in request.POST:
        text = _text(request.POST.get("q", ""))
        found = trash.cards_in_trash(owner_id=request.user.id, text=text)
        return [uuid.UUID(row["id"]) for row in found.values("id")]
    return ids_in(request.POST.getlist("card"))


def _text(typed: str) -> str:
    # PostgreSQL and LanceDB hold no NUL; nobody types one.
    return typed.replace("\x00", "").strip()[:SEARCH_MAX_CHARACTERS]


def _back(request: HtmxHttpRequest) -> str:
    text = _text(request.POST.get("q", ""))
    url = reverse("flashcards:trash")
    return f"{url}?{urlencode({'q': text})}" if text else url
