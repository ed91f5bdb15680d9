"""Import: a file is looked into, the learner chooses, a job takes it over, and it can be undone."""

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.domain.validation import CardError
from flashcards.exchange import import_job, uploads
from flashcards.exchange.import_choice import Choice
from flashcards.models import CardImport
from flashcards.models.decks import DECK_NAME_MAX_CHARACTERS
from memoryloop.web.toasts import toast

LISTED_MOST = 20
Status = CardImport.Status


class ChoiceForm(forms.Form):
    """Which decks of the file, with or without what was learnt, and where to."""

    decks = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one deck."},
    )
    schedule = forms.ChoiceField(choices=[("keep", "keep"), ("anew", "anew")], initial="keep")
    parent = forms.CharField(
        label="Parent deck (optional)",
        required=False,
        max_length=DECK_NAME_MAX_CHARACTERS,
        help_text="An existing or a new deck. Leave it blank to import at the top level.",
    )

    def __init__(self, *args: Any, contents: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["decks"] = forms.MultipleChoiceField(
            choices=[(deck_id, name) for deck_id, name, _ in contents["decks"]],
            error_messages={
                "required": "Choose at least one deck.",
                "invalid_choice": "One of these decks is not in the file.",
            },
        )

    def choice(self) -> Choice:
        data = self.cleaned_data
        ids = frozenset(map(int, data["decks"]))
        every = len(ids) == len(self.fields["decks"].choices)  # type: ignore[attr-defined]
        return Choice(
            deck_ids=None if every else ids,
            keep_schedule=data["schedule"] == "keep",
            parent=" ".join(data["parent"].replace("\x00", "").split()),
        )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def import_list(request: HtmxHttpRequest) -> HttpResponse:
    """Take a file and lead to what is in it; below, what was imported before."""
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
    """Show what is in a file and the choices, how far it is, or what became of it."""
    row = _import_or_404(request, import_id)
    is_fragment = request.htmx and request.htmx.target == "import-progress"
    if is_fragment and not row.is_under_way:
        # The page as a whole says what became of it.
        return HttpResponse(headers={"HX-Refresh": "true"})
    if is_fragment:
        return render(request, "flashcards/exchange/_import_progress.html", {"row": row})
    return _page(request, row, ChoiceForm(contents=row.contents))


@require_POST
@login_required
def start_import(request: HtmxHttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Import what was chosen, in the background."""
    row = _import_or_404(request, import_id)
    form = ChoiceForm(request.POST, contents=row.contents)
    if row.status == Status.READY and not form.is_valid():
        return _page(request, row, form, status=422)
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
    """Put what was imported into the bin, and give changed cards their words back."""
    row = _import_or_404(request, import_id)
    try:
        import_job.undo(owner_id=request.user.id, import_id=row.id, now=timezone.now())
    except CardError as error:
        toast(request, error.sentence, level=messages.ERROR)
    return redirect("flashcards:import", row.id)


@require_POST
@login_required
def discard_import(request: HtmxHttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Throw a file away that is not to be imported after all."""
    row = _import_or_404(request, import_id)
    if row.status == Status.READY:
        row.delete()
        toast(request, "File discarded. Nothing was imported.")
    return redirect(reverse("flashcards:imports"))


def _page(
    request: HtmxHttpRequest, row: CardImport, form: ChoiceForm, *, status: int = 200
) -> HttpResponse:
    chosen = set(form.data.getlist("decks")) if form.is_bound else None  # type: ignore[attr-defined]
    decks = [
        {"id": deck_id, "name": name, "cards": cards, "chosen": chosen is None or deck_id in chosen}
        for deck_id, name, cards in row.contents["decks"]
    ]
    context = {
        "row": row,
        "form": form,
        "decks": decks,
        "schedule": form.data.get("schedule", "keep"),
        "skipped": _sorted(row.report.get("skipped", {})),
        "left_out": _sorted(row.report.get("left_out", {})),
        "skipped_total": sum(each["count"] for each in row.report.get("skipped", {}).values()),
    }
    return render(request, "flashcards/exchange/import.html", context, status=status)


def _sorted(reasons: dict[str, Any]) -> list[dict[str, Any]]:
    found = [{"reason": reason, **each} for reason, each in reasons.items()]
    return sorted(found, key=lambda each: -each["count"])


def _import_or_404(request: HtmxHttpRequest, import_id: uuid.UUID) -> CardImport:
    return get_object_or_404(CardImport, id=import_id, owner=request.user)
