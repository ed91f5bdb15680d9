"""The stage of the review: the session that a form names, and what is shown of it."""

import math
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from accounts.http import HtmxHttpRequest
from flashcards.domain import durations
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.records import Flashcard
from flashcards.review import pace, session
from flashcards.review import summary as ending
from flashcards.review.answer_check import Comparison
from flashcards.review.learner import Learner
from flashcards.review.next_card import Kind, Stage
from flashcards.review.session import StudySession
from flashcards.web.pages import session_links
from flashcards.web.pages import summary as summary_page
from memoryloop.web.toasts import toast

SWITCH = {"1": True, "0": False}


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
    low, high = pace.SECONDS_RANGE
    seconds = number(request.POST.get("pace")) / 1_000 or pace.TYPICAL_SECONDS
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
        return redirect(session_links.url(form.session))
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
        "links": session_links.links(form.session),
        "switch_url": session_links.url(form.session.switched(learner.settings)),
        "compared": compared,
        "pace_ms": round(1_000 * form.seconds_an_answer),
    }
    if stage.kind is Kind.CARD:
        context |= _left(form, stage, now)
    if stage.kind is Kind.FINISHED and not form.session.has_card_list:
        summary, more = _end(form.session, learner, now)
        stage = replace(stage, done=summary.reviews, due=summary.left)
        context |= more
    if stage.kind is Kind.WAIT and stage.next_due is not None:
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
    time = pace.time_for(form.seconds_an_answer, **counts)
    said = f"About {durations.interval(time)} at your pace"
    return {"left_words": said, "left_short": durations.short(time), "left_title": said}


def _end(
    at: StudySession, learner: Learner, now: datetime
) -> tuple[ending.Summary, dict[str, Any]]:
    only = session.only(at, learner, now)
    summary = ending.summary(learner, now, only=only)
    more = summary_page.context(summary)
    # After the time is up, the session goes on with what is due.
    more["go_on_url"] = session_links.url(replace(at, row=None) if at.is_over(now) else at)
    if at.is_over(now) and at.row is not None:
        more["end_title"] = f"{durations.count(at.row.minutes or 0, 'minute')} done"
    elif at.name and not summary.left:
        more["end_title"] = f"Done with {at.name}"
    if only is not None:
        everything = learner.due_queue(now, limit=1)
        more["elsewhere"] = max(0, everything.total - summary.left)
    return summary, more
