"""What a draft repeats, reverses or resembles, and what is done about it."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
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
from flashcards.duplicates import joining, resolving, second_opinion
from flashcards.duplicates.judge import Verdict
from flashcards.models import Draft
from flashcards.web.pages.origins import make_url
from flashcards.web.pages.overlaps import beside_draft, of_draft
from flashcards.web.views.access import card_or_404, draft_or_404
from memoryloop.web.toasts import toast

# In the session: which draft was kept beside which card, so that it is not asked again.
_KEPT = "kept_beside"
_KEPT_MOST = 300


@require_safe
@login_required
def draft_overlap(request: HtmxHttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Show the cards and the earlier drafts that a draft repeats, reverses or resembles."""
    draft = draft_or_404(request.user, draft_id)
    kept = set(request.session.get(_KEPT, []))
    found = of_draft(request.user, draft, kept)
    now = timezone.now()
    is_borderline = any(one.judgement.is_borderline for one in found)
    if is_borderline:
        second_opinion.begin(draft.batch, request.user, now)
    context = {
        "draft": draft,
        # Nothing is to be done about what is only near.
        "overlaps": [one for one in found if one.verdict is not Verdict.NEAR or one.reason],
        "others": beside_draft(draft, kept),
        # Then the fragment asks again.
        "is_being_judged": is_borderline and second_opinion.is_expected(draft.batch, now),
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
    _remember(request, f"{draft_id} {card_id}")
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
        return resolving.merge(
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
        return resolving.replace(
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
    try:
        return _contrasted(request, draft, card)
    except drafting.DraftingError as refusal:
        toast(request, refusal.sentence, level=messages.WARNING)
        return _to_drafts(request, draft)


def _contrasted(request: HtmxHttpRequest, draft: Draft, other: card_sides.HasSides) -> HttpResponse:
    """Add a draft that tells a draft and something else apart. Raises DraftingError."""
    added, is_new = contrasting.add(
        request.user,
        draft,
        made=resolving.contrast((other.question, other.answer), (draft.question, draft.answer)),
        card=(card_sides.front(other), card_sides.back(other)),
        draft=(card_sides.front(draft), card_sides.back(draft)),
        now=timezone.now(),
    )
    said = "A card that tells them apart is among the drafts"
    toast(request, f"{said} now." if is_new else f"{said} already.")
    return redirect(f"{make_url(draft.batch)}#draft-{added.id}")


@require_POST
@login_required
def ask_both_ways(
    request: HtmxHttpRequest, draft_id: uuid.UUID, card_id: uuid.UUID
) -> HttpResponse:
    """Have the card asked the other way round, too, as the draft asks it; the draft is dropped."""
    draft = draft_or_404(request.user, draft_id)
    card_or_404(request.user, card_id)
    try:
        with transaction.atomic():
            drafting.decide(draft, keep=False)
            joining.ask_both_ways(owner_id=request.user.id, card_id=card_id, now=timezone.now())
    except (drafting.AlreadyDecided, CardError) as refusal:
        toast(request, refusal.sentence, level=messages.WARNING)
        return _to_drafts(request, draft)
    undo = reverse("flashcards:ask_one_way", args=[card_id])
    toast(request, "Your card is asked both ways round now.", undo_url=undo)
    return _to_drafts(request, draft)


@require_POST
@login_required
def beside_draft_action(
    request: HtmxHttpRequest, draft_id: uuid.UUID, other_id: uuid.UUID, what: str
) -> HttpResponse:
    """Decide on two drafts of one text: "drop" this one, "keep" both, or ask one "both-ways".

    "contrast" adds a draft that tells the two apart.
    """
    draft, other = (draft_or_404(request.user, each) for each in (draft_id, other_id))
    if draft.batch_id != other.batch_id or what not in ("drop", "keep", "both-ways", "contrast"):
        raise Http404("There are no such drafts.")
    try:
        if what == "both-ways":
            drafting.ask_both_ways(other)
            toast(request, "The first of the two is asked both ways round now.")
        if what == "contrast":
            return _contrasted(request, draft, other)
        if what == "keep":
            _remember(request, f"{draft_id} {other_id}")
        drafting.decide(draft, keep=what == "keep")
    except drafting.DraftingError as refusal:
        toast(request, refusal.sentence, level=messages.WARNING)
    return _to_drafts(request, draft)


def _remember(request: HtmxHttpRequest, pair: str) -> None:
    """Keep in the session that a pair was decided on, so that it is not asked about again."""
    request.session[_KEPT] = [*request.session.get(_KEPT, []), pair][-_KEPT_MOST:]


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
        with transaction.atomic():
            drafting.decide(draft, keep=False)
            change(draft)
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
