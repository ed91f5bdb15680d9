"""The review session: one card, one rating, one round trip."""

import uuid
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards import study_settings
from flashcards.cards.cards import bury_card, set_suspended, set_tags
from flashcards.cards.sources import source_of
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.records import Flashcard
from flashcards.domain.validation import CardError
from flashcards.models import Deck, ReviewSession
from flashcards.review import leeches, pace, scope, session
from flashcards.review.due import due_queue
from flashcards.review.learner import Learner
from flashcards.review.next_card import Kind, Stage
from flashcards.review.practice import NothingToStudy
from flashcards.review.ratings import AlreadyAnswered, Answer, NothingToUndo
from flashcards.review.session import StudySession
from flashcards.web.forms.cards import RatingForm
from flashcards.web.pages import session_links
from flashcards.web.views import stage as staging
from flashcards.web.views.access import card_or_404, next_url
from flashcards.web.views.stage import SWITCH, Asked, asked, client_id, go_on, show_next
from memoryloop.web.toasts import toast

ANSWERED_ELSEWHERE = "That card was already answered in another tab. Here is the next one."
MARKED, UNMARKED = "Marked as a leech.", "No longer marked as a leech."
BAD_RATING = "That rating did not arrive as one of Again, Hard, Good or Easy. Rate the card again."


@require_safe
@never_cache
@login_required
def review(request: HtmxHttpRequest) -> HttpResponse:
    """Show the next card; `?show=<card id>` with its answer, `?ahead=1` also one due soon."""
    return _page(request, StudySession(typed=_switch(request)), timezone.now())


@require_safe
@never_cache
@login_required
def review_deck(request: HtmxHttpRequest, deck_id: uuid.UUID) -> HttpResponse:
    """Show the next card of a deck; of a saved search, of what it found when today's began."""
    deck = get_object_or_404(Deck, id=deck_id, owner=request.user)
    now, typed = timezone.now(), _switch(request)
    if deck.is_smart:
        try:
            row = session.due_today(Learner.read(request.user.id), deck, now)
        except BadQuery as error:
            return staging.not_understood(request, error)
        except NothingToStudy:
            return _page(request, StudySession(scope.of_deck(deck), typed=typed), now)
        return redirect(session_links.url(session.of_row(row, typed=typed)))
    return _page(request, StudySession(scope.of_deck(deck), typed=typed), now)


@require_safe
@never_cache
@login_required
def review_session(request: HtmxHttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """Show the next card of a session that was begun on the page of study modes."""
    row = get_object_or_404(ReviewSession, id=session_id, owner=request.user)
    return _page(request, session.of_row(row, typed=_switch(request)), timezone.now())


@require_POST
@login_required
def rate(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Take a rating and answer with the next card."""
    now, at, form = timezone.now(), asked(request), RatingForm(request.POST)
    if not form.is_valid():
        card = card_or_404(request.user, card_id)
        return show_next(request, at, now, first=card, revealed=True, error=BAD_RATING, status=422)
    data = form.cleaned_data
    answer = Answer(
        card_id, data["review_id"], data["sequence"], data["rating"], data["duration_ms"]
    )
    try:
        learner, stage = session.rate(at.session, request.user.id, answer, now, done=at.done)
        if not request.htmx:
            return redirect(session_links.url(at.session))
        return staging.show(request, at, stage, now, learner)
    except Flashcard.DoesNotExist:
        raise Http404("There is no such card.") from None
    except AlreadyAnswered:
        return go_on(request, at, now, notice=ANSWERED_ELSEWHERE)
    except BadQuery as error:
        return staging.not_understood(request, error)
    except CardError as error:
        return show_next(request, at, now, error=error.sentence, status=422)


@require_POST
@login_required
def undo(request: HtmxHttpRequest) -> HttpResponse:
    """Take back the learner's last review and show its card again."""
    now, at = timezone.now(), asked(request)
    undo_id = client_id(request.POST.get("undo_id"))
    try:
        card = session.take_back(at.session, request.user.id, undo_id=undo_id, now=now)
    except NothingToUndo as error:
        return go_on(request, at, now, notice=error.sentence)
    if not request.htmx:
        return redirect(session_links.url(at.session))
    done = max(0, at.done - 1)
    return show_next(request, at, now, done=done, first=card, notice="Undone. Rate it again.")


@require_POST
@login_required
def suspend(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Suspend the card in review and go on."""
    now, at = timezone.now(), asked(request)
    card_or_404(request.user, card_id)
    set_suspended(owner_id=request.user.id, card_id=card_id, suspended=True)
    session.leave_out(at.session, card_id, now)
    resume = reverse("flashcards:resume_card", args=[card_id])
    toast(request, "Suspended: it stays away until you resume it.", undo_url=resume)
    return go_on(request, at, now)


@require_POST
@login_required
def bury(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Put the card in review off until the learner's next day and go on."""
    now, at = timezone.now(), asked(request)
    card_or_404(request.user, card_id)
    settings = study_settings.settings_for(owner_id=request.user.id)
    until = settings.day.start(now, days=1)
    bury_card(owner_id=request.user.id, card_id=card_id, until=until)
    session.leave_out(at.session, card_id, now)
    unbury = reverse("flashcards:unbury_card", args=[card_id])
    toast(request, "Put off until tomorrow.", undo_url=unbury)
    return go_on(request, at, now)


@require_POST
@login_required
def mark_leech(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Tag the card in review as a leech, or take the tag away with `off`; the card stays."""
    at, card = asked(request), card_or_404(request.user, card_id)
    on = "off" not in request.POST
    card = _with_leech_tag(card, marked=on)
    undo_url = reverse("flashcards:review_unleech", args=[card_id]) if on else ""
    toast(request, MARKED if on else UNMARKED, undo_url=undo_url)
    if not request.htmx:
        return redirect(session_links.url(at.session, show=str(card_id)))
    context = {"card": card, "session": at.session}
    return render(request, "flashcards/review/_review_leech.html", context)


@require_POST
@login_required
def unmark_leech(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Take the tag of a leech from a card, from the toast that said it was marked."""
    _with_leech_tag(card_or_404(request.user, card_id), marked=False)
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


@require_safe
@never_cache
@login_required
def due_badge(request: HtmxHttpRequest) -> HttpResponse:
    """Show how many cards are waiting, for the rail."""
    queue = due_queue(owner_id=request.user.id, now=timezone.now(), limit=1)
    return render(request, "flashcards/review/_due_badge.html", {"count": queue.total})


def _with_leech_tag(card: Flashcard, *, marked: bool) -> Flashcard:
    tags = leeches.tags_of(card, marked=marked)
    return set_tags(owner_id=card.owner_id, card_id=card.id, tags=tags, now=timezone.now())


def _page(request: HtmxHttpRequest, at: StudySession, now: datetime) -> HttpResponse:
    learner = Learner.read(request.user.id)
    own = pace.pace_of(owner_id=request.user.id, now=now, settings=learner.settings)
    form = Asked(at, 0, own.seconds_an_answer)
    try:
        if "finish" in request.GET:
            stage = Stage(Kind.FINISHED)
        else:
            ahead = "ahead" in request.GET
            stage = session.next_stage(at, learner, now, ahead=ahead)
        shown = stage.card is not None and request.GET.get("show") == str(stage.card.id)
        return staging.show(request, form, stage, now, learner, revealed=shown)
    except BadQuery as error:
        return staging.not_understood(request, error)


def _switch(request: HtmxHttpRequest) -> bool | None:
    return SWITCH.get(request.GET.get("typed", ""))
