"""One draft in the page of drafts: kept, dropped or edited."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.drafting import drafting
from flashcards.drafting.origins import Origin
from flashcards.models import Draft
from flashcards.web.forms.drafts import DraftForm
from flashcards.web.forms.ids import ids_in
from flashcards.web.pages import drafts as page
from flashcards.web.pages.origins import make_url
from flashcards.web.views.access import draft_or_404, origin_of_batch_or_404
from memoryloop.web.toasts import toast


@require_safe
@login_required
def draft(request: HtmxHttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Return one draft as it is stored; Cancel leads here.

    With `?better`, nothing as long as a better version may come.
    """
    found = draft_or_404(request.user, draft_id)
    origin = origin_of_batch_or_404(request.user, found.batch)
    if not request.htmx:
        return redirect(make_url(origin))
    if "better" in request.GET and found.is_being_rewritten:
        return HttpResponse(status=204)
    row = page.row(found, origin)
    context = {"draft": found, "sides": row.sides, "findings": row.findings}
    return render(request, "flashcards/drafts/_draft.html", context)


@require_POST
@login_required
def decide_draft(request: HtmxHttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Keep or drop one draft: kept if `keep` names it."""
    found = draft_or_404(request.user, draft_id)
    origin = origin_of_batch_or_404(request.user, found.batch)
    try:
        drafting.decide(found, keep=found.id in ids_in(request.POST.getlist("keep")))
    except drafting.AlreadyDecided as refusal:
        return _already_decided(request, origin, refusal)
    return _changed(request, found, origin)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_draft(request: HtmxHttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Change the text of a draft, in its place among the others or on a page of its own."""
    found = draft_or_404(request.user, draft_id)
    origin = origin_of_batch_or_404(request.user, found.batch)
    form = DraftForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            drafting.edit(found, question=data["question"], answer=data["answer"])
        except drafting.AlreadyDecided as refusal:
            return _already_decided(request, origin, refusal)
        return _changed(request, found, origin, has_new_text=True)
    start, end = found.source_start, found.source_end
    context = {
        "draft": found,
        "form": form,
        "words": origin.text[start:end] if start is not None else "",
        "origin": origin,
    }
    fragment, whole = "flashcards/drafts/_draft_form.html", "flashcards/drafts/edit_draft.html"
    status = 422 if form.errors else 200
    return render(request, fragment if request.htmx else whole, context, status=status)


def _changed(
    request: HtmxHttpRequest, draft: Draft, origin: Origin, *, has_new_text: bool = False
) -> HttpResponse:
    """Return the new count, with the draft itself if its text changed."""
    if not request.htmx:
        return redirect(make_url(origin))
    drafts = list(Draft.objects.filter(batch=draft.batch).only("decision", "position", "arrival"))
    context = {
        "row": page.row(draft, origin) if has_new_text else None,
        "origin": origin,
        "batch": draft.batch,
        **page.counts(draft.batch, drafts),
    }
    return render(request, "flashcards/drafts/_draft_changed.html", context)


def _already_decided(
    request: HtmxHttpRequest, origin: Origin, refusal: drafting.AlreadyDecided
) -> HttpResponse:
    """Show the page of drafts anew, with a toast that says why."""
    toast(request, refusal.sentence, level=messages.WARNING)
    if request.htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return redirect(make_url(origin))
