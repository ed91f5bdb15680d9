"""What an answer was told."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat import contexts
from chat.views.access import get_answer
from memoryloop.http import HtmxHttpRequest


@require_safe
@login_required
def context(request: HtmxHttpRequest, message_id: UUID) -> HttpResponse:
    """Show exactly what was sent for an answer: a panel to htmx, else a page of its own."""
    answer = get_answer(request.user, message_id)
    told = {"answer": answer, "sent": contexts.sent(request.user, answer)}
    return render(request, "chat/_context.html" if request.htmx else "chat/context.html", told)
