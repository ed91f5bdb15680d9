"""The page of drafts: begun from a text, followed while they come, and made into cards."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.cards import decks
from flashcards.domain import durations
from flashcards.domain.records import Flashcard
from flashcards.domain.validation import CardError
from flashcards.drafting import drafting, generation
from flashcards.drafting.origins import Origin
from flashcards.models import DraftBatch
from flashcards.models.decks import DECK_NAME_MAX_CHARACTERS
from flashcards.web.forms.cards import TAGS_MAX_CHARACTERS, split_tags
from flashcards.web.forms.ids import ids_in, number_in
from flashcards.web.pages import drafts as page
from flashcards.web.pages.origins import make_url
from flashcards.web.views.access import batch_or_404, origin_of_batch_or_404, origin_or_404
from memoryloop.storable import storable
from memoryloop.web.toasts import toast


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def make(request: HtmxHttpRequest, origin_id: uuid.UUID) -> HttpResponse:
    """Show what cards a text gave or could give; POST begins to draft, or joins in."""
    start, end = (number_in(request.GET.get(name), most_digits=9) for name in ("from", "to"))
    origin = origin_or_404(request.user, origin_id, start=start, end=end)
    problem = _problem(origin)
    if request.method == "POST":
        try:
            _start_batch(request, origin)
        except (drafting.DraftingError, generation.TooLittle) as refusal:
            problem = refusal.sentence
        else:
            return redirect(make_url(origin))
    context = page.context(request.user, origin, drafting.open_batch(request.user, origin))
    has_cards = bool(context["cards"]) and not origin.is_part
    context["refusal"] = problem if not context["batch"] else ""
    context["starts"] = not problem and not has_cards and _is_asked_for(request, origin)
    status = 422 if problem and request.method == "POST" else 200
    return render(request, "flashcards/drafts/drafts.html", context, status=status)


def _start_batch(request: HtmxHttpRequest, origin: Origin) -> None:
    """Start the drafting by whom the learner chose. Raises DraftingError, TooLittle."""
    by, instead_of = request.POST.get("by"), ""
    if by == "fallback":
        failed = drafting.open_batch(request.user, origin)
        instead_of = failed.provider if failed is not None else ""
    drafting.start_batch(request.user, origin, by_rules=by == "rules", instead_of=instead_of)


@require_safe
@login_required
def progress(request: HtmxHttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Return the drafts that came after the one of arrival `after`, and how far the drafting is."""
    batch = batch_or_404(request.user, batch_id)
    origin = origin_of_batch_or_404(request.user, batch)
    drafting.mark_if_dead(batch)
    if not request.htmx:
        return redirect(make_url(origin))
    drafts = list(batch.drafts.all())
    counts = page.counts(batch, drafts)
    is_open = batch.status not in (DraftBatch.Status.DONE, DraftBatch.Status.FAILED)
    if not counts["working"] and not (is_open and drafts and not batch.note):
        # Ended otherwise than with drafts to decide on: the page as a whole says how.
        return HttpResponse(headers={"HX-Refresh": "true"})
    after = number_in(request.GET.get("after"))
    new = page.rows_after(drafts, after, origin)
    names = [] if counts["working"] else decks.names(request.user.id)
    context = {
        "origin": origin, "batch": batch, "new_drafts": new, "deck_names": names, **counts,
    }  # fmt: skip
    return render(request, "flashcards/drafts/_draft_progress.html", context)


@require_POST
@login_required
def stop_drafts(request: HtmxHttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """End the drafting and keep the drafts that have come."""
    batch = batch_or_404(request.user, batch_id)
    origin = origin_of_batch_or_404(request.user, batch)
    drafting.stop(batch)
    return redirect(make_url(origin))


@require_POST
@login_required
def accept_drafts(request: HtmxHttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Make cards of the kept drafts and close the batch."""
    batch = batch_or_404(request.user, batch_id)
    shown, kept = (set(ids_in(request.POST.getlist(name))) for name in ("shown", "keep"))
    try:
        deck, tags = _labels(request)
        cards = drafting.accept(
            request.user, batch_id, shown=shown, kept=kept, deck=deck, tags=tags
        )
    except (drafting.AlreadyDecided, CardError) as refusal:
        toast(request, refusal.sentence, level=messages.WARNING)
        return redirect(make_url(batch))
    said = f"{durations.count(len(cards), 'card')} added." if cards else "No card was added."
    if batch.card_id is None:
        toast(request, said)
        return redirect(make_url(batch))
    if not cards:
        toast(request, said)
        return redirect("flashcards:card", batch.card_id)
    undo = reverse("flashcards:undo_split", args=[batch.id])
    toast(request, f"{said} The card that was split is in the trash.", undo_url=undo)
    return redirect("flashcards:card", cards[0].id)


@require_POST
@login_required
def label_drafts(request: HtmxHttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Keep the deck and the tags that the cards are to get, for when the page is read again."""
    batch = batch_or_404(request.user, batch_id)
    deck, tags = _labels(request)
    try:
        drafting.set_labels(batch, deck=deck, tags=tags)
    except drafting.AlreadyDecided as refusal:
        toast(request, refusal.sentence, level=messages.WARNING)
    return HttpResponse(status=204) if request.htmx else redirect(make_url(batch))


def _labels(request: HtmxHttpRequest) -> tuple[str, tuple[str, ...]]:
    deck = storable(request.POST.get("deck", ""))[:DECK_NAME_MAX_CHARACTERS]
    tags = split_tags(storable(request.POST.get("tags", ""))[:TAGS_MAX_CHARACTERS])
    return " ".join(deck.split()), tags


@require_POST
@login_required
def undo_split(request: HtmxHttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Restore a card that was split; the cards from it go to the trash."""
    batch = batch_or_404(request.user, batch_id)
    try:
        card = drafting.undo_split(request.user, batch, now=timezone.now())
    except Flashcard.DoesNotExist:
        raise Http404("There is no such card.") from None
    toast(request, "The card is restored.")
    return redirect("flashcards:card", card.id)


def _problem(origin: Origin) -> str:
    """Return why no cards can be made of a text; empty if they can."""
    try:
        drafting.check(origin)
    except (drafting.NotReady, generation.TooLittle) as refusal:
        return refusal.sentence
    return ""


def _is_asked_for(request: HtmxHttpRequest, origin: Origin) -> bool:
    """Return whether to begin at once: a link on this site asks for cards.

    Links to a passage are there to read it, too: those that ask for cards have `?begin`.
    """
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        return False
    if (origin.document or origin.is_part) and "begin" not in request.GET:
        return False
    batches = drafting.batches_for_owner(request.user).filter(**origin.batch_fields)
    return not batches.exists()
