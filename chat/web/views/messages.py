"""Messages: sending one, showing one, stopping, retrying and continuing an answer."""

from uuid import UUID

from django.contrib import messages as levels
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from accounts.results import KeyState
from accounts.services import test_refused
from chat.answers import generation
from chat.answers.send_message import send_message
from chat.conversations import branches
from chat.conversations.conversations import (
    AnswerUnderway,
    MessageError,
    append_message,
    continue_answer,
    retry_answer,
    stop_answer,
)
from chat.models import Message
from chat.web.forms import MessageForm
from chat.web.views import pages
from chat.web.views.access import get_answer, get_conversation_alone, get_message
from memoryloop.web.toasts import toast


@require_POST
@login_required
def send(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    """Store a message and have it answered, or go on to what it was sent for."""
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _refused(request, conversation_id, form, status=422)
    content, after = form.cleaned_data["content"], form.cleaned_data["after"]
    conversation = get_conversation_alone(request.user, conversation_id)
    try:
        if action := form.send_action:
            message = append_message(conversation, content, after=after)
            return _go(request, action.url(message))
        exchange = send_message(request.user, content, conversation=conversation, after=after)
    except AnswerUnderway as error:
        form.add_error("content", error.sentence)
        return _refused(request, conversation_id, form, status=409)
    if request.htmx:
        context = pages.exchange_context(conversation, [exchange.message, exchange.answer])
        return render(request, "chat/_exchange.html", context)
    return redirect(f"{conversation.get_absolute_url()}#message-{exchange.message.id}")


@require_safe
@login_required
def message(request: HtmxHttpRequest, message_id: UUID) -> HttpResponse:
    """Return the message's fragment to htmx; else go to its place in the conversation."""
    found = get_message(request.user, message_id)
    if request.htmx:
        return render(request, "chat/_message.html", pages.message_context(request.user, found))
    return redirect(pages.address(found))


@require_safe
@login_required
def source(request: HtmxHttpRequest, message_id: UUID) -> HttpResponse:
    """Return the Markdown of a message as plain text."""
    found = get_message(request.user, message_id)
    return HttpResponse(found.content, content_type="text/plain; charset=utf-8")


@require_POST
@login_required
def stop(request: HtmxHttpRequest, message_id: UUID) -> HttpResponse:
    """Stop an answer and keep its text. Stopping one that has ended changes nothing."""
    answer = get_answer(request.user, message_id)
    if stop_answer(answer):
        generation.stop(answer.id)
    # The page gets the end of the answer from its stream.
    return HttpResponse(status=204) if request.htmx else _to_message(answer)


@require_POST
@login_required
def retry(request: HtmxHttpRequest, message_id: UUID) -> HttpResponse:
    """Have the last answer written again after it failed or was stopped.

    With `provider=fallback` the provider that failed is not asked, but its fallback; else a key
    that was refused is tested first, and used if it works now, and the provider's time is waited
    for if it is near.
    """
    answer = get_answer(request.user, message_id)
    instead_of = answer.provider if request.POST.get("provider") == "fallback" else ""
    if not instead_of and answer.error_kind == Message.ErrorKind.KEY:
        tried = test_refused(user=request.user, failed=answer.provider, now=timezone.now())
        if tried is not None and tried.state is KeyState.REFUSED:
            return _key_still_refused(request, answer, tried.sentence)
    try:
        retry_answer(answer)
        generation.start_on_commit(answer, request.user, instead_of=instead_of)
    except MessageError as error:
        return _not_now(request, answer, error)
    return _being_written(request, answer)


@require_POST
@login_required
def go_on(request: HtmxHttpRequest, message_id: UUID) -> HttpResponse:
    """Have the last answer written on where it was cut off."""
    answer = get_answer(request.user, message_id)
    try:
        continue_answer(answer)
        generation.continue_on_commit(answer, request.user)
    except MessageError as error:
        return _not_now(request, answer, error)
    return _being_written(request, answer)


def _not_now(request: HtmxHttpRequest, answer: Message, error: MessageError) -> HttpResponse:
    toast(request, error.sentence, level=levels.WARNING)
    return _go(request, answer.conversation.get_absolute_url())


def _being_written(request: HtmxHttpRequest, answer: Message) -> HttpResponse:
    """Show an answer that is being written again, or on."""
    if request.htmx:
        branches.number_versions([answer])
        context = pages.exchange_context(answer.conversation, [answer])
        return render(request, "chat/_exchange.html", context)
    return _to_message(answer)


def _key_still_refused(request: HtmxHttpRequest, answer: Message, sentence: str) -> HttpResponse:
    """Show that the key is still refused, and leave the page as it is."""
    toast(request, sentence, level=levels.WARNING)
    if not request.htmx:
        return _to_message(answer)
    response = render(request, "_toasts.html", {"oob": True})
    response["HX-Reswap"] = "none"
    return response


def _refused(
    request: HtmxHttpRequest, conversation_id: UUID, form: MessageForm, *, status: int
) -> HttpResponse:
    """Show the composer again with what was typed and the errors."""
    conversation = get_conversation_alone(request.user, conversation_id)
    context = pages.conversation_context(request, conversation, form)
    if not request.htmx:
        return render(request, "chat/conversation.html", context, status=status)
    response = render(request, "chat/_composer.html", context, status=status)
    response["HX-Retarget"] = "#composer"
    response["HX-Reswap"] = "outerHTML"
    return response


def _go(request: HtmxHttpRequest, address: str) -> HttpResponse:
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


def _to_message(answer: Message) -> HttpResponse:
    return redirect(f"{answer.conversation.get_absolute_url()}#message-{answer.id}")
