"""The tray: drafts of cards from one message, to keep, edit or drop."""

import uuid
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from chat.models import Message
from chat.services import messages_for_owner
from flashcards import drafting, faces, generation, rules, services
from flashcards.models import Draft, DraftBatch
from flashcards.records import ANSWER_MAX_CHARACTERS, QUESTION_MAX_CHARACTERS, Kind
from memoryloop.http import HtmxHttpRequest
from memoryloop.toasts import toast


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
            self.fields["question"].help_text = "{{c1::the hidden words}} is the gap."
            self.fields["answer"].label = "Shown with the answer (optional)"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        question = data.get("question")
        if self.instance.kind != Kind.CLOZE and question and not data.get("answer"):
            self.add_error("answer", "Write the answer.")
        if self.instance.kind == Kind.CLOZE and question and faces.cloze_ordinals(question) != [1]:
            self.add_error(
                "question", "Keep one gap in it: put {{c1:: and }} around the words to hide."
            )
        return data


def _message_or_404(user: User, message_id: uuid.UUID) -> Message:
    message = messages_for_owner(user).filter(id=message_id).first()
    if message is None:
        raise Http404("There is no such message.")
    return message


def _draft_or_404(user: User, draft_id: uuid.UUID) -> Draft:
    draft = drafting.drafts_for_owner(user).filter(id=draft_id).first()
    if draft is None:
        raise Http404("There is no such draft.")
    return draft


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def make(request: HtmxHttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Show what cards a message gave or could give; POST begins to draft, or joins in."""
    message = _message_or_404(request.user, message_id)
    error = ""
    if request.method == "POST":
        by_rules = request.POST.get("by") == "rules"
        try:
            drafting.start_batch(request.user, message, by_rules=by_rules)
        except (drafting.DraftingError, generation.TooLittle) as refusal:
            error = refusal.sentence
        else:
            return redirect("flashcards:make", message.id)
    elif message.status == Message.Status.STREAMING:
        error = drafting.NOT_READY
    else:
        error = _too_little(message)
    context = _tray(request.user, message, drafting.open_batch(request.user, message))
    context |= {
        "refusal": error if not context["batch"] else "",
        "starts": not error and not context["cards"] and _asked_for(request, message),
    }
    status = 422 if error and request.method == "POST" else 200
    return render(request, "flashcards/make.html", context, status=status)


def _asked_for(request: HtmxHttpRequest, message: Message) -> bool:
    """Return whether to begin at once: who comes by a link of ours has asked for cards already."""
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        return False
    return not drafting.batches_for_owner(request.user).filter(message=message).exists()


def _too_little(message: Message) -> str:
    try:
        generation.check(message.content)
    except generation.TooLittle as refusal:
        return refusal.sentence
    return ""


def _tray(user: User, message: Message, batch: DraftBatch | None) -> dict[str, Any]:
    """Return what the tray's templates show. One query for the drafts, one for the cards."""
    drafts = list(batch.drafts.all()) if batch else []
    return {
        "message": message,
        "batch": batch,
        "drafts": drafts,
        "cards": services.cards_from_message(owner_id=user.id, message_id=message.id),
        "by_rules": batch is not None and batch.provider == rules.LABEL,
        **_counts(batch, drafts),
    }


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
def progress(request: HtmxHttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Return the drafts after position `after`, and how far the drafting is."""
    message = _message_or_404(request.user, message_id)
    batch = drafting.open_batch(request.user, message)
    if not request.htmx:
        return redirect("flashcards:make", message.id)
    drafts = list(batch.drafts.all()) if batch else []
    counts = _counts(batch, drafts)
    calm = batch is not None and not counts["failed"] and bool(drafts) and not batch.note
    if batch is None or not (counts["working"] or calm):
        # Ended otherwise than with drafts to decide on: the page as a whole says how.
        return HttpResponse(headers={"HX-Refresh": "true"})
    try:
        after = int(request.GET.get("after", -1))
    except ValueError:
        after = -1
    new = [draft for draft in drafts if draft.position > after]
    context = {"message": message, "batch": batch, "new_drafts": new, **counts}
    return render(request, "flashcards/_draft_progress.html", context)


@require_POST
@login_required
def stop_drafts(request: HtmxHttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """End the drafting and keep what came."""
    message = _message_or_404(request.user, message_id)
    batch = drafting.open_batch(request.user, message)
    if batch is not None:
        drafting.stop(batch)
    return redirect("flashcards:make", message.id)


@require_POST
@login_required
def accept_drafts(request: HtmxHttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Make cards of the kept drafts and close the batch."""
    message = _message_or_404(request.user, message_id)
    try:
        cards = drafting.accept(
            request.user,
            message,
            shown=_ids(request.POST.getlist("shown")),
            kept=_ids(request.POST.getlist("keep")),
        )
    except (drafting.AlreadyDecided, services.CardError) as refusal:
        toast(request, refusal.sentence, level=30)
        return redirect("flashcards:make", message.id)
    if cards:
        toast(request, f"{len(cards)} card{'s' if len(cards) != 1 else ''} added.")
    else:
        toast(request, "No card was added.")
    return redirect("flashcards:make", message.id)


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
def decide_draft(request: HtmxHttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Keep or drop one draft: kept if `keep` names it."""
    draft = _draft_or_404(request.user, draft_id)
    try:
        drafting.decide(draft, keep=draft.id in _ids(request.POST.getlist("keep")))
    except drafting.AlreadyDecided as refusal:
        toast(request, refusal.sentence, level=30)
        return _gone(request, draft)
    return _changed(request, draft)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_draft(request: HtmxHttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Change a draft's words, in its place in the tray or on a page of its own."""
    draft = _draft_or_404(request.user, draft_id)
    form = DraftForm(request.POST or None, instance=draft)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            drafting.edit(draft, question=data["question"], answer=data["answer"])
        except drafting.AlreadyDecided as refusal:
            toast(request, refusal.sentence, level=30)
            return _gone(request, draft)
        return _changed(request, draft, show=True)
    template = "flashcards/_draft_form.html" if request.htmx else "flashcards/edit_draft.html"
    start, end = draft.source_start, draft.source_end
    words = draft.batch.message.content[start:end] if start is not None else ""
    context = {"draft": draft, "form": form, "words": words}
    return render(request, template, context, status=422 if form.errors else 200)


@require_safe
@login_required
def draft(request: HtmxHttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Return one draft as it stands: what Cancel leads back to."""
    found = _draft_or_404(request.user, draft_id)
    if not request.htmx:
        return redirect("flashcards:make", found.batch.message_id)
    return render(request, "flashcards/_draft.html", {"draft": found})


def _changed(request: HtmxHttpRequest, draft: Draft, *, show: bool = False) -> HttpResponse:
    """Return the new count, with the draft itself if its words changed."""
    if not request.htmx:
        return redirect("flashcards:make", draft.batch.message_id)
    drafts = list(Draft.objects.filter(batch=draft.batch).only("decision", "position"))
    context = {
        "draft": draft if show else None,
        "message": draft.batch.message,
        "batch": draft.batch,
        **_counts(draft.batch, drafts),
    }
    return render(request, "flashcards/_draft_changed.html", context)


def _gone(request: HtmxHttpRequest, draft: Draft) -> HttpResponse:
    if request.htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return redirect("flashcards:make", draft.batch.message_id)
