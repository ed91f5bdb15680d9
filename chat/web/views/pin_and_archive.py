"""Pinning and archiving a conversation, and the list of archived ones."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from chat.conversations import pin_and_archive
from chat.web.views.access import get_conversation
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
    return redirect(_next(request, found.get_absolute_url()))


@require_POST
@login_required
def unpin(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    found = get_conversation(request.user, conversation_id)
    pin_and_archive.unpin(found)
    toast(request, f"“{found.title}” is no longer pinned.")
    return redirect(_next(request, found.get_absolute_url()))


@require_POST
@login_required
def archive(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    found = get_conversation(request.user, conversation_id)
    pin_and_archive.archive(found, now=timezone.now())
    undo = reverse("chat:unarchive", args=[found.id])
    toast(request, f"“{found.title}” is archived.", undo_url=undo)
    return redirect(_next(request, reverse("chat:home")))


@require_POST
@login_required
def unarchive(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    found = get_conversation(request.user, conversation_id)
    pin_and_archive.unarchive(found)
    toast(request, f"“{found.title}” is unarchived.")
    return redirect(_next(request, found.get_absolute_url()))


def _next(request: HtmxHttpRequest, default: str) -> str:
    """Return the address in "next" if it is on this site, else the default."""
    url = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    # Without a slash, redirect() would take it for the name of a view.
    return url if allowed and "/" in url else default
