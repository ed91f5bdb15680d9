"""/settings/study/: how reviewing goes, for all cards and for single decks."""

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards import study_settings
from flashcards.cards import bulk_actions
from flashcards.cards.card_actions import Verb
from flashcards.models import Deck, StudySettings
from flashcards.review import backlog, rescheduling
from flashcards.review.pace import pace_of
from flashcards.review.session import StudySession
from flashcards.web.forms.study import OwnDeckStudyForm, StudyForm
from flashcards.web.pages import study_effects
from flashcards.web.pages.bulk_sentences import sentence
from flashcards.web.views.stage import asked
from memoryloop.web.toasts import toast

# What "Undo" after a reset gives back.
_BEFORE = "study_before_reset"
MORE = {"new": (10, "10 more new cards today."), "reviews": (50, "50 more reviews today.")}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def settings(request: HtmxHttpRequest) -> HttpResponse:
    """Show and save what holds for all of the learner's cards."""
    present = study_settings.settings_for(owner_id=request.user.id)
    form = StudyForm(_posted(request), present=present)
    if request.method == "POST":
        if form.is_valid():
            study_settings.save(
                owner_id=request.user.id, deck=None, values=form.values(), now=timezone.now()
            )
            toast(request, "Saved. It applies from the next card on.")
            return redirect("flashcards:study_settings")
        return render(
            request, "flashcards/settings/study.html", _context(request, form, present), status=422
        )
    return render(request, "flashcards/settings/study.html", _context(request, form, present))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def deck_settings(request: HtmxHttpRequest, deck_id: uuid.UUID) -> HttpResponse:
    """Show and save what holds for the cards of one deck."""
    deck = get_object_or_404(Deck, id=deck_id, owner=request.user, search="")
    present = study_settings.settings_for(owner_id=request.user.id)
    row = StudySettings.objects.filter(owner=request.user, deck=deck).first()
    own = {name: getattr(row, name, None) for name in study_settings.DECK_FIELDS}
    form = OwnDeckStudyForm(_posted(request), present=present, own=own)
    context = {"form": form, "deck": deck}
    if request.method != "POST":
        return render(request, "flashcards/settings/study_deck.html", context)
    if not form.is_valid():
        return render(request, "flashcards/settings/study_deck.html", context, status=422)
    values = form.values()
    if any(value is not None for value in values.values()):
        study_settings.save(owner_id=request.user.id, deck=deck, values=values, now=timezone.now())
    else:
        study_settings.reset(owner_id=request.user.id, deck=deck)
    toast(request, f"Saved for {deck.name}.")
    return redirect("flashcards:study_settings")


@require_safe
@never_cache
@login_required
def effect(request: HtmxHttpRequest) -> HttpResponse:
    """Show what the numbers typed so far would do; what makes no sense counts as it is set."""
    owner_id, now = request.user.id, timezone.now()
    settings = present = study_settings.settings_for(owner_id=owner_id)
    deck = None
    if "deck" in request.GET:
        deck = get_object_or_404(Deck, id=_uuid(request.GET["deck"]), owner=request.user, search="")
        # What the deck leaves open is as for all cards, not as it was set for the deck.
        present = settings.decks.get(settings.governed_by.get(deck.id, deck.id), settings)
    percent = _number(request.GET.get("desired_retention")) or 0
    new = _number(request.GET.get("new_per_day"))
    new = settings.new_per_day if new is None else new
    reviews = _number(request.GET.get("reviews_per_day"))
    found = study_effects.effect_of(
        owner_id=owner_id,
        present=present,
        retention=percent / 100 if 70 <= percent <= 99 else settings.desired_retention,
        new_per_day=new,
        deck=deck,
    )
    day = study_effects.day_in_words(
        new=new,
        reviews=settings.reviews_per_day if reviews is None else reviews,
        pace=pace_of(owner_id=owner_id, settings=settings, now=now),
    )
    return render(request, "flashcards/settings/_study_effect.html", {"effect": found, "day": day})


@require_POST
@login_required
def reset(request: HtmxHttpRequest) -> HttpResponse:
    """Set everything back to what MemoryLoop has; it can be undone."""
    # What a plan has set is not what the learner would want back.
    backlog.stop(owner_id=request.user.id, now=timezone.now())
    request.session[_BEFORE] = study_settings.reset(owner_id=request.user.id, deck=None)
    toast(
        request,
        "All review settings are reset to their defaults.",
        undo_url=reverse("flashcards:study_settings_restore"),
    )
    return redirect("flashcards:study_settings")


@require_POST
@login_required
def restore(request: HtmxHttpRequest) -> HttpResponse:
    """Bring back what a reset set back."""
    before = request.session.pop(_BEFORE, None)
    if before:
        study_settings.save(owner_id=request.user.id, deck=None, values=before, now=timezone.now())
        toast(request, "Your settings are restored.")
    return redirect("flashcards:study_settings")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def reschedule(request: HtmxHttpRequest) -> HttpResponse:
    """Show what it would do to have all cards follow the settings now, and do it."""
    owner_id, now = request.user.id, timezone.now()
    change = bulk_actions.under_way(owner_id=owner_id)
    settings = study_settings.settings_for(owner_id=owner_id)
    found = (
        rescheduling.effect_of(owner_id=owner_id, settings=settings, now=now)
        if not change
        else None
    )
    if request.method == "POST" and found and found.count:
        done = bulk_actions.start(
            owner_id=owner_id,
            verb=Verb.RESCHEDULE,
            argument={},
            card_ids=found.card_ids,
            clock=timezone.now,
        )
        if not done.is_under_way:
            undo = reverse("flashcards:undo_change", args=[done.id])
            toast(request, sentence(done), undo_url=undo)
    if request.method == "POST":
        return redirect("flashcards:reschedule")
    return render(
        request, "flashcards/settings/reschedule.html", {"effect": found, "change": change}
    )


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
    return redirect(at.session.url)


def _limiting_deck(at: StudySession, settings: study_settings.EffectiveSettings) -> Deck | None:
    """Return the deck whose limits hold in a session; None for the learner's own."""
    deck_id = at.named.deck_id
    governing = settings.governing_deck((deck_id,)) if deck_id else None
    return Deck.objects.get(id=governing) if governing in settings.limited else None


def _context(
    request: HtmxHttpRequest, form: StudyForm, present: study_settings.EffectiveSettings
) -> dict[str, Any]:
    settings = Deck.objects.filter(owner=request.user, search="")
    with_own = set(
        StudySettings.objects.filter(owner=request.user, deck__isnull=False).values_list(
            "deck_id", flat=True
        )
    )
    return {
        "form": form,
        "present": present,
        "plan": backlog.plan_of(owner_id=request.user.id),
        "decks": [(deck, deck.id in with_own) for deck in settings],
    }


def _posted(request: HtmxHttpRequest) -> QueryDict | None:
    """Return what was posted, also if it is empty; None binds no form."""
    return request.POST if request.method == "POST" else None


def _uuid(text: str) -> uuid.UUID:
    """Return an id of a deck; of what is none, one that no deck has."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else None
