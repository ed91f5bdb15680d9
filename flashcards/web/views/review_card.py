"""The card in review: it is put off, suspended, marked as a leech, or its source is shown."""

import uuid
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards import study_settings
from flashcards.cards.cards import bury_card, set_suspended, set_tags
from flashcards.cards.sources import source_of
from flashcards.domain.records import Flashcard
from flashcards.review import leeches, review_actions, session
from flashcards.review.review_actions import Action
from flashcards.review.session import StudySession
from flashcards.web.views.access import card_or_404
from flashcards.web.views.review import asked, go_on, session_url
from memoryloop.web.address import next_url
from memoryloop.web.toasts import toast

MARKED, UNMARKED = "Marked as a leech.", "No longer marked as a leech."


@require_POST
@login_required
def suspend(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Suspend the card in review and go on."""
    now, at = timezone.now(), asked(request)
    card = card_or_404(request.user, card_id)
    with transaction.atomic():
        after = set_suspended(owner_id=request.user.id, card_id=card_id, suspended=True)
        session.leave_out(at.session, card_id, now)
        _record(Action.SUSPEND, card, after, now, at.session)
    resume = reverse("flashcards:resume_card", args=[card_id])
    toast(request, "Suspended: it stays away until you resume it.", undo_url=resume)
    return go_on(request, at, now)


@require_POST
@login_required
def bury(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Put the card in review off until the learner's next day and go on."""
    now, at = timezone.now(), asked(request)
    card = card_or_404(request.user, card_id)
    settings = study_settings.settings_for(owner_id=request.user.id)
    until = settings.day.start(now, days=1)
    with transaction.atomic():
        after = bury_card(owner_id=request.user.id, card_id=card_id, until=until)
        session.leave_out(at.session, card_id, now)
        _record(Action.BURY, card, after, now, at.session)
    unbury = reverse("flashcards:unbury_card", args=[card_id])
    toast(request, "Put off until tomorrow.", undo_url=unbury)
    return go_on(request, at, now)


@require_POST
@login_required
def mark_leech(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Tag the card in review as a leech, or take the tag away with `off`; the card stays."""
    now, at = timezone.now(), asked(request)
    card, on = card_or_404(request.user, card_id), "off" not in request.POST
    with transaction.atomic():
        before, card = card, _with_leech_tag(card, now, marked=on)
        _record(Action.MARK if on else Action.UNMARK, before, card, now)
    undo_url = reverse("flashcards:review_unleech", args=[card_id]) if on else ""
    toast(request, MARKED if on else UNMARKED, undo_url=undo_url)
    if not request.htmx:
        return redirect(session_url(at.session, show=str(card_id)))
    context = {"card": card, "session": at.session}
    return render(request, "flashcards/review/_review_leech.html", context)


@require_POST
@login_required
def unmark_leech(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Take the tag of a leech from a card, from the toast that said it was marked."""
    _with_leech_tag(card_or_404(request.user, card_id), timezone.now(), marked=False)
    toast(request, UNMARKED)
    return redirect(next_url(request, reverse("flashcards:review")))


@require_safe
@login_required
def source(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Show the words that a card came from; a page of its own has them without a script."""
    card = card_or_404(request.user, card_id)
    if not request.htmx:
        return redirect(reverse("flashcards:card", args=[card_id]) + "#source")
    return render(
        request, "flashcards/review/_source.html", {"source": source_of(request.user, card)}
    )


def _with_leech_tag(card: Flashcard, now: datetime, *, marked: bool) -> Flashcard:
    tags = leeches.tags_of(card, marked=marked)
    return set_tags(owner_id=card.owner_id, card_id=card.id, tags=tags, now=now)


def _record(
    kind: Action,
    before: Flashcard,
    after: Flashcard,
    now: datetime,
    session: StudySession | None = None,
) -> None:
    """Record what was done to a card, for Undo."""
    review_actions.record(
        kind,
        owner_id=after.owner_id,
        card_id=after.id,
        before=[before],
        after=[after],
        now=now,
        session=session,
    )
