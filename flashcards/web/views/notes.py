"""Writing notes by hand: a new one after the other, and changing one with all its cards."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import HtmxHttpRequest
from flashcards.cards import decks, notes
from flashcards.domain import card_sides
from flashcards.domain.records import Flashcard, Kind, State
from flashcards.domain.validation import CardError
from flashcards.drafting import linter
from flashcards.models import Deck
from flashcards.review import resetting
from flashcards.web.forms.cards import CardForm, EditCardForm, split_tags
from flashcards.web.views.access import card_or_404
from memoryloop.web.toasts import toast

# More cards of one text than this are counted, not shown, beside its editor.
PREVIEWED_MOST = 6


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_card(request: HtmxHttpRequest) -> HttpResponse:
    """Write a note by hand; saving leads to the next blank one, of the same kind and tags."""
    form = CardForm(request.POST or None, initial=_chosen_before(request))
    if request.method == "POST" and form.is_valid():
        data, now = form.cleaned_data, timezone.now()
        try:
            note = notes.NewNote(
                question=data["question"],
                answer=data["answer"],
                kind=Kind(data["kind"]),
                tags=data["tags"],
                deck_ids=_deck_ids(request, data["decks"], now),
            )
            created = notes.create_note(owner_id=request.user.id, note=note, now=now)
        except CardError as error:
            form.add_error(None, error.sentence)
        else:
            undo = reverse("flashcards:delete_note", args=[created[0].note_id])
            count = len(created)
            saved = "Card saved." if count == 1 else f"{count} cards saved."
            toast(request, f"{saved} You can write the next one.", undo_url=undo)
            return redirect(_next_blank(note, data["decks"]))
    form.fields["question"].widget.attrs["autofocus"] = True
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "deck_names": decks.names(request.user.id)}
    return render(request, "flashcards/cards/new_card.html", context, status=status)


def _deck_ids(
    request: HtmxHttpRequest, names: Iterable[str], now: datetime
) -> tuple[uuid.UUID, ...]:
    """Return the decks of these names, made where there are none. Raises BadDeck."""
    owner_id = request.user.id
    return tuple(decks.deck_named(owner_id=owner_id, name=name, now=now).id for name in names)


def _chosen_before(request: HtmxHttpRequest) -> dict[str, str]:
    """Return what a blank note begins with: the kind and the tags of the one before."""
    kind = request.GET.get("kind", "")
    known = kind if kind in [*Kind] else Kind.BASIC
    names = {name: split_tags(request.GET.get(name, "")[:300]) for name in ("tags", "decks")}
    return {"kind": known, **{name: ", ".join(given) for name, given in names.items()}}


def _next_blank(note: notes.NewNote, deck_names: Sequence[str]) -> str:
    kept = {
        "kind": "" if note.kind is Kind.BASIC else str(note.kind),
        "tags": ", ".join(note.tags),
        "decks": ", ".join(deck_names),
    }
    query = urlencode({name: value for name, value in kept.items() if value})
    url = reverse("flashcards:new_card")
    return f"{url}?{query}" if query else url


@require_POST
@login_required
def preview_card(request: HtmxHttpRequest) -> HttpResponse:
    """Show the cards of a note that is being written, and what is weak about it."""
    given = request.POST.get("kind", "")
    kind = Kind(given) if given in [*Kind] else Kind.BASIC
    question, answer = request.POST.get("question", ""), request.POST.get("answer", "")
    ordinals = card_sides.card_ordinals(kind, question) or [1]
    context = {
        "cards": [card_sides.Draft(kind, question, answer, n) for n in ordinals[:PREVIEWED_MOST]],
        "count": len(ordinals),
        "more": max(0, len(ordinals) - PREVIEWED_MOST),
        "findings": linter.lint(question, answer, kind) if question.strip() else [],
        "tags": split_tags(request.POST.get("tags", "")),
        "decks": split_tags(request.POST.get("decks", "")),
    }
    return render(request, "flashcards/cards/_card_preview.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Change the words of a card and of its siblings; their schedules stay, unless asked."""
    found = card_or_404(request.user, card_id)
    initial = {
        "kind": found.kind,
        "question": found.question,
        "answer": found.answer,
        "extra": found.extra,
        "tags": ", ".join(found.tags),
        "decks": ", ".join(_names_of(request, found)),
    }
    form = EditCardForm(request.POST or None, initial=initial, kind=found.kind)
    then = _next(request, reverse("flashcards:card", args=[card_id]))
    if request.method == "POST" and form.is_valid():
        try:
            edited = _edit(request, found, form.cleaned_data)
        except CardError as error:
            form.add_error(None, error.sentence)
        else:
            anew = request.POST.get("schedule") == "reset"
            if anew:
                _begin_anew(request, edited)
            toast(request, _said(edited, anew=anew))
            return redirect(_after_edit(card_id, edited, then))
    context = {
        "form": form,
        "card": found,
        "next": then,
        "siblings": notes.siblings(owner_id=request.user.id, note_id=found.note_id),
        "deck_names": decks.names(request.user.id),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "flashcards/cards/edit_card.html", context, status=status)


def _edit(request: HtmxHttpRequest, card: Flashcard, data: dict[str, Any]) -> notes.Edited:
    """Change a note as the form says; what the form lacks stays. Raises CardError."""
    now, given = timezone.now(), request.POST
    return notes.edit_note(
        owner_id=request.user.id,
        note_id=card.note_id,
        question=data["question"],
        answer=data["answer"],
        extra=data["extra"],
        kind=Kind(data["kind"]),
        tags=data["tags"] if "tags" in given else None,
        deck_ids=_deck_ids(request, data["decks"], now) if "decks" in given else None,
        now=now,
    )


def _names_of(request: HtmxHttpRequest, card: Flashcard) -> list[str]:
    """Return the names of the decks that a card is in."""
    if not card.deck_ids:
        return []
    owned = Deck.objects.filter(owner=request.user, id__in=card.deck_ids)
    return list(owned.values_list("name", flat=True))


def _begin_anew(request: HtmxHttpRequest, edited: notes.Edited) -> None:
    """Begin the schedules of what was edited anew: the words are another fact now."""
    for card in edited.cards:
        if card.state is not State.NEW:
            resetting.reset_schedule(owner_id=request.user.id, card_id=card.id, now=timezone.now())


def _after_edit(card_id: uuid.UUID, edited: notes.Edited, then: str) -> str:
    """Return where to go: to a sibling where the card itself went into the bin."""
    gone = card_id in {card.id for card in edited.removed}
    if gone and then == reverse("flashcards:card", args=[card_id]):
        return reverse("flashcards:card", args=[edited.cards[0].id])
    return then


def _said(edited: notes.Edited, *, anew: bool) -> str:
    """Return what an edit did, in a sentence or two."""
    count = len(edited.cards) - len(edited.added)
    parts = ["Card changed." if count <= 1 else f"{count} cards changed."]
    if edited.added:
        parts.append(f"{len(edited.added)} added.")
    if edited.removed:
        parts.append(f"{len(edited.removed)} moved to the trash.")
    if anew:
        parts.append("Their schedules are reset." if count > 1 else "Its schedule is reset.")
    else:
        parts.append(
            "Their schedules are unchanged." if count > 1 else "Its schedule is unchanged."
        )
    return " ".join(parts)


@require_POST
@login_required
def delete_note(request: HtmxHttpRequest, note_id: uuid.UUID) -> HttpResponse:
    """Put every card of a note into the bin; the toast takes them out again."""
    try:
        cards = notes.delete_note(owner_id=request.user.id, note_id=note_id, now=timezone.now())
    except Flashcard.DoesNotExist:
        raise Http404("There is no such note.") from None
    said = "Card deleted." if len(cards) < 2 else f"{len(cards)} cards deleted."
    toast(request, said, undo_url=reverse("flashcards:restore_note", args=[note_id]))
    return redirect(_next(request, reverse("flashcards:cards")))


@require_POST
@login_required
def restore_note(request: HtmxHttpRequest, note_id: uuid.UUID) -> HttpResponse:
    """Take the cards of a note out of the bin."""
    try:
        cards = notes.restore_note(owner_id=request.user.id, note_id=note_id)
    except Flashcard.DoesNotExist:
        raise Http404("There is no such note.") from None
    toast(request, "Card restored." if len(cards) < 2 else f"{len(cards)} cards restored.")
    return redirect(_next(request, reverse("flashcards:cards")))


def _next(request: HtmxHttpRequest, default: str) -> str:
    """Return where the page asked to go afterwards, if that is here."""
    url = request.POST.get("next") or request.GET.get("next", "")
    allowed = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if allowed else default
