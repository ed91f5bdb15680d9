"""/settings/study/presets/: named settings that decks share, and which of them a deck uses."""

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import HtmxHttpRequest
from flashcards import study_settings
from flashcards.cards import folding
from flashcards.models import Deck, StudySettings
from flashcards.study_settings import presets
from flashcards.study_settings.presets import BadPreset
from flashcards.web.forms.ids import number_in
from flashcards.web.forms.study_settings import PresetForm
from flashcards.web.pages import presets as page
from memoryloop.web.toasts import toast

# In the session: what "Undo" after a deletion, or after a deck's choice, gives back.
_DELETED, _CHOSEN = "preset_deleted", "preset_chosen"
# Instead of a preset's id: one of the deck's own.
NEW = "new"


@require_POST
@login_required
def create(request: HtmxHttpRequest) -> HttpResponse:
    """Create a preset of the name given."""
    try:
        row = presets.create(
            owner_id=request.user.id, name=request.POST.get("name", ""), now=timezone.now()
        )
    except BadPreset as error:
        toast(request, error.sentence)
        return redirect(_presets_url())
    return redirect("flashcards:preset", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def edit(request: HtmxHttpRequest, preset_id: int) -> HttpResponse:
    """Show and save the name and the settings of a preset."""
    row = _preset(request, preset_id)
    present = study_settings.settings_for(owner_id=request.user.id)
    own = {name: getattr(row, name) for name in study_settings.PRESET_FIELDS}
    posted = request.POST if request.method == "POST" else None
    form = PresetForm(posted, present=present, own=own, name=row.name)
    if posted is not None and form.is_valid():
        try:
            _save(row, form)
        except BadPreset as error:
            form.add_error("name", error.sentence)
        else:
            toast(request, "Saved. It applies from the next card on.")
            return redirect(_presets_url())
    decks = row.decks.order_by("name")
    context = {"form": form, "preset": row, "decks": decks, "of": f"preset={row.pk}"}
    status = 200 if posted is None else 422
    return render(request, "flashcards/settings/preset.html", context, status=status)


@require_POST
@login_required
def duplicate(request: HtmxHttpRequest, preset_id: int) -> HttpResponse:
    """Create a preset with the settings of another."""
    _preset(request, preset_id)
    try:
        row = presets.duplicate(owner_id=request.user.id, preset_id=preset_id, now=timezone.now())
    except BadPreset as error:
        toast(request, error.sentence)
        return redirect("flashcards:preset", preset_id)
    toast(request, f"“{row.name}” has the same settings.")
    return redirect("flashcards:preset", row.pk)


@require_POST
@login_required
def delete(request: HtmxHttpRequest, preset_id: int) -> HttpResponse:
    """Delete a preset; its decks have none any more. It can be undone."""
    row = _preset(request, preset_id)
    kept = folding.delete_preset(owner_id=request.user.id, preset_id=preset_id)
    request.session[_DELETED] = kept
    undo = reverse("flashcards:restore_preset")
    toast(request, f"The preset “{row.name}” is deleted.", undo_url=undo)
    return redirect(_presets_url())


@require_POST
@login_required
def restore(request: HtmxHttpRequest) -> HttpResponse:
    """Undo the last deletion of a preset."""
    kept = request.session.get(_DELETED)
    if kept:
        try:
            row = folding.restore_preset(owner_id=request.user.id, kept=kept, now=timezone.now())
        except BadPreset as error:
            toast(request, error.sentence, undo_url=reverse("flashcards:restore_preset"))
            return redirect(_presets_url())
        del request.session[_DELETED]
        toast(request, f"The preset “{row.name}” is restored.")
    return redirect(_presets_url())


@require_POST
@login_required
def choose(request: HtmxHttpRequest, deck_id: uuid.UUID) -> HttpResponse:
    """Have a deck use a preset, a new one of its own, or none. It can be undone."""
    owner_id, now = request.user.id, timezone.now()
    deck = get_object_or_404(Deck, id=deck_id, owner=request.user, search="")
    asked = request.POST.get("preset", "")
    if asked == NEW:
        try:
            row = presets.create(
                owner_id=owner_id, name=presets.free_name(owner_id, deck.name), now=now
            )
        except BadPreset as error:
            toast(request, error.sentence)
            return redirect("flashcards:deck_study_settings", deck.id)
        preset_id: int | None = row.pk
    else:
        preset_id = _preset(request, number_in(asked) or 0).pk if asked else None
    before = folding.choose_preset(
        owner_id=owner_id, deck_ids=[deck.id], preset_id=preset_id, now=now
    )
    if before.get(deck.id) != preset_id:
        request.session[_CHOSEN] = {"deck": str(deck.id), "preset": before.get(deck.id)}
        undo = reverse("flashcards:undo_preset_choice")
        settings = study_settings.settings_for(owner_id=owner_id)
        toast(request, page.chosen(deck, settings), undo_url=undo)
    return redirect("flashcards:deck_study_settings", deck.id)


@require_POST
@login_required
def undo_choice(request: HtmxHttpRequest) -> HttpResponse:
    """Give a deck the preset that it used before."""
    kept: dict[str, Any] | None = request.session.pop(_CHOSEN, None)
    if kept is None:
        return redirect(_presets_url())
    deck = get_object_or_404(Deck, id=kept["deck"], owner=request.user)
    there = StudySettings.objects.filter(owner=request.user, pk=kept["preset"]).exists()
    folding.choose_preset(
        owner_id=request.user.id,
        deck_ids=[deck.id],
        preset_id=kept["preset"] if there else None,
        now=timezone.now(),
    )
    return redirect("flashcards:deck_study_settings", deck.id)


def _preset(request: HtmxHttpRequest, preset_id: int) -> StudySettings:
    try:
        return presets.preset_of(request.user.id, preset_id)
    except StudySettings.DoesNotExist:
        raise Http404 from None


def _save(row: StudySettings, form: PresetForm) -> None:
    owner_id, now = row.owner_id, timezone.now()
    if form.cleaned_data["name"] != row.name:
        presets.rename(owner_id=owner_id, preset_id=row.pk, name=form.cleaned_data["name"], now=now)
    presets.save_preset(owner_id=owner_id, preset_id=row.pk, values=form.values(), now=now)


def _presets_url() -> str:
    return f"{reverse('flashcards:study_settings')}#study-presets"
