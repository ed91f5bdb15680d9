"""The tray: drafts of cards from one text, to keep, edit or drop."""

import uuid
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import HtmxHttpRequest
from accounts.models import User
from flashcards.domain import card_sides
from flashcards.domain.records import (
    ANSWER_MAX_CHARACTERS,
    QUESTION_MAX_CHARACTERS,
    Flashcard,
    Kind,
)
from flashcards.domain.validation import CARDS_A_NOTE, CardError
from flashcards.drafting import documents, drafting, generation, linter, origins, rules, writing
from flashcards.drafting.candidates import Candidate
from flashcards.drafting.origins import NoOrigin, Origin
from flashcards.models import Draft, DraftBatch
from flashcards.web.pages.origins import make_url
from memoryloop.web.toasts import toast


class DraftForm(forms.ModelForm[Draft]):
    """The words of a draft."""

    question = forms.CharField(
        max_length=QUESTION_MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write the question."},
    )
    answer = forms.CharField(
        max_length=ANSWER_MAX_CHARACTERS, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    class Meta:
        model = Draft
        fields = ["question", "answer"]

    def __init__(self, data: Any = None, *, instance: Draft) -> None:
        # Several forms may be open on one page.
        super().__init__(data, instance=instance, auto_id=f"draft-{instance.pk}-%s")
        if self.instance.kind == Kind.CLOZE:
            self.fields["question"].label = "Text with a gap"
            self.fields["question"].help_text = "{{c1::the hidden words}} is a gap."
            self.fields["answer"].label = "Shown with the answer (optional)"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        question = data.get("question")
        if self.instance.kind != Kind.CLOZE and question and not data.get("answer"):
            self.add_error("answer", "Write the answer.")
        if self.instance.kind == Kind.CLOZE and question:
            count = len(card_sides.cloze_ordinals(question))
            if not count:
                self.add_error(
                    "question", "Keep a gap in it: put {{c1:: and }} around the words to hide."
                )
            elif count > CARDS_A_NOTE:
                self.add_error("question", f"Keep {CARDS_A_NOTE} numbers of gaps at most.")
        return data


def _origin_or_404(user: User, origin_id: uuid.UUID, given: Any) -> Origin:
    """Return the text, or the passage of it that `from` and `to` in the query name."""
    bounds = [given.get(name, "") for name in ("from", "to")]
    start, end = (int(b) if b.isascii() and b.isdigit() and len(b) < 10 else None for b in bounds)
    try:
        return origins.find(user, origin_id, start=start, end=end)
    except NoOrigin:
        raise Http404("There is no such text.") from None


def _batch_or_404(user: User, batch_id: uuid.UUID) -> tuple[DraftBatch, Origin]:
    batch = drafting.batches_for_owner(user).filter(id=batch_id).first()
    if batch is None:
        raise Http404("There are no such drafts.")
    return batch, _origin_of(user, batch)


def _draft_or_404(user: User, draft_id: uuid.UUID) -> tuple[Draft, Origin]:
    draft = drafting.drafts_for_owner(user).filter(id=draft_id).first()
    if draft is None:
        raise Http404("There is no such draft.")
    return draft, _origin_of(user, draft.batch)


def _origin_of(user: User, batch: DraftBatch) -> Origin:
    try:
        return origins.of_batch(user, batch)
    except NoOrigin:
        raise Http404("The text of these drafts is gone.") from None


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def make(request: HtmxHttpRequest, origin_id: uuid.UUID) -> HttpResponse:
    """Show what cards a text gave or could give; POST begins to draft, or joins in."""
    origin = _origin_or_404(request.user, origin_id, request.GET)
    error = ""
    if request.method == "POST":
        by_rules = request.POST.get("by") == "rules"
        try:
            drafting.start_batch(request.user, origin, by_rules=by_rules)
        except (drafting.DraftingError, generation.TooLittle) as refusal:
            error = refusal.sentence
        else:
            return redirect(make_url(origin))
    else:
        error = _refusal(origin)
    context = _tray(request.user, origin, drafting.open_batch(request.user, origin))
    context |= {
        "refusal": error if not context["batch"] else "",
        "starts": not error
        and (origin.is_part or not context["cards"])
        and _asked_for(request, origin),
    }
    status = 422 if error and request.method == "POST" else 200
    return render(request, "flashcards/drafts/drafts.html", context, status=status)


def _asked_for(request: HtmxHttpRequest, origin: Origin) -> bool:
    """Return whether to begin at once: who comes by a link of ours has asked for cards already.

    Links to a passage are there to read it, too: those that ask for cards say so.
    """
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        return False
    if (origin.document or origin.is_part) and "begin" not in request.GET:
        return False
    batches = drafting.batches_for_owner(request.user).filter(**origin.batch_fields)
    return not batches.exists()


def _refusal(origin: Origin) -> str:
    try:
        drafting.check(origin)
    except (drafting.NotReady, generation.TooLittle) as refusal:
        return refusal.sentence
    return ""


def _tray(user: User, origin: Origin, batch: DraftBatch | None) -> dict[str, Any]:
    """Return what the tray's templates show. One query for the drafts, one for the cards."""
    drafts = list(batch.drafts.all()) if batch else []
    part = origin.is_part
    return {
        "origin": origin,
        "batch": batch,
        "drafts": [shown(draft, origin) for draft in drafts],
        "cards": writing.cards_made(user, origin),
        "parts": documents.parts(origin.document) if origin.document and not part else [],
        "by_rules": batch is not None and batch.provider == rules.LABEL,
        **_counts(batch, drafts),
    }


def shown(draft: Draft, origin: Origin) -> Draft:
    """Return the draft with what its template shows: its cards, and what is weak about it."""
    ordinals = card_sides.card_ordinals(draft.kind, draft.question) or [1]
    draft.sides = [card_sides.Draft(draft.kind, draft.question, draft.answer, n) for n in ordinals]  # type: ignore[attr-defined] # for the template
    if draft.grounds:
        draft.findings = generation.contrast_faults(  # type: ignore[attr-defined] # for the template
            draft.question, draft.answer, draft.grounds
        )
    elif origin.is_split:
        draft.findings = linter.lint(draft.question, draft.answer, draft.kind)  # type: ignore[attr-defined] # for the template
    else:
        candidate = Candidate(
            question=draft.question,
            answer=draft.answer,
            kind=Kind(draft.kind),
            start=draft.source_start,
            end=draft.source_end,
        )
        draft.findings = generation.faults(candidate, origin.text)  # type: ignore[attr-defined] # for the template
    return draft


def _counts(batch: DraftBatch | None, drafts: list[Draft]) -> dict[str, Any]:
    return {
        "kept": sum(draft.decision == Draft.Decision.KEEP for draft in drafts),
        "working": batch is not None and batch.status == DraftBatch.Status.WORKING,
        "failed": batch is not None and batch.status == DraftBatch.Status.FAILED,
        "last": drafts[-1].position if drafts else -1,
        "total": len(drafts),
    }


@require_safe
@login_required
def progress(request: HtmxHttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Return the drafts after position `after`, and how far the drafting is."""
    batch, origin = _batch_or_404(request.user, batch_id)
    drafting.mark_if_dead(batch)
    if not request.htmx:
        return redirect(make_url(origin))
    drafts = list(batch.drafts.all())
    counts = _counts(batch, drafts)
    open_ = batch.status != DraftBatch.Status.DONE
    calm = open_ and not counts["failed"] and bool(drafts) and not batch.note
    if not (counts["working"] or calm):
        # Ended otherwise than with drafts to decide on: the page as a whole says how.
        return HttpResponse(headers={"HX-Refresh": "true"})
    try:
        after = int(request.GET.get("after", -1))
    except ValueError:
        after = -1
    new = [shown(draft, origin) for draft in drafts if draft.position > after]
    context = {"origin": origin, "batch": batch, "new_drafts": new, **counts}
    return render(request, "flashcards/drafts/_draft_progress.html", context)


@require_POST
@login_required
def stop_drafts(request: HtmxHttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """End the drafting and keep what came."""
    batch, origin = _batch_or_404(request.user, batch_id)
    drafting.stop(batch)
    return redirect(make_url(origin))


@require_POST
@login_required
def accept_drafts(request: HtmxHttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Make cards of the kept drafts and close the batch."""
    batch = drafting.batches_for_owner(request.user).filter(id=batch_id).first()
    if batch is None:
        raise Http404("There are no such drafts.")
    then = make_url(batch)
    try:
        cards = drafting.accept(
            request.user,
            batch_id,
            shown=_ids(request.POST.getlist("shown")),
            kept=_ids(request.POST.getlist("keep")),
        )
    except (drafting.AlreadyDecided, CardError) as refusal:
        toast(request, refusal.sentence, level=30)
        return redirect(then)
    said = f"{len(cards)} card{'s' if len(cards) != 1 else ''} added." if cards else ""
    if cards and batch.card_id:
        undo = reverse("flashcards:undo_split", args=[batch.id])
        toast(request, f"{said} The card that was split is in the trash.", undo_url=undo)
        return redirect("flashcards:card", cards[0].id)
    toast(request, said or "No card was added.")
    return redirect("flashcards:card", batch.card_id) if batch.card_id else redirect(then)


def _ids(values: list[str]) -> set[uuid.UUID]:
    """Return the values that are UUIDs; others name no draft."""
    found = set()
    for value in values[:500]:
        try:
            found.add(uuid.UUID(value))
        except ValueError:
            continue
    return found


@require_POST
@login_required
def undo_split(request: HtmxHttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Take a card that was split out of the bin again, in place of what it became."""
    batch = drafting.batches_for_owner(request.user).filter(id=batch_id).first()
    try:
        if batch is None:
            raise Flashcard.DoesNotExist
        card = drafting.undo_split(request.user, batch, now=timezone.now())
    except Flashcard.DoesNotExist:
        raise Http404("There is no such card.") from None
    toast(request, "The card is restored.")
    return redirect("flashcards:card", card.id)


@require_POST
@login_required
def decide_draft(request: HtmxHttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Keep or drop one draft: kept if `keep` names it."""
    draft, origin = _draft_or_404(request.user, draft_id)
    try:
        drafting.decide(draft, keep=draft.id in _ids(request.POST.getlist("keep")))
    except drafting.AlreadyDecided as refusal:
        toast(request, refusal.sentence, level=30)
        return _gone(request, origin)
    return _changed(request, draft, origin)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_draft(request: HtmxHttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Change a draft's words, in its place in the tray or on a page of its own."""
    draft, origin = _draft_or_404(request.user, draft_id)
    form = DraftForm(request.POST or None, instance=draft)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            drafting.edit(draft, question=data["question"], answer=data["answer"])
        except drafting.AlreadyDecided as refusal:
            toast(request, refusal.sentence, level=30)
            return _gone(request, origin)
        return _changed(request, draft, origin, show=True)
    template = (
        "flashcards/drafts/_draft_form.html"
        if request.htmx
        else "flashcards/drafts/edit_draft.html"
    )
    start, end = draft.source_start, draft.source_end
    words = origin.text[start:end] if start is not None else ""
    context = {"draft": draft, "form": form, "words": words, "origin": origin}
    return render(request, template, context, status=422 if form.errors else 200)


@require_safe
@login_required
def draft(request: HtmxHttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Return one draft as it stands: what Cancel leads back to.

    With `?better`, nothing as long as a better version may come.
    """
    found, origin = _draft_or_404(request.user, draft_id)
    if not request.htmx:
        return redirect(make_url(origin))
    if "better" in request.GET and found.is_being_rewritten:
        return HttpResponse(status=204)
    return render(request, "flashcards/drafts/_draft.html", {"draft": shown(found, origin)})


def _changed(
    request: HtmxHttpRequest, draft: Draft, origin: Origin, *, show: bool = False
) -> HttpResponse:
    """Return the new count, with the draft itself if its words changed."""
    if not request.htmx:
        return redirect(make_url(origin))
    drafts = list(Draft.objects.filter(batch=draft.batch).only("decision", "position"))
    context = {
        "draft": shown(draft, origin) if show else None,
        "origin": origin,
        "batch": draft.batch,
        **_counts(draft.batch, drafts),
    }
    return render(request, "flashcards/drafts/_draft_changed.html", context)


def _gone(request: HtmxHttpRequest, origin: Origin) -> HttpResponse:
    if request.htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return redirect(make_url(origin))
