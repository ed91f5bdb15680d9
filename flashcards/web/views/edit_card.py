"""Editing a card: the text of its note, with the schedules kept unless they are reset."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import HtmxHttpRequest
from flashcards.cards import decks, notes
from flashcards.domain.records import Flashcard, Kind, ReviewLog, State
from flashcards.domain.validation import CardError
from flashcards.review import resetting, review_actions
from flashcards.review.review_actions import Action
from flashcards.web.forms.cards import EditCardForm, given
from flashcards.web.views.access import card_or_404
from memoryloop.web.address import next_url
from memoryloop.web.toasts import toast


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Change the text of a card and of its siblings; their schedules stay, unless asked."""
    card = card_or_404(request.user, card_id)
    sent = given(request.POST, owner_id=request.user.id, before=card)
    form = EditCardForm(sent or None, initial=_initial(request, card), kind=card.kind)
    then = next_url(request, reverse("flashcards:card", args=[card_id]))
    if request.method == "POST" and form.is_valid():
        is_reset = request.POST.get("schedule") == "reset"
        try:
            edited = _edit(request, card, form.cleaned_data, is_reset=is_reset)
        except CardError as error:
            form.add_error(None, error.sentence)
        else:
            toast(request, _sentence(edited, is_reset=is_reset))
            return redirect(_after_edit(card_id, edited, then))
    form.fields["question"].widget.attrs["autofocus"] = True
    context = {
        "form": form,
        "card": card,
        "next": then,
        "siblings": notes.siblings(owner_id=request.user.id, note_id=card.note_id),
        "deck_names": decks.names(request.user.id),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "flashcards/cards/edit_card.html", context, status=status)


def _initial(request: HtmxHttpRequest, card: Flashcard) -> dict[str, str]:
    names = decks.names_of(owner_id=request.user.id, deck_ids=card.deck_ids)
    return {
        "kind": card.kind,
        "question": card.question,
        "answer": card.answer,
        "extra": card.extra,
        "tags": ", ".join(card.tags),
        "decks": ", ".join(names),
    }


def _edit(
    request: HtmxHttpRequest, card: Flashcard, data: dict[str, Any], *, is_reset: bool
) -> notes.Edited:
    """Change a note as the form says, and record it for Undo. Raises CardError."""
    now, owner_id, note_id = timezone.now(), request.user.id, card.note_id
    with transaction.atomic():
        before = review_actions.images_of_note(owner_id=owner_id, note_id=note_id)
        edited = _change(request, card, data, now)
        review_actions.record(
            Action.EDIT,
            owner_id=owner_id,
            card_id=card.id,
            before=before,
            after=review_actions.images_of_note(owner_id=owner_id, note_id=note_id),
            now=now,
            resets=_reset(request, edited) if is_reset else (),
        )
    return edited


def _change(
    request: HtmxHttpRequest, card: Flashcard, data: dict[str, Any], now: datetime
) -> notes.Edited:
    """Change a note as the form says; fields that the form lacks stay. Raises CardError."""
    sent, owner_id = request.POST, request.user.id
    deck_ids = None
    if "decks" in sent:
        deck_ids = decks.ids_named(owner_id=owner_id, names=data["decks"], now=now)
    return notes.edit_note(
        owner_id=owner_id,
        note_id=card.note_id,
        question=data["question"],
        answer=data["answer"],
        extra=data["extra"],
        kind=Kind(data["kind"]),
        tags=data["tags"] if "tags" in sent else None,
        deck_ids=deck_ids,
        now=now,
    )


def _reset(request: HtmxHttpRequest, edited: notes.Edited) -> list[ReviewLog]:
    """Reset the schedules of the edited cards: their text is a different fact now."""
    now = timezone.now()
    return [
        resetting.reset_schedule(owner_id=request.user.id, card_id=card.id, now=now)[1]
        for card in edited.cards
        if card.state is not State.NEW
    ]


def _after_edit(card_id: uuid.UUID, edited: notes.Edited, then: str) -> str:
    """Return where to go: to a sibling if the card itself moved to the trash."""
    is_gone = card_id in {card.id for card in edited.removed}
    if is_gone and then == reverse("flashcards:card", args=[card_id]):
        return reverse("flashcards:card", args=[edited.cards[0].id])
    return then


def _sentence(edited: notes.Edited, *, is_reset: bool) -> str:
    """Return what an edit did."""
    count = len(edited.cards) - len(edited.added)
    parts = ["Card changed." if count <= 1 else f"{count} cards changed."]
    if edited.added:
        parts.append(f"{len(edited.added)} added.")
    if edited.removed:
        parts.append(f"{len(edited.removed)} moved to the trash.")
    whose = "Their schedules are" if count > 1 else "Its schedule is"
    parts.append(f"{whose} {'reset' if is_reset else 'unchanged'}.")
    return " ".join(parts)
