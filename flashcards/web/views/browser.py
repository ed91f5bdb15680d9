"""The card browser: a table of all cards that is searched and sorted."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import retarget

from accounts.http import HtmxHttpRequest
from flashcards.domain.query.syntax import BadQuery
from flashcards.search import completion
from flashcards.web.forms.ids import number_in
from flashcards.web.pages import browser as page
from flashcards.web.pages import card_table
from flashcards.web.pages.browser import BrowserQuery
from memoryloop.web.address import next_url

# Of one shift-click or one page down; the whole of a search is selected by its words.
RANGE_MOST = 20_000
_YEAR_SECONDS = 365 * 24 * 60 * 60


@require_safe
@login_required
def card_list(request: HtmxHttpRequest) -> HttpResponse:
    """List the cards that `?q=` finds by `?order=`, a page of them, or only its rows."""
    query = BrowserQuery.of(request.user, request.GET)
    try:
        context = page.table(request, query)
    except BadQuery as error:
        return _not_understood(request, query, error)
    if "lines" in request.GET:
        return render(request, "flashcards/cards/_browser_lines.html", context)
    is_fragment = request.htmx and request.htmx.target == "card-list"
    template = "flashcards/cards/_card_list.html" if is_fragment else "flashcards/cards/cards.html"
    return render(request, template, context)


@require_safe
@login_required
def card_ids(request: HtmxHttpRequest) -> HttpResponse:
    """Answer with the ids of the cards from `?from=` up to and with `?to=` of a search."""
    try:
        start, stop = (int(request.GET.get(name, "0")) for name in ("from", "to"))
        found = BrowserQuery.of(request.user, request.GET).find()
    except (ValueError, BadQuery):
        raise Http404("There is no such part of the list.") from None
    start = max(start, 0)
    places = found.places[start : min(max(stop + 1, start), start + RANGE_MOST)]
    return JsonResponse({"ids": [str(card_id) for card_id in found.columns.ids(places)]})


@require_safe
@login_required
def complete(request: HtmxHttpRequest) -> HttpResponse:
    """Answer with what the search could go on with at the cursor: options of a list."""
    text = page.typed_text(request.GET)
    at = number_in(request.GET.get("at"))
    position = len(text) if at is None else min(at, len(text))
    options = completion.complete(owner_id=request.user.id, text=text, at=position)
    return render(request, "flashcards/cards/_completions.html", {"options": options})


@require_POST
@login_required
def choose_columns(request: HtmxHttpRequest) -> HttpResponse:
    """Remember in this browser which columns the table has."""
    chosen = [column.order.value for column in card_table.columns(request.POST.getlist("columns"))]
    response = redirect(next_url(request, reverse("flashcards:cards")))
    response.set_cookie(
        page.COLUMNS_COOKIE, "-".join(chosen), max_age=_YEAR_SECONDS, httponly=True,
        samesite="Lax", secure=request.is_secure(),
    )  # fmt: skip
    return response


def _not_understood(request: HtmxHttpRequest, query: BrowserQuery, error: BadQuery) -> HttpResponse:
    """Point at the place in the search that is not understood; the list stays as it is."""
    if not request.htmx:
        context = page.problem(query, error)
        return render(request, "flashcards/cards/cards.html", context, status=422)
    template = "flashcards/cards/_search_problem.html"
    if error.is_unfinished:
        # Somebody is still typing: the list waits.
        return retarget(render(request, template), "#search-problem")
    response = render(request, template, page.problem(query, error), status=422)
    return retarget(response, "#search-problem")
