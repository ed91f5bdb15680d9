"""What cards are made from besides messages: files, selected passages, and cards to split."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import HtmxHttpRequest
from accounts.models import User
from flashcards.domain.validation import CardError
from flashcards.drafting import documents, passages
from flashcards.models import Document
from flashcards.web.pages.origins import make_url
from flashcards.web.views.access import card_or_404, origin_or_404
from memoryloop.web.toasts import toast

SHOWN_MOST = 200


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def document_list(request: HtmxHttpRequest) -> HttpResponse:
    """List the learner's documents; POST reads a file and leads to its text."""
    error = ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        try:
            document = _read(request.user, upload)
        except CardError as refusal:
            error = refusal.sentence
        else:
            return redirect("flashcards:make", document.id)
    listed = documents.for_owner(request.user.id).only("id", "name", "created_at")[:SHOWN_MOST]
    context = {"documents": listed, "error": error}
    return render(
        request, "flashcards/drafts/documents.html", context, status=422 if error else 200
    )


def _read(user: User, upload: Any) -> Document:
    if upload is None:
        raise documents.BadFile("Choose a file first: text, Markdown or PDF.")
    if (upload.size or 0) > documents.FILE_MAX_BYTES:
        raise documents.BadFile(documents.too_big(upload.size or 0))
    return documents.add(
        owner_id=user.id, name=upload.name or "", content=upload.read(), now=timezone.now()
    )


@require_POST
@login_required
def delete_document(request: HtmxHttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """Delete a document; the toast restores it."""
    documents.delete(_own(request, document_id), now=timezone.now())
    undo = reverse("flashcards:restore_document", args=[document_id])
    toast(request, "Document deleted. Its cards stay.", undo_url=undo)
    return redirect("flashcards:documents")


@require_POST
@login_required
def restore_document(request: HtmxHttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """Restore a deleted document."""
    documents.restore(_own(request, document_id))
    toast(request, "Document restored.")
    return redirect("flashcards:documents")


@require_POST
@login_required
def passage(request: HtmxHttpRequest, origin_id: uuid.UUID) -> HttpResponse:
    """Find the words that were selected in a text, and lead to the drafts from them."""
    origin = origin_or_404(request.user, origin_id)
    words = request.POST.get("words", "").replace("\r\n", "\n")
    before = request.POST.get("before", "")
    found = passages.find(origin.text, words[: passages.SELECTION_MAX_CHARACTERS], before)
    if found is None or origin.is_split:
        said = "These words were not found in the text: select them again."
        toast(request, said, level=messages.WARNING)
        return redirect(make_url(origin))
    part = origin.part(*found)
    return redirect(f"{make_url(part)}{'&' if part.is_part else '?'}begin=1")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def split_card(request: HtmxHttpRequest, card_id: uuid.UUID) -> HttpResponse:
    """Lead to the drafts of smaller cards in place of one."""
    return redirect("flashcards:make", card_or_404(request.user, card_id).id)


def _own(request: HtmxHttpRequest, document_id: uuid.UUID) -> Document:
    return get_object_or_404(Document, id=document_id, owner=request.user)
