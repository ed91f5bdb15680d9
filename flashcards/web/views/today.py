"""/review/today/: the day so far, more cards for today, and a talk about what was hard."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards import study_settings
from flashcards.domain.study_day import zone_of
from flashcards.models import Deck
from flashcards.review import summary as summaries
from flashcards.review.learner import Learner
from flashcards.review.session import StudySession
from flashcards.study_settings.settings import EffectiveSettings
from flashcards.tutor import explain_card
from flashcards.web.pages import summary as page
from flashcards.web.pages import tutor_links
from flashcards.web.views.review import asked, session_url
from memoryloop.web.toasts import toast

MORE = {"new": (10, "10 more new cards today."), "reviews": (50, "50 more reviews today.")}


@require_safe
@never_cache
@login_required
def today(request: HtmxHttpRequest) -> HttpResponse:
    """Show what was done today, which cards were hard and what is due next."""
    summary = summaries.summary(Learner.read(request.user.id), timezone.now())
    return render(request, "flashcards/review/today.html", page.context(summary))


@require_POST
@login_required
def discuss(request: HtmxHttpRequest) -> HttpResponse:
    """Open a conversation with the tutor about the cards that were hard today."""
    now = timezone.now()
    cards = summaries.hard_today(Learner.read(request.user.id), now)
    if not cards:
        toast(request, "No card was hard today.", level=messages.INFO)
        return redirect("flashcards:today")
    conversation = explain_card.discuss(
        request.user,
        cards,
        now=now,
        zone=zone_of(request.user),
        links=lambda _: tutor_links.discuss_links(cards),
    )
    return redirect(conversation)


@require_POST
@login_required
def more_today(request: HtmxHttpRequest) -> HttpResponse:
    """Allow more new cards or reviews on this day only, and go on."""
    sort, at = request.POST.get("sort", ""), asked(request)
    if sort in MORE:
        number, said = MORE[sort]
        settings = study_settings.settings_for(owner_id=request.user.id)
        study_settings.add_today(
            owner_id=request.user.id,
            deck=_limiting_deck(at.session, settings),
            today=settings.day.of(timezone.now()),
            **{sort: number},
        )
        toast(request, said)
    return redirect(session_url(at.session))


def _limiting_deck(session: StudySession, settings: EffectiveSettings) -> Deck | None:
    """Return the deck whose limits apply in a session; None for those of all cards."""
    deck_id = session.named.deck_id
    governing = settings.governing_deck((deck_id,)) if deck_id else None
    return Deck.objects.get(id=governing) if governing in settings.limited else None
