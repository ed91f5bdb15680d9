"""/insight/map/: all cards laid out by meaning, as a picture and as a list."""

import hashlib
from datetime import datetime
from typing import Any

import numpy as np
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards import store
from flashcards.domain import card_sides
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.validation import CardError
from flashcards.insight import card_map, map_cards
from flashcards.insight.card_map import Layout
from flashcards.insight.map_cards import CHANCE_NEW, MapCards
from flashcards.insight.mapping.layout import CARDS_LEAST
from flashcards.models import CardMap
from flashcards.review import scope as scopes
from flashcards.web.forms.ids import number_in
from flashcards.web.pages import insight_choice
from flashcards.web.pages import insight_map as page
from memoryloop.storable import storable

PAGE_SIZE = 50
BINARY = "application/octet-stream"
Status = CardMap.Status


@require_safe
@never_cache
@login_required
def map_page(request: HtmxHttpRequest) -> HttpResponse:
    """Show the map of `?of=`, or how far it is; what is missing is asked of the worker."""
    now = timezone.now()
    row = card_map.bring_up(owner_id=request.user.id, now=now)
    working = row is not None and row.status == Status.WORKING
    if request.htmx and request.htmx.target == "map-progress":
        if not working:
            # The page as a whole shows the map.
            return HttpResponse(headers={"HX-Refresh": "true"})
        return render(request, "flashcards/insight/_map_progress.html", {"row": row})
    choice = insight_choice.read(request.user.id, request.GET.dict())
    context: dict[str, Any] = {
        "row": row,
        "working": working,
        "choice": choice,
        "least": CARDS_LEAST,
    }
    if row is not None and row.version and choice.scope is not None:
        context |= page.context(map_cards.read(Layout(row), choice.scope, now))
    else:
        columns = store.columns(request.user.id)
        context["total"] = columns.total
        if 0 < columns.total < CARDS_LEAST:
            context["few"] = page.links(columns.cards(np.flatnonzero(columns.alive)))
    status = 422 if choice.problem else 200
    return render(request, "flashcards/insight/map.html", context, status=status)


@require_POST
@login_required
def make_map(request: HtmxHttpRequest) -> HttpResponse:
    """Have the map made anew, as after one that failed."""
    if store.columns(request.user.id).total >= CARDS_LEAST:
        card_map.request(owner_id=request.user.id, now=timezone.now())
    return redirect("flashcards:insight_map")


@require_POST
@login_required
def stop_map(request: HtmxHttpRequest) -> HttpResponse:
    """Have the worker give up the map that it is making."""
    card_map.stop(owner_id=request.user.id, now=timezone.now())
    return redirect("flashcards:insight_map")


@require_safe
@login_required
def map_points(request: HtmxHttpRequest) -> HttpResponse:
    """Answer with the points of `?of=` as `MapCards.packed` has them, or that nothing changed."""
    content = _cards_or_404(request, timezone.now()).packed()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(content, content_type=BINARY, headers=headers)


@require_safe
@login_required
def map_found(request: HtmxHttpRequest) -> HttpResponse:
    """Answer with which points `?q=` finds: their places as uint32, little-endian."""
    cards = _cards_or_404(request, timezone.now())
    try:
        found = cards.found(scopes.of_search(storable(request.GET.get("q", ""))))
    except (BadQuery, CardError) as error:
        return HttpResponse(error.sentence, content_type="text/plain; charset=utf-8", status=422)
    return HttpResponse(
        found.astype("<u4").tobytes(),
        content_type=BINARY,
        headers={"Cache-Control": "private, no-store"},
    )


@require_safe
@login_required
def map_card(request: HtmxHttpRequest) -> HttpResponse:
    """Show the card of the point `?at=`: its question, with a link to it."""
    cards = _cards_or_404(request, timezone.now())
    at = number_in(request.GET.get("at"), most_digits=7)
    card = cards.card(at) if at is not None else None
    if card is None or at is None:
        raise Http404("There is no such point.")
    names = {str(deck.id): deck.name for deck in cards.decks}
    is_new = cards.chance_classes[at] == CHANCE_NEW
    context = {
        "card": card,
        "title": card_sides.summary(card),
        "chance": None if is_new else float(cards.chances[at]),
        "decks": [names[str(each)] for each in card.deck_ids if str(each) in names],
    }
    return render(request, "flashcards/insight/_map_card.html", context)


@require_safe
@never_cache
@login_required
def map_region(request: HtmxHttpRequest, number: int) -> HttpResponse:
    """List the cards of a region of the map, a page of them."""
    cards = _cards_or_404(request, timezone.now())
    ids = cards.in_region(number)
    if not ids:
        raise Http404("There are no cards there.")
    shown = Paginator(ids, PAGE_SIZE).get_page(request.GET.get("page"))
    places = cards.columns.places_of(list(shown.object_list))
    regions = [each for each in cards.layout.regions if each.level == 0]
    context = {
        "choice": insight_choice.read(request.user.id, request.GET.dict()),
        "name": regions[number].name,
        "page": shown,
        "links": page.links(cards.columns.cards(places)),
        "count": len(ids),
    }
    return render(request, "flashcards/insight/map_region.html", context)


def _cards_or_404(request: HtmxHttpRequest, now: datetime) -> MapCards:
    """Return the learner's map with the cards of `?of=`, of `?version=` if that is named."""
    row = card_map.latest(owner_id=request.user.id, now=now)
    choice = insight_choice.read(request.user.id, request.GET.dict())
    version = number_in(request.GET.get("version"), most_digits=9)
    if row is None or not row.version or choice.scope is None:
        raise Http404("There is no map.")
    if version is not None and version != row.version:
        raise Http404("There is a newer map.")
    return map_cards.read(Layout(row), choice.scope, now)
