"""The card browser: a table of all cards that is searched, sorted, and worked on in bulk."""

import uuid
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import reswap, retarget, trigger_client_event

from accounts.http import HtmxHttpRequest
from flashcards import store, study_settings
from flashcards.cards import bulk_actions
from flashcards.cards.card_actions import Verb
from flashcards.cards.labels import FLAGS
from flashcards.domain.query.parser import QUERY_MAX_CHARACTERS
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.study_day import zone_of
from flashcards.domain.validation import CardError
from flashcards.models import BulkChange
from flashcards.search import completion, search
from flashcards.web.forms.browser import ChangeForm, ids_in
from flashcards.web.pages import card_table
from flashcards.web.pages.bulk_sentences import sentence
from flashcards.web.views.access import next_url
from memoryloop.web.toasts import toast

# With these the page stays below 150 KB; the next are asked for as one scrolls.
PAGE_SIZE = 30
# Of one shift-click or one page down; the whole of a search is selected by its words.
RANGE_MOST = 20_000
COLUMNS_COOKIE = "card_columns"
_YEAR_SECONDS = 365 * 24 * 60 * 60


@dataclass(frozen=True)
class Asked:
    """What a request asks the browser for."""

    text: str
    order: str
    now: datetime
    zone: tzinfo

    @property
    def parameters(self) -> dict[str, str]:
        return {name: value for name, value in (("q", self.text), ("order", self.order)) if value}

    @property
    def url(self) -> str:
        query = urlencode(self.parameters)
        return reverse("flashcards:cards") + (f"?{query}" if query else "")


@require_safe
@login_required
def card_list(request: HtmxHttpRequest) -> HttpResponse:
    """List the cards that `?q=` finds by `?order=`, a page of them, or only its lines."""
    asked = _asked(request, request.GET)
    try:
        context = _listed(request, asked)
    except BadQuery as error:
        return _told(request, asked, error)
    if "lines" in request.GET:
        return render(request, "flashcards/cards/_browser_lines.html", context)
    is_fragment = request.htmx and request.htmx.target == "card-list"
    template = "flashcards/cards/_card_list.html" if is_fragment else "flashcards/cards/cards.html"
    return render(request, template, context)


@require_safe
@login_required
def card_ids(request: HtmxHttpRequest) -> HttpResponse:
    """Answer with the ids of the cards from `?from=` up to and with `?to=` of a search."""
    asked = _asked(request, request.GET)
    try:
        start, stop = (int(request.GET.get(name, "0")) for name in ("from", "to"))
        found = _find(request, asked)
    except (ValueError, BadQuery):
        raise Http404("There is no such part of the list.") from None
    start = max(start, 0)
    places = found.places[start : min(max(stop + 1, start), start + RANGE_MOST)]
    return JsonResponse({"ids": [str(card_id) for card_id in found.columns.ids(places)]})


@require_safe
@login_required
def complete(request: HtmxHttpRequest) -> HttpResponse:
    """Answer with what the search could go on with where the cursor is: options of a list."""
    text = _text(request.GET.get("q", ""))
    at = request.GET.get("at", "")
    position = min(int(at), len(text)) if at.isascii() and at.isdigit() else len(text)
    options = completion.complete(owner_id=request.user.id, text=text, at=position)
    return render(request, "flashcards/cards/_completions.html", {"options": options})


@require_POST
@login_required
def choose_columns(request: HtmxHttpRequest) -> HttpResponse:
    """Remember in this browser which columns the table has."""
    chosen = [column.order.value for column in card_table.columns(request.POST.getlist("columns"))]
    response = redirect(next_url(request, reverse("flashcards:cards")))
    response.set_cookie(
        COLUMNS_COOKIE, "-".join(chosen), max_age=_YEAR_SECONDS, httponly=True, samesite="Lax",
        secure=request.is_secure(),
    )  # fmt: skip
    return response


@require_POST
@login_required
def change_cards(request: HtmxHttpRequest) -> HttpResponse:
    """Do something to the selected cards, or to all that the search finds."""
    asked = _asked(request, request.POST)
    form = ChangeForm(request.POST)
    if not form.is_valid():
        problem = next(iter(form.errors.values()))[0]
        return _changed(request, asked, str(problem), failed=True)
    try:
        change = bulk_actions.start(
            owner_id=request.user.id,
            verb=Verb(form.cleaned_data["verb"]),
            card_ids=_selected(request, asked, form),
            argument=form.argument(
                owner_id=request.user.id,
                now=asked.now,
                day=study_settings.settings_for(owner_id=request.user.id).day,
            ),
            clock=timezone.now,
        )
    except CardError as error:
        return _changed(request, asked, error.sentence, failed=True)
    except BadQuery as error:
        return _changed(request, asked, error.sentence, failed=True)
    return _changed(request, asked, "", change=change)


@require_safe
@login_required
def change_progress(request: HtmxHttpRequest, change_id: uuid.UUID) -> HttpResponse:
    """Show how far a change in the background has come; once it is there, say so."""
    change = get_object_or_404(
        BulkChange.objects.defer("card_ids"), id=change_id, owner=request.user
    )
    if not request.htmx:
        return redirect("flashcards:cards")
    if change.is_under_way:
        return render(request, "flashcards/cards/_bulk_progress.html", {"change": change})
    _say_done(request, change)
    response = render(request, "flashcards/cards/_bulk_progress.html", {"is_over": True})
    trigger_client_event(response, "cards-changed")
    return trigger_client_event(response, "bulk-done")


@require_POST
@login_required
def undo_change(request: HtmxHttpRequest, change_id: uuid.UUID) -> HttpResponse:
    """Take back what was done to many cards."""
    get_object_or_404(BulkChange, id=change_id, owner=request.user)
    try:
        change = bulk_actions.undo(
            owner_id=request.user.id, change_id=change_id, clock=timezone.now
        )
    except CardError as error:
        toast(request, error.sentence, level=messages.ERROR)
    else:
        if not change.is_under_way:
            _say_done(request, change)
    return redirect(next_url(request, reverse("flashcards:cards")))


def _text(value: str) -> str:
    # PostgreSQL and LanceDB hold no NUL; nobody types one.
    return value.replace("\x00", "")[: QUERY_MAX_CHARACTERS + 1]


def _asked(request: HtmxHttpRequest, data: Any) -> Asked:
    order = data.get("order", "")
    by, descends = search.split_order(order)
    known = order if order.removeprefix("-") == by else ""
    # What it would be anyway is not said.
    known = "" if known == search.NEWEST_FIRST and descends else known
    return Asked(_text(data.get("q", "")).strip(), known, timezone.now(), zone_of(request.user))


def _find(request: HtmxHttpRequest, asked: Asked) -> search.Found:
    return search.find(
        owner_id=request.user.id,
        text=asked.text,
        now=asked.now,
        zone=asked.zone,
        order=asked.order,
    )


def _listed(request: HtmxHttpRequest, asked: Asked) -> dict[str, Any]:
    """Return what the table is drawn from. Raises BadQuery."""
    found = _find(request, asked)
    page = Paginator(range(len(found)), PAGE_SIZE).get_page(request.GET.get("page"))
    shown = card_table.columns(request.COOKIES.get(COLUMNS_COOKIE, "").split("-"))
    start = max(page.start_index() - 1, 0)
    rows = card_table.lines(
        found, start, start + PAGE_SIZE, shown=shown, now=asked.now, zone=asked.zone
    )
    by, descends = search.split_order(asked.order)
    return {
        "q": asked.text,
        "order": asked.order,
        "sorted_by": by,
        "descends": descends,
        "page": page,
        "page_size": PAGE_SIZE,
        "rows": rows,
        "found": len(found),
        "total": found.total,
        "columns": shown,
        "all_columns": card_table.COLUMNS,
        "deck_names": sorted(
            (deck.name for deck in found.decks if not deck.is_smart), key=str.lower
        ),
        "tag_names": completion.tags(found.columns) if not request.htmx else [],
        "flags": list(enumerate(FLAGS)),
        "change": bulk_actions.under_way(owner_id=request.user.id),
    }


def _told(request: HtmxHttpRequest, asked: Asked, error: BadQuery) -> HttpResponse:
    """Point at the place in the search that is not understood; the list stays as it is."""
    if error.is_unfinished and request.htmx:
        # Somebody is still typing: the list waits.
        return retarget(render(request, "flashcards/cards/_search_problem.html"), "#search-problem")
    at = min(error.position, len(asked.text))
    context = {
        "problem": error.sentence,
        "before": asked.text[:at],
        "place": asked.text[at : at + 1] or " ",
        "after": asked.text[at + 1 :],
        "q": asked.text,
        "order": asked.order,
        "rows": [],
        "total": store.columns(request.user.id).total,
    }
    if request.htmx:
        response = render(request, "flashcards/cards/_search_problem.html", context, status=422)
        return retarget(response, "#search-problem")
    return render(request, "flashcards/cards/cards.html", context, status=422)


def _selected(request: HtmxHttpRequest, asked: Asked, form: ChangeForm) -> list[uuid.UUID]:
    if not form.cleaned_data["all"]:
        return ids_in(request.POST.getlist("ids"))
    spared = set(ids_in(request.POST.getlist("except")))
    return [card_id for card_id in _find(request, asked).ids() if card_id not in spared]


def _changed(
    request: HtmxHttpRequest,
    asked: Asked,
    problem: str,
    *,
    change: BulkChange | None = None,
    failed: bool = False,
) -> HttpResponse:
    """Answer with the list as it is now and a toast; without htmx, lead back to it."""
    if problem:
        toast(request, problem, level=messages.ERROR)
    elif change is not None and not change.is_under_way:
        _say_done(request, change)
    if not request.htmx:
        if not failed:
            return redirect(asked.url)
        return render(request, "flashcards/cards/cards.html", _listed(request, asked), status=422)
    if failed:
        return reswap(render(request, "_toasts.html", {"oob": True}, status=422), "none")
    response = render(request, "flashcards/cards/_card_list.html", {**_listed(request, asked),
                                                              "with_toasts": True})  # fmt: skip
    return trigger_client_event(response, "cards-changed")


def _say_done(request: HtmxHttpRequest, change: BulkChange) -> None:
    can_undo = change.status == BulkChange.Status.DONE and change.changed
    undo_url = reverse("flashcards:undo_change", args=[change.id]) if can_undo else ""
    toast(request, sentence(change), undo_url=undo_url)
