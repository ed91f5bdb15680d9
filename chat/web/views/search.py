"""Search over all messages and titles of conversations."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.http import HtmxHttpRequest
from chat.conversations import pin_and_archive
from chat.recall import message_search
from chat.web.views.conversations import PER_PAGE


@require_safe
@login_required
def search(request: HtmxHttpRequest) -> HttpResponse:
    """Show the results for `?q=`, as it is typed; without it, the list of conversations."""
    text = request.GET.get("q", "").replace("\0", "").strip()[: message_search.TEXT_MAX_CHARACTERS]
    context: dict[str, object] = {"q": text}
    if text:
        context["found"] = message_search.search(owner_id=request.user.id, text=text)
    else:
        context["page"] = Paginator(pin_and_archive.listed(request.user), PER_PAGE).get_page(1)
    is_fragment = request.htmx and request.htmx.target == "found"
    template = "chat/_search_results.html" if is_fragment else "chat/search.html"
    return render(request, template, context)
