"""Pinning and archiving a conversation, and the list of archived ones."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from chat.conversations import pin_and_archive
from chat.web.views.access import get_conversation
from memoryloop.web.address import next_url
from memoryloop.web.toasts import toast

PER_PAGE = 50


@require_safe
@login_required
def archived(request: HtmxHttpRequest) -> HttpResponse:
    """List the archived conversations."""
    page = Paginator(pin_and_archive.archived(request.user), PER_PAGE).get_page(
        request.GET.get("page")
    )
    return render(request, "chat/archived.html", {"page": page})


@require_POST
@login_required
def pin(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    found = get_conversation(request.user, conversation_id)
    pin_and_archive.pin(found, now=timezone.now())
    undo = reverse("chat:unpin", args=[found.id])
    toast(request, f"“{found.title}” is pinned.", undo_url=undo)
    return redirect(next_url(request, found.get_absolute_url()))


@require_POST
@login_required
def unpin(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    found = get_conversation(request.user, conversation_id)
    pin_and_archive.unpin(found)
    toast(request, f"“{found.title}” is no longer pinned.")
    return redirect(next_url(request, found.get_absolute_url()))


@require_POST
@login_required
def archive(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    found = get_conversation(request.user, conversation_id)
    pin_and_archive.archive(found, now=timezone.now())
    undo = reverse("chat:unarchive", args=[found.id])
    toast(request, f"“{found.title}” is archived.", undo_url=undo)
    return redirect(next_url(request, reverse("chat:home")))


@require_POST
@login_required
def unarchive(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    found = get_conversation(request.user, conversation_id)
    pin_and_archive.unarchive(found)
    toast(request, f"“{found.title}” is unarchived.")
    return redirect(next_url(request, found.get_absolute_url()))
