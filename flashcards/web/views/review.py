"""The review: the page of a session, and the answers to its ratings. One round trip a rating."""

import math
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.http import HtmxHttpRequest
from flashcards.domain import durations
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.records import Flashcard, Rating
from flashcards.domain.validation import CardError
from flashcards.models import Deck, ReviewSession
from flashcards.review import review_actions, scope, session
from flashcards.review import summary as ending
from flashcards.review.answer_check import Comparison
from flashcards.review.begin_session import NothingToStudy, due_today
from flashcards.review.due import due_queue
from flashcards.review.learner import Learner
from flashcards.review.pace import SECONDS_RANGE, TYPICAL_SECONDS, pace_of
from flashcards.review.ratings import AlreadyAnswered, Answer, NothingToUndo
from flashcards.review.session import Stage, StageKind, StudySession, time_for
from flashcards.web.forms.cards import RatingForm
from flashcards.web.pages import summary as summary_page
from flashcards.web.views.access import card_or_404
from memoryloop.web.toasts import toast

SWITCH = {"1": True, "0": False}
ANSWERED_ELSEWHERE = "That card was already answered in another tab. Here is the next one."
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
            row = due_today(Learner.read(request.user.id), deck, now)
        except BadQuery as error:
            return not_understood(request, error)
        except NothingToStudy:
            return _page(request, StudySession(scope.of_deck(deck), typed=typed), now)
        return redirect(session_url(session.of_row(row, typed=typed)))
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
        card_id=card_id,
        review_id=data["review_id"],
        sequence=data["sequence"],
        rating=Rating(data["rating"]),
        duration_ms=data["duration_ms"] or 0,
    )
    try:
        learner, stage = session.rate(at.session, request.user.id, answer, now, done=at.done)
        if not request.htmx:
            return redirect(session_url(at.session))
        return show(request, at, stage, now, learner)
    except Flashcard.DoesNotExist:
        raise Http404("There is no such card.") from None
    except AlreadyAnswered:
        return go_on(request, at, now, notice=ANSWERED_ELSEWHERE)
    except BadQuery as error:
        return not_understood(request, error)
    except CardError as error:
        return show_next(request, at, now, error=error.sentence, status=422)


@require_POST
@login_required
def undo(request: HtmxHttpRequest) -> HttpResponse:
    """Take back the last thing that the learner did in review, and show its card again."""
    now, at = timezone.now(), asked(request)
    undo_id = client_id(request.POST.get("undo_id"))
    try:
        undone = review_actions.take_back(at.session, request.user.id, undo_id=undo_id, now=now)
    except NothingToUndo as error:
        return go_on(request, at, now, notice=error.sentence)
    what_next = " Rate it again." if undone.is_rating else ""
    toast(request, f"Undone: {undone.name}.{what_next}")
    if not request.htmx:
        return redirect(session_url(at.session))
    done = max(0, at.done - undone.is_rating)
    is_next = undone.is_rating or session.may_come(at.session, undone.card, now)
    return show_next(request, at, now, done=done, first=undone.card if is_next else None)


@require_safe
@never_cache
@login_required
def due_badge(request: HtmxHttpRequest) -> HttpResponse:
    """Show how many cards are waiting, for the rail."""
    queue = due_queue(owner_id=request.user.id, now=timezone.now(), limit=1)
    return render(request, "flashcards/review/_due_badge.html", {"count": queue.total})


def _page(request: HtmxHttpRequest, at: StudySession, now: datetime) -> HttpResponse:
    learner = Learner.read(request.user.id)
    own = pace_of(owner_id=request.user.id, now=now, settings=learner.settings)
    form = Asked(at, 0, own.seconds_an_answer)
    try:
        if "finish" in request.GET:
            stage = Stage(StageKind.FINISHED)
        else:
            ahead = "ahead" in request.GET
            stage = session.next_stage(at, learner, now, ahead=ahead)
        shown = stage.card is not None and request.GET.get("show") == str(stage.card.id)
        return show(request, form, stage, now, learner, revealed=shown)
    except BadQuery as error:
        return not_understood(request, error)


def _switch(request: HtmxHttpRequest) -> bool | None:
    return SWITCH.get(request.GET.get("typed", ""))


# What these views and those of the card in review have in common


@dataclass(frozen=True)
class Asked:
    """The session, the count and the pace that a form of the review page carries."""

    session: StudySession
    done: int
    # Measured when the page was opened.
    seconds_an_answer: float


def asked(request: HtmxHttpRequest) -> Asked:
    """Return what a form says. Raises Http404 for somebody else's session."""
    key, typed = request.POST.get("at", ""), SWITCH.get(request.POST.get("typed", ""))
    try:
        found = session.opened(request.user, key, typed=typed)
    except session.NotThere:
        raise Http404("There is no such session.") from None
    low, high = SECONDS_RANGE
    seconds = number(request.POST.get("pace")) / 1_000 or TYPICAL_SECONDS
    return Asked(found, number(request.POST.get("done")), min(max(seconds, low), high))


def go_on(
    request: HtmxHttpRequest,
    form: Asked,
    now: datetime,
    *,
    done: int | None = None,
    notice: str = "",
) -> HttpResponse:
    """Answer with what comes next: the fragment to htmx, a redirect to a plain form."""
    if not request.htmx:
        if notice:
            toast(request, notice)
        return redirect(session_url(form.session))
    return show_next(request, form, now, done=done, notice=notice)


def show_next(
    request: HtmxHttpRequest,
    form: Asked,
    now: datetime,
    *,
    done: int | None = None,
    first: Flashcard | None = None,
    **how: Any,
) -> HttpResponse:
    """Show the next card of a session, or `first`; `how` is for `show`."""
    learner = Learner.read(request.user.id)
    done = form.done if done is None else done
    try:
        stage = session.next_stage(form.session, learner, now, done=done, first=first)
        return show(request, form, stage, now, learner, **how)
    except BadQuery as error:
        return not_understood(request, error)


def not_understood(request: HtmxHttpRequest, error: BadQuery) -> HttpResponse:
    """Lead to the decks with a toast: the deck's search names something that was deleted."""
    toast(request, error.sentence, level=messages.ERROR)
    url = reverse("flashcards:decks")
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def show(
    request: HtmxHttpRequest,
    form: Asked,
    stage: Stage,
    now: datetime,
    learner: Learner,
    *,
    revealed: bool = False,
    notice: str = "",
    error: str = "",
    compared: Comparison | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show a stage: the whole page, or the fragment to htmx. Raises BadQuery."""
    template = "flashcards/review/_stage.html" if request.htmx else "flashcards/review/review.html"
    context: dict[str, Any] = {
        "revealed": revealed,
        "notice": notice,
        "error": error,
        "session": form.session,
        "types": form.session.types(learner.settings),
        "plays": learner.settings.play_sounds,
        "links": session_links(form.session),
        "switch_url": session_url(form.session.switched(learner.settings)),
        "compared": compared,
        "pace_ms": round(1_000 * form.seconds_an_answer),
    }
    if stage.kind is StageKind.CARD:
        context |= _left(form, stage, now)
    if stage.kind is StageKind.FINISHED and not form.session.has_card_list:
        summary, more = _end(form.session, learner, now)
        stage = replace(stage, done=summary.reviews, due=summary.left)
        context |= more
    if stage.kind is StageKind.WAIT and stage.next_due is not None:
        context["wait_seconds"] = max(1, math.ceil((stage.next_due - now).total_seconds()))
        context["wait_words"] = durations.due(
            stage.next_due, now=now, zone=learner.settings.day.zone
        )
        context["wait_count"] = durations.count(stage.learning, "card")
    context["stage"] = stage
    return render(request, template, context, status=status)


def number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 0


def client_id(text: str | None) -> uuid.UUID:
    """Return the id that the client made; a new one for a request without one."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return uuid.uuid4()


def _left(form: Asked, stage: Stage, now: datetime) -> dict[str, str]:
    """Return how much is left: of the time, of the cards, or how long it will take."""
    until = form.session.until
    if until is not None:
        why = "You can finish the last card"
        return {"left_words": f"{durations.interval(until - now)} left", "left_title": why}
    if form.session.has_card_list:
        return {"left_words": f"{stage.due} left", "left_title": "Cards left in this session"}
    counts = {"new": stage.new, "learning": stage.learning, "due": stage.due}
    time = time_for(form.seconds_an_answer, **counts)
    said = f"About {durations.interval(time)} at your pace"
    return {"left_words": said, "left_short": durations.short(time), "left_title": said}


def _end(
    at: StudySession, learner: Learner, now: datetime
) -> tuple[ending.Summary, dict[str, Any]]:
    only = session.only(at, learner, now)
    summary = ending.summary(learner, now, only=only)
    more = summary_page.context(summary)
    # After the time is up, the session goes on with what is due.
    more["go_on_url"] = session_url(replace(at, row=None) if at.is_over(now) else at)
    if at.is_over(now) and at.row is not None:
        more["end_title"] = f"{durations.count(at.row.minutes or 0, 'minute')} done"
    elif at.name and not summary.left:
        more["end_title"] = f"Done with {at.name}"
    if only is not None:
        everything = learner.due_queue(now, limit=1)
        more["elsewhere"] = max(0, everything.total - summary.left)
    return summary, more


@dataclass(frozen=True)
class SessionLinks:
    """The addresses that the review page has of its session."""

    path: str
    url: str
    # Ends the session before its cards are done.
    finish_url: str
    # Shows a card in learning before it is due.
    ahead_url: str


def session_links(session: StudySession) -> SessionLinks:
    """Return the addresses of a session."""
    return SessionLinks(
        _session_path(session),
        session_url(session),
        session_url(session, finish="1"),
        session_url(session, ahead="1"),
    )


def session_url(session: StudySession, **parameters: str) -> str:
    """Return the address of a session's page, with these parameters."""
    path = _session_path(session)
    if session.typed is not None:
        parameters = {"typed": "1" if session.typed else "0", **parameters}
    return f"{path}?{urlencode(parameters)}" if parameters else path


def _session_path(session: StudySession) -> str:
    """Return the address of a session's page without parameters."""
    if session.row is not None:
        return reverse("flashcards:session", args=[session.row.id])
    if session.named.deck_id is not None:
        return reverse("flashcards:review_deck", args=[session.named.deck_id])
    return reverse("flashcards:review")
