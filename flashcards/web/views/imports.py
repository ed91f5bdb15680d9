"""Import: a file is read, the learner chooses, a job imports the cards, and it can be undone."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.domain.validation import CardError
from flashcards.exchange import import_job, uploads
from flashcards.exchange.import_choice import Choice
from flashcards.models import CardImport
from flashcards.web.forms.columns import ColumnsForm
from flashcards.web.forms.imports import ImportForm
from flashcards.web.pages import imports as page
from memoryloop.web.toasts import toast

LISTED_MOST = 20
Status = CardImport.Status


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def import_list(request: HtmxHttpRequest) -> HttpResponse:
    """Take a file and lead to its contents; list the earlier imports."""
    error = ""
    if request.method == "POST":
        try:
            row = uploads.receive(
                owner_id=request.user.id, upload=request.FILES.get("file"), now=timezone.now()
            )
        except CardError as refusal:
            error = refusal.sentence
        else:
            return redirect("flashcards:import", row.id)
    context = {
        "error": error,
        "imports": CardImport.objects.filter(owner=request.user)[:LISTED_MOST],
        "most_mb": settings.IMPORT_MAX_BYTES // 1024**2,
    }
    return render(
        request, "flashcards/exchange/imports.html", context, status=422 if error else 200
    )


@require_safe
@login_required
def import_page(request: HtmxHttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Show the contents of a file and the choices, then the progress, then the report."""
    row = _import_or_404(request, import_id)
    is_fragment = request.htmx and request.htmx.target == "import-progress"
    if is_fragment and not row.is_under_way:
        # The page as a whole has the report.
        return HttpResponse(headers={"HX-Refresh": "true"})
    if is_fragment:
        return render(request, "flashcards/exchange/_import_progress.html", page.progress(row))
    context = page.context(row, ImportForm(contents=row.contents))
    return render(request, "flashcards/exchange/import.html", context)


@require_POST
@login_required
def read_anew(request: HtmxHttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Read a text file by the columns that were chosen, and show what it has then."""
    row = _import_or_404(request, import_id)
    columns = page.columns_form(row, request.POST)
    if row.status == Status.READY and columns is not None:
        if not _take_columns(row, columns):
            form = ImportForm(contents=row.contents)
            context = page.context(row, form, columns)
            return render(request, "flashcards/exchange/import.html", context, status=422)
        toast(request, "The file is read with these columns.")
    return redirect("flashcards:import", row.id)


@require_POST
@login_required
def start_import(request: HtmxHttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Import what was chosen, in the background."""
    row = _import_or_404(request, import_id)
    columns = page.columns_form(row, request.POST) if "column_0" in request.POST else None
    names = _names(row)
    if row.status == Status.READY and columns is not None and columns.has_changed():
        if not _take_columns(row, columns):
            context = page.context(row, ImportForm(request.POST, contents=row.contents), columns)
            return render(request, "flashcards/exchange/import.html", context, status=422)
        if row.is_looked_into or columns.is_cut_anew or _names(row) != names:
            toast(request, "With these columns the file has other cards. Check them, then import.")
            return redirect("flashcards:import", row.id)
    form = ImportForm(request.POST, contents=row.contents)
    if row.status == Status.READY and not form.is_valid():
        context = page.context(row, form)
        return render(request, "flashcards/exchange/import.html", context, status=422)
    choice = form.choice() if form.is_valid() else Choice.from_json(row.options)
    try:
        import_job.start(
            owner_id=request.user.id, import_id=row.id, choice=choice, now=timezone.now()
        )
    except CardError as error:
        toast(request, error.sentence, level=messages.ERROR)
    return redirect("flashcards:import", row.id)


@require_POST
@login_required
def undo_import(request: HtmxHttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Move the imported cards to the trash, and restore the text of updated cards."""
    row = _import_or_404(request, import_id)
    try:
        import_job.undo(owner_id=request.user.id, import_id=row.id, now=timezone.now())
    except CardError as error:
        toast(request, error.sentence, level=messages.ERROR)
    return redirect("flashcards:import", row.id)


@require_POST
@login_required
def discard_import(request: HtmxHttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Discard a file that is not to be imported."""
    row = _import_or_404(request, import_id)
    if row.status == Status.READY or row.is_looked_into:
        row.delete()
        toast(request, "File discarded. Nothing was imported.")
    return redirect("flashcards:imports")


def _take_columns(row: CardImport, columns: ColumnsForm) -> bool:
    """Read a file by the columns of a form; return whether it can be, or the form says why not."""
    if not columns.is_valid():
        return False
    layout = columns.chosen()
    try:
        if columns.is_cut_anew:
            layout = uploads.layout_with(row, layout)
        uploads.read_anew(row, layout, timezone.now())
    except CardError as error:
        columns.add_error(None, error.sentence)
    return columns.is_valid()


def _names(row: CardImport) -> list[str]:
    return [name for _, name, _ in row.contents.get("decks", ())]


def _import_or_404(request: HtmxHttpRequest, import_id: uuid.UUID) -> CardImport:
    return get_object_or_404(CardImport, id=import_id, owner=request.user)
