"""Typed answers in review: compared at once, and then judged by a model."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.http import HtmxHttpRequest
from accounts.services import provider_for
from flashcards.review import answer_check, answer_judge
from flashcards.web.pages import typed_answer as page
from flashcards.web.views.access import card_or_404
from flashcards.web.views.review import asked, show_next


@require_POST
@login_required
def compare(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Show where what was typed differs from the answer; without a script with the answer."""
    card = card_or_404(request.user, card_id)
    found = answer_check.compare(card, request.POST.get("answer", ""))
    if request.htmx:
        return render(
            request, "flashcards/review/_compared.html", {"compared": found, "card": card}
        )
    at, now = asked(request), timezone.now()
    return show_next(request, at, now, first=card, revealed=True, compared=found)


@require_POST
@login_required
def judge(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Say whether what was typed means the same; by likeness where there is no model.

    Nothing where the words tell it and nobody else can.
    """
    card = card_or_404(request.user, card_id)
    found = answer_check.compare(card, request.POST.get("answer", ""))
    provider = provider_for(request.user)
    if found.is_right or not found.typed or not (provider.is_model or found.is_open):
        return HttpResponse("")
    if provider.is_model:
        judged = page.judged_by_tutor(answer_judge.judge(provider, card, found))
    else:
        judged = page.judged_by_rules(*answer_check.by_rules(found))
    return render(request, "flashcards/review/_judged.html", {"judged": judged})
