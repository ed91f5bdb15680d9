"""The context of an answer: the prompt that was sent for it."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.http import HtmxHttpRequest
from chat.recall import answer_context
from chat.web.views.access import get_answer


@require_safe
@login_required
def context(request: HtmxHttpRequest, message_id: UUID) -> HttpResponse:
    """Show exactly what was sent for an answer: a panel to htmx, else a page."""
    answer = get_answer(request.user, message_id)
    data = {"answer": answer, "sent": answer_context.sent(request.user, answer)}
    return render(request, "chat/_context.html" if request.htmx else "chat/context.html", data)
