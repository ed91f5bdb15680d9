"""A new card: a note written by hand, previewed and compared with other cards meanwhile."""

import uuid
from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import HtmxHttpRequest
from flashcards.cards import decks, notes
from flashcards.domain import card_sides
from flashcards.domain.records import ANSWER_MAX_CHARACTERS, QUESTION_MAX_CHARACTERS, Kind
from flashcards.domain.validation import CardError
from flashcards.drafting import linter
from flashcards.duplicates import resolving
from flashcards.web.forms.cards import (
    DECKS_MAX_CHARACTERS,
    TAGS_MAX_CHARACTERS,
    CardForm,
    given,
    split_tags,
)
from flashcards.web.pages import overlaps
from flashcards.web.views.access import card_or_404
from memoryloop.web.toasts import toast

# More cards of one text than this are counted, not shown, beside its editor.
PREVIEWED_MOST = 6


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_card(request: HtmxHttpRequest) -> HttpResponse:
    """Write a note by hand; saving leads to the next blank one, of the same kind and tags."""
    sent = given(request.POST, owner_id=request.user.id)
    form = CardForm(sent or None, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        data, now, owner_id = form.cleaned_data, timezone.now(), request.user.id
        try:
            note = notes.NewNote(
                question=data["question"],
                answer=data["answer"],
                kind=Kind(data["kind"]),
                tags=data["tags"],
                deck_ids=decks.ids_named(owner_id=owner_id, names=data["decks"], now=now),
            )
            created = notes.create_note(owner_id=owner_id, note=note, now=now)
        except CardError as error:
            form.add_error(None, error.sentence)
        else:
            saved = "Card saved." if len(created) == 1 else f"{len(created)} cards saved."
            undo = reverse("flashcards:delete_note", args=[created[0].note_id])
            toast(request, f"{saved} You can write the next one.", undo_url=undo)
            return redirect(_next_blank(note, data["decks"]))
    form.fields["question"].widget.attrs["autofocus"] = True
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "deck_names": decks.names(request.user.id)}
    return render(request, "flashcards/cards/new_card.html", context, status=status)


@require_POST
@login_required
def preview_card(request: HtmxHttpRequest) -> HttpResponse:
    """Show the cards of a note that is being written, and what is weak about it."""
    sent = given(request.POST, owner_id=request.user.id)
    kind = _kind(sent.get("kind", ""))
    # A longer text cannot be saved, so it is not made into pages of Markdown either.
    question = sent.get("question", "")[:QUESTION_MAX_CHARACTERS]
    answer = sent.get("answer", "")[:ANSWER_MAX_CHARACTERS]
    ordinals = card_sides.card_ordinals(kind, question) or [1]
    context = {
        "cards": [card_sides.Draft(kind, question, answer, n) for n in ordinals[:PREVIEWED_MOST]],
        "count": len(ordinals),
        "more": max(0, len(ordinals) - PREVIEWED_MOST),
        "findings": linter.lint(question, answer, kind) if question.strip() else [],
        "tags": split_tags(sent.get("tags", "")[:TAGS_MAX_CHARACTERS]),
        "decks": split_tags(sent.get("decks", "")[:DECKS_MAX_CHARACTERS]),
    }
    return render(request, "flashcards/cards/_card_preview.html", context)


@require_POST
@login_required
def check_written(request: HtmxHttpRequest) -> HttpResponse:
    """Show the cards that a text being written repeats. Stores nothing, and prevents no saving."""
    sent = given(request.POST, owner_id=request.user.id)
    found = overlaps.of_written(
        request.user,
        question=sent.get("question", "").strip()[:QUESTION_MAX_CHARACTERS],
        answer=sent.get("answer", "").strip()[:ANSWER_MAX_CHARACTERS],
        edited_card=sent.get("card", ""),
        kind=_kind(sent.get("kind", "")),
    )
    return render(request, "flashcards/cards/_written_overlap.html", {"overlaps": found})


@require_POST
@login_required
def contrast_written(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Begin a card that tells a text being written apart from a card; neither is changed."""
    card = card_or_404(request.user, card_id)
    sent = given(request.POST, owner_id=request.user.id)
    written = card_sides.Draft(
        _kind(sent.get("kind", "")),
        sent.get("question", "")[:QUESTION_MAX_CHARACTERS],
        sent.get("answer", "")[:ANSWER_MAX_CHARACTERS],
    )
    question, answer = resolving.contrast(
        (card_sides.front(card), card_sides.back(card)),
        (card_sides.front(written), card_sides.back(written)),
    )
    initial = {
        "kind": Kind.BASIC,
        "question": question[:QUESTION_MAX_CHARACTERS],
        "answer": answer[:ANSWER_MAX_CHARACTERS],
        "tags": sent.get("tags", ""),
        "decks": sent.get("decks", ""),
    }
    context = {"form": CardForm(initial=initial), "deck_names": decks.names(request.user.id)}
    return render(request, "flashcards/cards/new_card.html", context)


def _initial(request: HtmxHttpRequest) -> dict[str, str]:
    """Return the kind, the tags and the decks of a blank note: those of the note before.

    A page that leads here may give its question.
    """
    names = {name: split_tags(request.GET.get(name, "")[:300]) for name in ("tags", "decks")}
    joined = {name: ", ".join(given) for name, given in names.items()}
    question = request.GET.get("question", "").replace("\0", "")[:QUESTION_MAX_CHARACTERS]
    return {"kind": _kind(request.GET.get("kind", "")), "question": question, **joined}


def _kind(text: str) -> Kind:
    return Kind(text) if text in [*Kind] else Kind.BASIC


def _next_blank(note: notes.NewNote, deck_names: Sequence[str]) -> str:
    """Return the address of a blank note of the same kind, tags and decks."""
    kept = {
        "kind": "" if note.kind is Kind.BASIC else str(note.kind),
        "tags": ", ".join(note.tags),
        "decks": ", ".join(deck_names),
    }
    query = urlencode({name: value for name, value in kept.items() if value})
    url = reverse("flashcards:new_card")
    return f"{url}?{query}" if query else url
