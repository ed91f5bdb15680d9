"""Explaining a card: a conversation with the tutor about it."""

import functools
import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.http import HtmxHttpRequest
from flashcards.domain.study_day import zone_of
from flashcards.tutor import explain_card
from flashcards.web.pages import tutor_links
from flashcards.web.views.access import card_or_404


@require_POST
@login_required
def explain(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Open a conversation in which the tutor explains a card."""
    card = card_or_404(request.user, card_id)
    reviewing = request.POST.get("from") == "review"
    conversation = explain_card.explain(
        request.user,
        card,
        now=timezone.now(),
        zone=zone_of(request.user),
        links=functools.partial(tutor_links.explain_links, card, from_review=reviewing),
    )
    return redirect(conversation)
