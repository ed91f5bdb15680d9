"""/study/: study modes besides the due cards, and the preparation for an exam."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.cards.cards import count_cards
from flashcards.domain import durations
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.validation import CardError
from flashcards.models import ReviewSession
from flashcards.review import begin_session, exam, pace, practice, scope, session
from flashcards.review.learner import Learner
from flashcards.review.scope import Kind
from flashcards.review.session import StudySession, time_for
from flashcards.study_settings.settings import EffectiveSettings
from flashcards.web.forms.study_modes import ExamForm, How, StudyModeForm
from flashcards.web.views.review import session_url
from memoryloop.web.address import can_redirect_to
from memoryloop.web.toasts import toast

MINUTES = (5, 10, 20)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def study_modes(request: HtmxHttpRequest) -> HttpResponse:
    """Offer the study modes; `?q=` and `?deck=` say which cards. POST begins a session."""
    now = timezone.now()
    learner = Learner.read(request.user.id)
    settings, owner_id = learner.settings, request.user.id
    today = settings.day.of(now)
    if request.method != "POST":
        form = StudyModeForm(initial=_initial(request, settings), owner_id=owner_id, today=today)
        return render(
            request, "flashcards/review/study_modes.html", _offered(request, form, now, learner)
        )
    form = StudyModeForm(request.POST, owner_id=owner_id, today=today)
    if form.is_valid():
        try:
            return redirect(_begun(request, form.cleaned_data, now, learner))
        except BadQuery as error:
            form.add_error("search", error.sentence)
        except CardError as error:
            form.add_error(None, error.sentence)
    context = _offered(request, form, now, learner)
    return render(request, "flashcards/review/study_modes.html", context, status=422)


@require_safe
@never_cache
@login_required
def exam_plan(request: HtmxHttpRequest) -> HttpResponse:
    """Show how well cards will be known on the day of an exam, and what it takes."""
    return _planned(request, request.GET)


@require_POST
@login_required
def begin_exam(request: HtmxHttpRequest) -> HttpResponse:
    """Begin today's part of the preparation for an exam."""
    now = timezone.now()
    learner = Learner.read(request.user.id)
    settings = learner.settings
    form = ExamForm(request.POST, owner_id=request.user.id, today=settings.day.of(now))
    if not form.is_valid():
        return _planned(request, request.POST)
    data = form.cleaned_data
    try:
        found = _forecast(learner, data, now)
        row = begin_session.begin(
            owner_id=request.user.id,
            mode=ReviewSession.Mode.AHEAD,
            named=data["named"],
            todo=found.ids[: data["cards"] or max(1, found.cards_a_day)],
            cards=found.ids,
            typed=_chosen(settings, typed=data["typed"] == "1"),
            now=now,
        )
    except (BadQuery, CardError) as error:
        toast(request, error.sentence)
        return redirect("flashcards:study_modes")
    return redirect("flashcards:session", row.id)


@require_POST
@login_required
def end_session(request: HtmxHttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """End a session before its cards are done."""
    row = get_object_or_404(ReviewSession, id=session_id, owner=request.user)
    practice.end(row, timezone.now())
    return redirect("flashcards:study_modes")


def _begun(request: HtmxHttpRequest, data: dict[str, Any], now: datetime, learner: Learner) -> str:
    """Begin the session that a form asks for; return its address. Raises BadQuery, CardError."""
    user, named, how = request.user, data["named"], data["how"]
    typed = _chosen(learner.settings, typed=data["typed"])
    if how is How.EXAM:
        asked = {"scope": named.key, "on": data["on"], "typed": int(data["typed"])}
        url = f"{reverse('flashcards:exam_plan')}?{urlencode(asked)}"
        if not can_redirect_to(url):
            raise CardError("This search is too long for an exam: shorten it.")
        return url
    if how is How.CRAM:
        ids = scope.studied_cards(learner, named, now)
        todo = begin_session.ordered(user.id, ids, data["order"])
        mode = ReviewSession.Mode.CRAM
        row = begin_session.begin(
            owner_id=user.id, mode=mode, named=named, todo=todo, typed=typed, now=now
        )
        return session_url(session.of_row(row))
    if not data["minutes"] and not named.is_moving:
        return session_url(StudySession(named, typed=typed))
    row = begin_session.begin_due(learner, named, now, minutes=data["minutes"], typed=typed)
    return session_url(session.of_row(row))


def _chosen(settings: EffectiveSettings, *, typed: bool) -> bool | None:
    """Return whether a session types answers; None where that is as the learner has set it."""
    return None if typed == settings.type_answers else typed


def _initial(request: HtmxHttpRequest, settings: EffectiveSettings) -> dict[str, Any]:
    found: dict[str, Any] = {"typed": settings.type_answers, "how": How.DUE}
    found["search"] = request.GET.get("q", "").replace("\x00", "")
    deck, how = request.GET.get("deck", ""), request.GET.get("how", "")
    if deck:
        found["scope"] = f"{Kind.DECK}:{deck}"
    if how in set(How):
        found["how"] = how
    return found


def _offered(
    request: HtmxHttpRequest, form: StudyModeForm, now: datetime, learner: Learner
) -> dict[str, Any]:
    owner_id, settings = request.user.id, learner.settings
    queue = learner.due_queue(now, limit=1)
    seconds = pace.pace_of(owner_id=owner_id, now=now, settings=settings).seconds_an_answer
    return {
        "form": form,
        "due": queue.total,
        "time": durations.interval(
            time_for(seconds, new=queue.new, learning=queue.learning, due=queue.due)
        ),
        "minutes": [(n, pace.cards_within(n, seconds)) for n in MINUTES],
        "forgotten": len(scope.forgotten_today(learner, now)),
        "forgotten_scope": scope.FORGOTTEN.key,
        "sessions": begin_session.open_sessions(owner_id=owner_id, now=now),
        "has_cards": count_cards(owner_id=owner_id) > 0,
    }


def _planned(request: HtmxHttpRequest, data: QueryDict) -> HttpResponse:
    now = timezone.now()
    learner = Learner.read(request.user.id)
    data = data.copy()
    data.setdefault("target", str(exam.TARGET_PERCENT))
    today = learner.settings.day.of(now)
    form = ExamForm(data, owner_id=request.user.id, today=today)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        try:
            found = _forecast(learner, form.cleaned_data, now)
        except BadQuery as error:
            form.add_error(None, error.sentence)
        else:
            named = form.cleaned_data["named"]
            context |= {"forecast": found, "named": named, "scope": named.key}
            context["today"] = min(max(1, found.cards_a_day), begin_session.CARDS_MOST)
            context["enough"] = found.percent_then >= form.cleaned_data["target"]
    status = 200 if form.is_valid() else 422
    return render(request, "flashcards/review/exam_plan.html", context, status=status)


def _forecast(learner: Learner, data: dict[str, Any], now: datetime) -> exam.Forecast:
    return exam.forecast(
        learner=learner,
        named=data["named"],
        on=data["on"],
        target_percent=data["target"],
        now=now,
    )
