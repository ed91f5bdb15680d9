"""Prefetching for a message while it is typed."""

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.http import HtmxHttpRequest
from chat.recall import prefetch
from chat.web.forms import MessageForm


class TypedForm(MessageForm):
    """A message as far as it is typed, and the conversation, unless it will begin one."""

    conversation = forms.UUIDField(required=False)


@require_POST
@login_required
def prefetch_message(request: HtmxHttpRequest) -> HttpResponse:
    """Start the lookup for a message, which is neither stored nor answered.

    The response is empty even for an invalid message: errors are shown when it is sent.
    """
    form = TypedForm(request.POST)
    if form.is_valid():
        prefetch.start(
            owner_id=request.user.id,
            text=form.cleaned_data["content"],
            now=timezone.now(),
            conversation_id=form.cleaned_data["conversation"],
        )
    return HttpResponse(status=204)
