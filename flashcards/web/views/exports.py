"""Export: the cards of a search as a package for Anki or as a table, made in the background."""

import uuid
from collections.abc import Collection

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import HtmxHttpRequest
from accounts.models import User
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.study_day import zone_of
from flashcards.domain.validation import CardError
from flashcards.exchange import export_job
from flashcards.models import CardExport
from flashcards.search import search
from flashcards.web.forms.exports import SEARCH_MAX_CHARACTERS, ExportForm
from flashcards.web.forms.ids import ids_in

TYPES = {"apkg": "application/octet-stream", "csv": "text/csv; charset=utf-8"}
LISTED_MOST = 10


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def export_cards(request: HtmxHttpRequest) -> HttpResponse:
    """Offer to export the cards of a search, or those selected; POST begins to make the file."""
    data = request.POST if request.method == "POST" else request.GET
    text = data.get("q", "").replace("\x00", "").strip()[:SEARCH_MAX_CHARACTERS]
    ids = ids_in(data.getlist("ids")) if "all" not in data else []
    form = ExportForm(request.POST) if "format" in request.POST else ExportForm()
    card_ids: list[uuid.UUID] = []
    error = ""
    try:
        card_ids = ids or _found(request.user, text, spared=ids_in(data.getlist("except")))
        if form.is_bound and form.is_valid():
            row = export_job.start(
                owner_id=request.user.id,
                format=form.cleaned_data["format"],
                search="" if ids else text,
                options=form.options(),
                card_ids=card_ids,
                clock=timezone.now,
            )
            return redirect("flashcards:export_file", row.id)
    except (CardError, BadQuery) as refusal:
        card_ids, error = [], refusal.sentence
    if form.errors and not error:
        error = str(next(iter(form.errors.values()))[0])
    context = {
        "q": text,
        "ids": ",".join(map(str, card_ids)) if ids or data.get("except") else "",
        "count": len(card_ids),
        "error": error,
        "chosen": form.data.get("format", "apkg"),
        "exports": CardExport.objects.filter(owner=request.user).defer("card_ids")[:LISTED_MOST],
    }
    return render(request, "flashcards/exchange/export.html", context, status=422 if error else 200)


@require_safe
@login_required
def export_page(request: HtmxHttpRequest, export_id: uuid.UUID) -> HttpResponse:
    """Show how far a file is, and then where to fetch it."""
    row = _export_or_404(request, export_id)
    context = {"row": row, "name": export_job.FORMATS[row.format]}
    if request.htmx and request.htmx.target == "export-state":
        return render(request, "flashcards/exchange/_export_state.html", context)
    return render(request, "flashcards/exchange/export_file.html", context)


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


def _found(user: User, text: str, *, spared: Collection[uuid.UUID]) -> list[uuid.UUID]:
    """Return the cards that a search finds, but for some. Raises BadQuery."""
    found = search.find(
        owner_id=user.id, text=text, now=timezone.now(), zone=zone_of(user), order="added"
    )
    left_out = set(spared)
    return [card_id for card_id in found.ids() if card_id not in left_out]


def _export_or_404(request: HtmxHttpRequest, export_id: uuid.UUID) -> CardExport:
    found = CardExport.objects.defer("card_ids")
    return get_object_or_404(found, id=export_id, owner=request.user)
