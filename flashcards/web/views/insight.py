"""/insight/: what a learner knows, what it costs and what is coming, as charts."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.http import HtmxHttpRequest
from flashcards import store
from flashcards.domain.records import State
from flashcards.web.pages import insight_choice


@require_safe
@never_cache
@login_required
def insight(request: HtmxHttpRequest) -> HttpResponse:
    """Show the statistics of `?of=` (a deck, a search) over `?span=`."""
    owner_id = request.user.id
    choice = insight_choice.read(owner_id, request.GET.dict())
    columns = store.columns(owner_id)
    context = {
        "choice": choice,
        "has_cards": columns.total > 0,
        "has_reviews": bool((columns.array("state") != State.NEW).any()),
    }
    is_fragment = request.htmx and request.htmx.target == "insight"
    template = (
        "flashcards/insight/_statistics.html" if is_fragment else "flashcards/insight/insight.html"
    )
    return render(request, template, context, status=422 if choice.problem else 200)
