"""Versions: another answer, an edited question, switching between versions, and a fork."""

import json
from uuid import UUID

from django.contrib import messages as levels
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import HtmxHttpRequest
from chat.answers import generation
from chat.conversations import versions
from chat.conversations.conversations import MessageError
from chat.models import Conversation, Message
from chat.recall import lookup as lookups
from chat.web.forms import EditForm
from chat.web.views import pages
from chat.web.views.access import get_answer, get_message, get_question
from memoryloop.web.toasts import toast


@require_POST
@login_required
def regenerate(request: HtmxHttpRequest, message_id: UUID) -> HttpResponse:
    """Have another answer written; the first one is kept as a version."""
    answer = get_answer(request.user, message_id)
    try:
        another = versions.regenerate(answer)
        generation.start_on_commit(another, request.user)
    except MessageError as error:
        return _refused(request, answer, error)
    return _show(request, another, another)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HtmxHttpRequest, message_id: UUID) -> HttpResponse:
    """Edit a question and have it answered; the first version is kept."""
    question = get_question(request.user, message_id)
    if request.method != "POST":
        return _form(request, question, EditForm(initial={"content": question.content}))
    form = EditForm(request.POST)
    if not form.is_valid():
        return _form(request, question, form, status=422)
    lookup = lookups.start(
        owner_id=request.user.id, text=form.cleaned_data["content"], now=timezone.now()
    )
    try:
        exchange = versions.edit_message(question, form.cleaned_data["content"])
        generation.start_on_commit(exchange.answer, request.user, lookup=lookup)
    except MessageError as error:
        form.add_error("content", error.sentence)
        return _form(request, question, form, status=409)
    return _show(request, exchange.message, exchange.answer)


@require_POST
@login_required
def open_version(request: HtmxHttpRequest, message_id: UUID) -> HttpResponse:
    """Open the branch of another version of a message."""
    message = get_message(request.user, message_id)
    return _show(request, message, versions.open_branch(message))


@require_POST
@login_required
def fork(request: HtmxHttpRequest, message_id: UUID) -> HttpResponse:
    """Create a conversation that goes on from a message."""
    message = get_message(request.user, message_id)
    try:
        conversation = versions.fork(message, owner=request.user)
    except MessageError as error:
        return _refused(request, message, error)
    toast(request, "A new conversation was created from this message. The first one is unchanged.")
    return _go(request, conversation.get_absolute_url())


def _show(request: HtmxHttpRequest, message: Message, leaf: Message) -> HttpResponse:
    """Show a branch that was just opened, at one of its messages.

    htmx gets its messages in place of those of the other branch if the page shows the newest
    messages and this one is among them.
    """
    conversation = Conversation.objects.get(id=message.conversation_id)
    far = message.position <= leaf.position - pages.MESSAGES_PER_PAGE
    if not request.htmx or far or "?" in (request.htmx.current_url_abs_path or "?"):
        message.conversation = conversation
        return _go(request, pages.address(message))
    context = pages.branch_context(request.user, conversation, leaf)
    response = render(request, "chat/_branch.html", context)
    response["HX-Replace-Url"] = conversation.get_absolute_url()
    response["HX-Trigger-After-Settle"] = json.dumps({"show-message": f"message-{message.id}"})
    return response


def _form(
    request: HtmxHttpRequest, question: Message, form: EditForm, *, status: int = 200
) -> HttpResponse:
    template = "chat/_edit.html" if request.htmx else "chat/edit.html"
    context = {"message": question, "conversation": question.conversation, "form": form}
    response = render(request, template, context, status=status)
    if status != 200:
        response["HX-Retarget"] = f"#message-{question.id}"
        response["HX-Reswap"] = "outerHTML"
    return response


def _refused(request: HtmxHttpRequest, message: Message, error: MessageError) -> HttpResponse:
    """Show the error, and leave the page as it is."""
    toast(request, error.sentence, level=levels.WARNING)
    if not request.htmx:
        return redirect(pages.address(message))
    response = render(request, "_toasts.html", {"oob": True}, status=409)
    response["HX-Reswap"] = "none"
    return response


def _go(request: HtmxHttpRequest, address: str) -> HttpResponse:
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)
