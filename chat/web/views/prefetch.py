"""What stands in the field while a message is being typed."""

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.http import HtmxHttpRequest
from chat.recall import prefetch
from chat.web.forms import MessageForm


class TypedForm(MessageForm):
    """A message as far as it is typed, and the conversation that it is typed into, if any."""

    conversation = forms.UUIDField(required=False)


@require_POST
@login_required
def ahead(request: HtmxHttpRequest) -> HttpResponse:
    """Begin to look for what bears on a message, which is neither stored nor answered.

    Says nothing, whatever was sent: who is typing is told what is wrong when they send it.
    """
    form = TypedForm(request.POST)
    if form.is_valid():
        prefetch.begin(
            owner_id=request.user.id,
            text=form.cleaned_data["content"],
            now=timezone.now(),
            conversation_id=form.cleaned_data["conversation"],
        )
    return HttpResponse(status=204)
