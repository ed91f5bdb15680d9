"""What a draft, or a card that is being written, repeats of the learner's cards."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from accounts.models import User
from flashcards.cards import revert
from flashcards.cards.cards import get_card
from flashcards.domain import card_sides
from flashcards.domain.records import ANSWER_MAX_CHARACTERS, QUESTION_MAX_CHARACTERS, Flashcard
from flashcards.domain.validation import CardError
from flashcards.drafting import contrasting, drafting
from flashcards.duplicates import overlaps
from flashcards.models import Draft
from flashcards.web.pages.origins import make_url
from flashcards.web.views.access import card_or_404
from memoryloop.web.toasts import toast

# In the session: what was kept beside which card, so that it is not asked twice.
_KEPT = "kept_beside"
_KEPT_MOST = 300


@require_safe
@login_required
def draft_overlap(request: HtmxHttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Show the cards that a draft repeats or lies near."""
    draft = _draft_or_404(request.user, draft_id)
    template = "flashcards/drafts/_draft_overlaps.html"
    return render(
        request,
        template if request.htmx else "flashcards/drafts/draft_overlap.html",
        {"draft": draft, "overlaps": _overlaps(request, draft)},
    )


@require_POST
@login_required
def keep_both(request: HtmxHttpRequest, draft_id: uuid.UUID, card_id: uuid.UUID) -> HttpResponse:
    """Keep the draft beside the card that it resembles, and speak of it no more."""
    kept = [*request.session.get(_KEPT, []), f"{draft_id} {card_id}"]
    request.session[_KEPT] = kept[-_KEPT_MOST:]
    return _decided(request, draft_id, card_id, keep=True)


@require_POST
@login_required
def drop_draft(request: HtmxHttpRequest, draft_id: uuid.UUID, card_id: uuid.UUID) -> HttpResponse:
    """Drop the draft: the card is enough."""
    return _decided(request, draft_id, card_id, keep=False)


@require_POST
@login_required
def merge_draft(request: HtmxHttpRequest, draft_id: uuid.UUID, card_id: uuid.UUID) -> HttpResponse:
    """Add to the card what the draft says besides, and drop the draft."""

    def merge(draft: Draft) -> Flashcard:
        return overlaps.merge(
            owner_id=request.user.id,
            card_id=card_id,
            question=draft.question,
            answer=draft.answer,
            now=timezone.now(),
        )

    return _into_card(request, draft_id, card_id, merge, "Added to your existing card.")


@require_POST
@login_required
def replace_card(request: HtmxHttpRequest, draft_id: uuid.UUID, card_id: uuid.UUID) -> HttpResponse:
    """Give the card the draft's words, and drop the draft. The card's schedule stays."""

    def replace(draft: Draft) -> Flashcard:
        return overlaps.replace(
            owner_id=request.user.id,
            card_id=card_id,
            question=draft.question,
            answer=draft.answer,
            kind=draft.kind,
            now=timezone.now(),
        )

    return _into_card(request, draft_id, card_id, replace, "The card has the new text now.")


@require_POST
@login_required
def contrast_draft(
    request: HtmxHttpRequest, draft_id: uuid.UUID, card_id: uuid.UUID
) -> HttpResponse:
    """Draft a card that tells the draft and a near card apart."""
    draft = _draft_or_404(request.user, draft_id)
    card = card_or_404(request.user, card_id)
    sides = (card.question, card.answer), (draft.question, draft.answer)
    try:
        added, is_new = contrasting.add(
            request.user,
            draft,
            made=overlaps.contrast(*sides),
            card=(card_sides.front(card), card_sides.back(card)),
            draft=(card_sides.front(draft), card_sides.back(draft)),
            now=timezone.now(),
        )
    except drafting.DraftingError as refusal:
        toast(request, refusal.sentence, level=messages.WARNING)
        return _to_tray(request, draft)
    said = "A card that tells them apart is among the drafts"
    toast(request, f"{said} now." if is_new else f"{said} already.")
    return redirect(f"{make_url(draft.batch)}#draft-{added.id}")


@require_POST
@login_required
def check_written(request: HtmxHttpRequest) -> HttpResponse:
    """Show the cards that what is being written repeats. Stores nothing, and stops no saving."""
    question = request.POST.get("question", "").strip()[:QUESTION_MAX_CHARACTERS]
    answer = request.POST.get("answer", "").strip()[:ANSWER_MAX_CHARACTERS]
    found: list[overlaps.Overlap] = []
    if len(question) > 3 and (answer or "{{c" in question):
        (found,) = overlaps.find_overlaps(
            owner_id=request.user.id,
            drafts=[(question, answer)],
            leave_out=_note_of(request.user, request.POST.get("card", "")),
        )
    # While somebody writes, one card that is only near is enough to see.
    near = [one for one in found if one.verdict == overlaps.NEAR][:1]
    shown = [one for one in found if one.verdict == overlaps.SAME] + near
    return render(request, "flashcards/cards/_written_overlap.html", {"overlaps": shown})


def _note_of(user: User, card_id: str) -> list[uuid.UUID]:
    """Return the note of the card that is being edited, if it is one of the learner's."""
    try:
        return [get_card(owner_id=user.id, card_id=uuid.UUID(card_id)).note_id]
    except (ValueError, Flashcard.DoesNotExist):
        return []


def _overlaps(request: HtmxHttpRequest, draft: Draft) -> list[overlaps.Overlap]:
    user = request.user
    if draft.decision == Draft.Decision.DROP:
        return []
    leave_out = []
    if draft.batch.card_id:
        # A card that is being split says what its parts say.
        leave_out = _note_of(user, str(draft.batch.card_id))
    (found,) = overlaps.find_overlaps(
        owner_id=user.id, drafts=[(draft.question, draft.answer)], leave_out=leave_out
    )
    kept = set(request.session.get(_KEPT, []))
    if draft.grounds:
        # What tells two apart is near both of them.
        found = [
            one
            for one in found
            if one.verdict == overlaps.SAME and card_sides.front(one.card) not in draft.grounds
        ]
    return [one for one in found if f"{draft.id} {one.card.id}" not in kept]


def _draft_or_404(user: User, draft_id: uuid.UUID) -> Draft:
    draft = drafting.drafts_for_owner(user).filter(id=draft_id).first()
    if draft is None:
        raise Http404("There is no such draft.")
    return draft


def _decided(
    request: HtmxHttpRequest, draft_id: uuid.UUID, card_id: uuid.UUID, *, keep: bool
) -> HttpResponse:
    draft = _draft_or_404(request.user, draft_id)
    card_or_404(request.user, card_id)
    try:
        drafting.decide(draft, keep=keep)
    except drafting.AlreadyDecided as refusal:
        toast(request, refusal.sentence, level=messages.WARNING)
    return _to_tray(request, draft)


def _into_card(
    request: HtmxHttpRequest,
    draft_id: uuid.UUID,
    card_id: uuid.UUID,
    change: Callable[[Draft], Flashcard],
    said: str,
) -> HttpResponse:
    draft = _draft_or_404(request.user, draft_id)
    card_or_404(request.user, card_id)
    before = revert.newest_edit(owner_id=request.user.id, card_id=card_id)
    try:
        change(draft)
        drafting.decide(draft, keep=False)
    except (drafting.AlreadyDecided, CardError) as refusal:
        toast(request, refusal.sentence, level=messages.WARNING)
        return _to_tray(request, draft)
    edit = revert.newest_edit(owner_id=request.user.id, card_id=card_id)
    changed = edit is not None and (before is None or edit.id != before.id)
    undo = reverse("flashcards:revert_edit", args=[card_id, edit.id]) if edit and changed else ""
    toast(
        request,
        said if changed else "The card already says this; the draft is dropped.",
        undo_url=undo,
    )
    return _to_tray(request, draft)


def _to_tray(request: HtmxHttpRequest, draft: Draft) -> HttpResponse:
    """Lead back to the tray, where the draft is."""
    if request.htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return redirect(make_url(draft.batch))
