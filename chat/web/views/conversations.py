"""Conversations: reading, renaming, deleting and restoring one, and the list of all."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import HtmxHttpRequest
from chat.answers import generation
from chat.conversations import pin_and_archive
from chat.conversations.conversations import (
    Status,
    delete_conversation,
    rename_conversation,
    restore_conversation,
)
from chat.models import Conversation
from chat.web.forms import MessageForm, TitleForm
from chat.web.views import pages
from chat.web.views.access import get_conversation
from memoryloop.web.toasts import toast

PER_PAGE = 50
# How often a page asks for a better title of its conversation, each time waiting longer.
TITLE_ATTEMPTS = 5


@require_safe
@login_required
def conversation(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    """Show the newest messages, or with `?upto=` those up to a position."""
    found = get_conversation(request.user, conversation_id)
    context = pages.conversation_context(request, found, MessageForm())
    # Earlier messages, for a page that shows the later ones.
    if request.htmx and "upto" in request.GET and not request.htmx.history_restore_request:
        return render(request, "chat/_earlier.html", context)
    return render(request, "chat/conversation.html", context)


@require_safe
@login_required
def all_conversations(request: HtmxHttpRequest) -> HttpResponse:
    page = Paginator(pin_and_archive.listed(request.user), PER_PAGE).get_page(
        request.GET.get("page")
    )
    return render(request, "chat/conversations.html", {"page": page})


@require_safe
@login_required
def title(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    """Return the title, which a model may have improved; without htmx, go to the conversation."""
    found = get_conversation(request.user, conversation_id)
    if not request.htmx:
        return redirect(found)
    again = request.GET.get("again", "")
    attempt = int(again) if again in {str(number) for number in range(TITLE_ATTEMPTS)} else 0
    context = {"conversation": found, "attempt": attempt + 1, "seconds": 4 * 2**attempt}
    return render(request, "chat/_title.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def rename(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    found = get_conversation(request.user, conversation_id)
    form = TitleForm(request.POST or None, initial={"title": found.title})
    status = 200
    if request.method == "POST":
        form = TitleForm(request.POST)
        if form.is_valid():
            rename_conversation(found, form.cleaned_data["title"])
            if request.htmx:
                return render(request, "chat/_title.html", {"conversation": found})
            return redirect(found)
        status = 422
    elif request.htmx and "cancel" in request.GET:
        return render(request, "chat/_title.html", {"conversation": found})
    template = "chat/_title_form.html" if request.htmx else "chat/rename.html"
    return render(request, template, {"conversation": found, "form": form}, status=status)


@require_POST
@login_required
def delete(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    found = get_conversation(request.user, conversation_id)
    streaming = found.messages.filter(status=Status.STREAMING).only("id").first()
    delete_conversation(found)
    if streaming is not None:
        generation.stop(streaming.id)
    toast(
        request,
        f"“{found.title}” is deleted.",
        undo_url=reverse("chat:restore", args=[found.id]),
    )
    return redirect("chat:home")


@require_POST
@login_required
def restore(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    """Restore a deleted conversation. Restoring it again changes nothing."""
    owned = Conversation.objects.filter(owner=request.user)
    found = get_object_or_404(owned, id=conversation_id)
    restore_conversation(found)
    return redirect(found)
