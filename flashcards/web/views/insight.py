"""/insight/: what a learner knows, what it costs and what is coming, as charts."""

import dataclasses
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.http import HtmxHttpRequest
from flashcards import store
from flashcards.domain.query.syntax import BadQuery
from flashcards.insight import statistics
from flashcards.insight.statistics import Reading
from flashcards.insight.totals import totals_of
from flashcards.web.pages import insight_choice, insight_page, insight_today
from flashcards.web.pages.insight_choice import Choice


@require_safe
@never_cache
@login_required
def insight(request: HtmxHttpRequest) -> HttpResponse:
    """Show the statistics of `?of=` (a deck, a search) over `?span=`."""
    now = timezone.now()
    choice = insight_choice.read(request.user.id, request.GET.dict())
    choice, reading = _reading(choice, now)
    context: dict[str, Any] = {"choice": choice}
    # Not by the log: half a million answers are read in half a second.
    if not totals_of(request.user.id).counts.sum():
        context |= {"is_empty": True, "has_cards": store.columns(request.user.id).total > 0}
    elif reading is not None:
        context |= {
            "today": insight_today.box(reading, now),
            "sections": insight_page.sections(choice),
        }
    is_fragment = request.htmx and request.htmx.target == "insight"
    fragment, whole = "flashcards/insight/_statistics.html", "flashcards/insight/insight.html"
    status = 422 if choice.problem else 200
    return render(request, fragment if is_fragment else whole, context, status=status)


@require_safe
@never_cache
@login_required
def chart(request: HtmxHttpRequest, chart: str) -> HttpResponse:
    """Show one chart of the page: `?step=` by days, weeks or months, `?year=` of a year."""
    found = insight_page.CHARTS.get(chart)
    choice = insight_choice.read(request.user.id, request.GET.dict())
    choice, reading = _reading(choice, timezone.now())
    if found is None or reading is None:
        raise Http404("There is no such chart.")
    view = insight_page.view(found, choice, reading, insight_page.read_asked(request.GET.dict()))
    fragment, whole = "flashcards/insight/_chart.html", "flashcards/insight/chart.html"
    context = {"choice": choice, "view": view}
    return render(request, fragment if request.htmx else whole, context)


def _reading(choice: Choice, now: datetime) -> tuple[Choice, Reading | None]:
    """Return what statistics of a choice are worked out from; None with what is wrong with it."""
    if choice.scope is None:
        return choice, None
    try:
        return choice, statistics.read(choice.owner_id, choice.scope, choice.span, now)
    except BadQuery as error:
        return dataclasses.replace(choice, scope=None, problem=error.sentence), None
