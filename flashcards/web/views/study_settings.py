"""/settings/study/: the review settings, for all cards and for single decks."""

import uuid
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards import study_settings
from flashcards.cards import folding
from flashcards.models import Deck, StudySettings
from flashcards.models.decks import DECK_SEPARATOR
from flashcards.review import backlog, retention_effect
from flashcards.review.pace import pace_of
from flashcards.study_settings import presets
from flashcards.study_settings.presets import BadPreset
from flashcards.study_settings.settings import EffectiveSettings
from flashcards.web.forms.ids import ids_in, number_in
from flashcards.web.forms.study_settings import OwnDeckStudyForm, StudyForm
from flashcards.web.pages import presets as page_of_presets
from flashcards.web.pages import retention_effect as page
from memoryloop.web.toasts import toast

# In the session: the settings that "Undo" after a reset restores.
_BEFORE = "study_before_reset"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def edit_settings(request: HtmxHttpRequest) -> HttpResponse:
    """Show and save the settings for all of the learner's cards."""
    present = study_settings.settings_for(owner_id=request.user.id)
    form = StudyForm(_posted(request), present=present)
    if request.method == "POST" and form.is_valid():
        study_settings.save(
            owner_id=request.user.id, deck=None, values=form.values(), now=timezone.now()
        )
        toast(request, "Saved. It applies from the next card on.")
        return redirect("flashcards:study_settings")
    context = _context(request, form, present)
    status = 422 if request.method == "POST" else 200
    return render(request, "flashcards/settings/study_settings.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def edit_deck_settings(request: HtmxHttpRequest, deck_id: uuid.UUID) -> HttpResponse:
    """Show and save the settings for the cards of one deck."""
    deck = get_object_or_404(Deck, id=deck_id, owner=request.user, search="")
    present = study_settings.settings_for(owner_id=request.user.id)
    own = {name: getattr(deck.preset, name, None) for name in study_settings.PRESET_FIELDS}
    form = OwnDeckStudyForm(_posted(request), present=present, own=own)
    if request.method != "POST" or not form.is_valid() or not _save(deck, form):
        status = 422 if request.method == "POST" else 200
        decks = list(Deck.objects.filter(owner=request.user, search=""))
        others = [
            d for d in decks if deck.preset_id and d.preset_id == deck.preset_id and d.id != deck.id
        ]
        context = {
            "form": form,
            "deck": deck,
            "of": f"deck={deck.id}",
            "presets": presets.presets_of(request.user.id),
            "without": page_of_presets.without_its_own(deck, decks, present),
            "used_by": page_of_presets.used_by([each.name for each in others]) if others else "",
        }
        return render(
            request, "flashcards/settings/deck_study_settings.html", context, status=status
        )
    toast(request, f"Saved for {deck.name}.")
    return redirect("flashcards:study_settings")


@require_safe
@never_cache
@login_required
def effect(request: HtmxHttpRequest) -> HttpResponse:
    """Show what the numbers typed so far would do; an invalid one counts as it is set."""
    owner_id, now = request.user.id, timezone.now()
    settings = present = study_settings.settings_for(owner_id=owner_id)
    deck = preset = None
    if "preset" in request.GET:
        asked = number_in(request.GET["preset"]) or 0
        rows = StudySettings.objects.filter(owner=request.user).exclude(name="")
        preset = get_object_or_404(rows, pk=asked)
        with_it = (s for s in settings.decks.values() if s.preset_id == preset.pk)
        present = next(with_it, settings)
    elif "deck" in request.GET:
        deck_id = next(iter(ids_in([request.GET["deck"]])), None)
        deck = get_object_or_404(Deck, id=deck_id, owner=request.user, search="")
        # What the deck leaves open is as for all cards, not as it was set for the deck.
        present = settings.decks.get(settings.governed_by.get(deck.id, deck.id), settings)
    percent = number_in(request.GET.get("desired_retention")) or 0
    new = number_in(request.GET.get("new_per_day"))
    reviews = number_in(request.GET.get("reviews_per_day"))
    new = settings.new_per_day if new is None else new
    reviews = settings.reviews_per_day if reviews is None else reviews
    found = retention_effect.effect_of(
        owner_id=owner_id,
        present=present,
        retention=percent / 100 if 70 <= percent <= 99 else settings.desired_retention,
        new_per_day=new,
        chosen=_chosen(request, deck, preset, settings),
    )
    pace = pace_of(owner_id=owner_id, settings=settings, now=now)
    context = {
        "effect": page.in_words(found),
        "day": page.day_in_words(new=new, reviews=reviews, pace=pace),
    }
    return render(request, "flashcards/settings/_study_effect.html", context)


@require_POST
@login_required
def reset(request: HtmxHttpRequest) -> HttpResponse:
    """Reset all settings to MemoryLoop's defaults; it can be undone."""
    # What a plan has set is not what the learner would want back.
    backlog.stop(owner_id=request.user.id, now=timezone.now())
    request.session[_BEFORE] = study_settings.reset(owner_id=request.user.id)
    undo = reverse("flashcards:study_settings_restore")
    toast(request, "All review settings are reset to their defaults.", undo_url=undo)
    return redirect("flashcards:study_settings")


@require_POST
@login_required
def restore(request: HtmxHttpRequest) -> HttpResponse:
    """Restore the settings from before a reset."""
    before = request.session.pop(_BEFORE, None)
    if before:
        study_settings.save(owner_id=request.user.id, deck=None, values=before, now=timezone.now())
        toast(request, "Your settings are restored.")
    return redirect("flashcards:study_settings")


def _save(deck: Deck, form: OwnDeckStudyForm) -> bool:
    """Save the settings of a deck; return False, with an error of the form, if that cannot be."""
    values, now = form.values(), timezone.now()
    if all(value is None for value in values.values()):
        folding.set_back(owner_id=deck.owner_id, deck=deck, now=now)
        return True
    try:
        study_settings.save(owner_id=deck.owner_id, deck=deck, values=values, now=now)
    except BadPreset as error:
        form.add_error(None, error.sentence)
        return False
    return True


def _chosen(
    request: HtmxHttpRequest,
    deck: Deck | None,
    preset: StudySettings | None,
    settings: EffectiveSettings,
) -> set[UUID] | None:
    """Return the decks whose cards are meant: those of a deck or of a preset; None for all."""
    if preset is not None:
        using = {d for d, each in settings.decks.items() if each.preset_id == preset.pk}
        return {d for d, by in settings.governed_by.items() if by in using}
    if deck is None:
        return None
    inside = Q(id=deck.id) | Q(name__istartswith=f"{deck.name}{DECK_SEPARATOR}")
    return set(Deck.objects.filter(inside, owner=request.user).values_list("id", flat=True))


def _context(
    request: HtmxHttpRequest, form: StudyForm, present: EffectiveSettings
) -> dict[str, Any]:
    decks = list(Deck.objects.filter(owner=request.user, search=""))
    return {
        "form": form,
        "present": present,
        "plan": backlog.plan_of(owner_id=request.user.id),
        "presets": page_of_presets.lines(request.user.id, decks),
        "decks": page_of_presets.deck_lines(decks, present),
    }


def _posted(request: HtmxHttpRequest) -> QueryDict | None:
    """Return what was posted, also if it is empty; None binds no form."""
    return request.POST if request.method == "POST" else None
