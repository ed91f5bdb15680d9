"""Export: the cards of a search as a package for Anki or as a table, made in the background."""

import uuid
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.study_day import zone_of
from flashcards.domain.validation import CardError
from flashcards.exchange import export_job
from flashcards.models import CardExport
from flashcards.search import search
from flashcards.web.forms.browser import ids_in

SEARCH_MAX_CHARACTERS = 2_000
TYPES = {"apkg": "application/octet-stream", "csv": "text/csv; charset=utf-8"}


class ExportForm(forms.Form):
    """Which cards, as what, and with what."""

    format = forms.ChoiceField(
        choices=list(export_job.FORMATS.items()),
        initial="apkg",
        error_messages={
            "required": "Choose a format.",
            "invalid_choice": "Choose one of these formats.",
        },
    )
    schedule = forms.BooleanField(required=False)
    images = forms.BooleanField(required=False)
    q = forms.CharField(required=False, max_length=SEARCH_MAX_CHARACTERS)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def export_cards(request: HtmxHttpRequest) -> HttpResponse:
    """Offer to export the cards of a search, or those selected; POST begins to make the file."""
    data = request.POST if request.method == "POST" else request.GET
    text = data.get("q", "").replace("\x00", "").strip()[:SEARCH_MAX_CHARACTERS]
    ids = ids_in(data.getlist("ids")) if "all" not in data else []
    form = ExportForm(request.POST) if "format" in request.POST else ExportForm()
    error = ""
    try:
        card_ids = _card_ids(request, text, ids, set(ids_in(data.getlist("except"))))
        if form.is_bound and form.is_valid():
            row = export_job.start(
                owner_id=request.user.id,
                format=form.cleaned_data["format"],
                search="" if ids else text,
                options={
                    "schedule": form.cleaned_data["schedule"],
                    "media": form.cleaned_data["images"],
                },
                card_ids=card_ids,
                clock=timezone.now,
            )
            return redirect("flashcards:export_file", row.id)
        if form.is_bound:
            error = str(next(iter(form.errors.values()))[0])
    except (CardError, BadQuery) as refusal:
        card_ids, error = [], refusal.sentence
    context = {
        "q": text,
        "ids": ",".join(str(card_id) for card_id in card_ids) if ids or data.get("except") else "",
        "count": len(card_ids),
        "error": error,
        "chosen": form.data.get("format", "apkg"),
        "exports": CardExport.objects.filter(owner=request.user).defer("card_ids")[:10],
    }
    return render(request, "flashcards/exchange/export.html", context, status=422 if error else 200)


@require_safe
@login_required
def export_page(request: HtmxHttpRequest, export_id: uuid.UUID) -> HttpResponse:
    """Show how far a file is, and then where to fetch it."""
    row = _export_or_404(request, export_id)
    is_fragment = request.htmx and request.htmx.target == "export-state"
    template = "_export_state.html" if is_fragment else "export_file.html"
    return render(request, f"flashcards/exchange/{template}", _state(row))


@require_safe
@login_required
def download_export(request: HtmxHttpRequest, export_id: uuid.UUID) -> HttpResponseBase:
    """Send a file that was made."""
    row = _export_or_404(request, export_id)
    path = export_job.file_of(row)
    if row.status != CardExport.Status.DONE or not path.exists():
        raise Http404("There is no such file.")
    name = f"memoryloop-{row.created_at:%Y-%m-%d}.{row.format}"
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=name, content_type=TYPES[row.format]
    )


def _card_ids(
    request: HtmxHttpRequest, text: str, ids: list[uuid.UUID], spared: set[uuid.UUID]
) -> list[uuid.UUID]:
    """Return the cards that were selected, or all that the search finds. Raises BadQuery."""
    if ids:
        return ids
    found = search.find(
        owner_id=request.user.id,
        text=text,
        now=timezone.now(),
        zone=zone_of(request.user),
        order="added",
    )
    return [card_id for card_id in found.ids() if card_id not in spared]


def _state(row: CardExport) -> dict[str, Any]:
    return {"row": row, "name": export_job.FORMATS[row.format]}


def _export_or_404(request: HtmxHttpRequest, export_id: uuid.UUID) -> CardExport:
    found = CardExport.objects.defer("card_ids")
    return get_object_or_404(found, id=export_id, owner=request.user)
