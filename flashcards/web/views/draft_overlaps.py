"""The cards that a draft repeats or resembles, and what is done about them."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.cards import revert
from flashcards.domain import card_sides
from flashcards.domain.records import Flashcard
from flashcards.domain.validation import CardError
from flashcards.drafting import contrasting, drafting
from flashcards.duplicates import overlaps
from flashcards.models import Draft
from flashcards.web.pages.origins import make_url
from flashcards.web.pages.overlaps import note_of
from flashcards.web.views.access import card_or_404, draft_or_404
from memoryloop.web.toasts import toast

# In the session: which draft was kept beside which card, so that it is not asked again.
_KEPT = "kept_beside"
_KEPT_MOST = 300


@require_safe
@login_required
def draft_overlap(request: HtmxHttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Show the cards that a draft repeats or resembles."""
    draft = draft_or_404(request.user, draft_id)
    context = {
        "draft": draft,
        "overlaps": _overlaps(request, draft),
    }
    fragment, whole = (
        "flashcards/drafts/_draft_overlaps.html",
        "flashcards/drafts/draft_overlap.html",
    )
    return render(request, fragment if request.htmx else whole, context)


@require_POST
@login_required
def keep_both(request: HtmxHttpRequest, draft_id: uuid.UUID, card_id: uuid.UUID) -> HttpResponse:
    """Keep the draft beside the card that it resembles, and do not ask about the two again."""
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
    """Give the card the draft's text, and drop the draft. The card's schedule stays."""

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
    """Draft a card that tells the draft and a similar card apart."""
    draft = draft_or_404(request.user, draft_id)
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
        return _to_drafts(request, draft)
    said = "A card that tells them apart is among the drafts"
    toast(request, f"{said} now." if is_new else f"{said} already.")
    return redirect(f"{make_url(draft.batch)}#draft-{added.id}")


def _overlaps(request: HtmxHttpRequest, draft: Draft) -> list[overlaps.Overlap]:
    """Return the overlaps of a draft, without those that the learner has decided on."""
    if draft.decision == Draft.Decision.DROP:
        return []
    # A card that is being split says what its parts say.
    split = draft.batch.card_id
    (found,) = overlaps.find_overlaps(
        owner_id=request.user.id,
        drafts=[(draft.question, draft.answer)],
        leave_out=note_of(request.user, str(split)) if split else [],
    )
    if draft.grounds:
        # A card that tells two others apart resembles both of them.
        found = [
            one
            for one in found
            if one.verdict == overlaps.SAME and card_sides.front(one.card) not in draft.grounds
        ]
    kept = set(request.session.get(_KEPT, []))
    return [one for one in found if f"{draft.id} {one.card.id}" not in kept]


def _decided(
    request: HtmxHttpRequest, draft_id: uuid.UUID, card_id: uuid.UUID, *, keep: bool
) -> HttpResponse:
    draft = draft_or_404(request.user, draft_id)
    card_or_404(request.user, card_id)
    try:
        drafting.decide(draft, keep=keep)
    except drafting.AlreadyDecided as refusal:
        toast(request, refusal.sentence, level=messages.WARNING)
    return _to_drafts(request, draft)


def _into_card(
    request: HtmxHttpRequest,
    draft_id: uuid.UUID,
    card_id: uuid.UUID,
    change: Callable[[Draft], Flashcard],
    said: str,
) -> HttpResponse:
    """Change the card by the draft, drop the draft, and offer to undo the edit."""
    draft = draft_or_404(request.user, draft_id)
    card_or_404(request.user, card_id)
    before = revert.newest_edit(owner_id=request.user.id, card_id=card_id)
    try:
        change(draft)
        drafting.decide(draft, keep=False)
    except (drafting.AlreadyDecided, CardError) as refusal:
        toast(request, refusal.sentence, level=messages.WARNING)
        return _to_drafts(request, draft)
    edit = revert.newest_edit(owner_id=request.user.id, card_id=card_id)
    if edit is None or (before is not None and edit.id == before.id):
        toast(request, "The card already says this; the draft is dropped.")
    else:
        toast(request, said, undo_url=reverse("flashcards:revert_edit", args=[card_id, edit.id]))
    return _to_drafts(request, draft)


def _to_drafts(request: HtmxHttpRequest, draft: Draft) -> HttpResponse:
    """Lead back to the page of drafts."""
    if request.htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return redirect(make_url(draft.batch))
