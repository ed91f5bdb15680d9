"""The chat's home page, where a conversation begins."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from accounts.services import provider_for
from chat.answers.send_message import send_message
from chat.conversations import pin_and_archive
from chat.conversations.conversations import start_conversation
from chat.models import MESSAGE_MAX_CHARACTERS
from chat.web.forms import MessageForm

RECENT = 8
# First messages for somebody who does not know what to type yet.
SUGGESTIONS = (
    ("Explain photosynthesis", "Explain photosynthesis to me as if I were new to biology."),
    (
        "Quiz me on European capitals",
        "Quiz me on the capitals of Europe, one question at a time, and wait for my answers.",
    ),
    (
        "How does spaced repetition work?",
        "How does spaced repetition work, and why does it beat rereading?",
    ),
    (
        "Plan how to learn Python",
        "Make me a four-week plan for learning Python with half an hour a day.",
    ),
)


@require_safe
@login_required
def home(request: HtmxHttpRequest) -> HttpResponse:
    """Show where a conversation begins, with the question of `?ask=` in the field."""
    asked = request.GET.get("ask", "").replace("\0", "")[:MESSAGE_MAX_CHARACTERS]
    return _render_home(request, MessageForm(initial={"content": asked}))


@require_POST
@login_required
def start(request: HtmxHttpRequest) -> HttpResponse:
    """Begin a conversation with its first message."""
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _render_home(request, form, status=422)
    if action := form.send_action:
        message = start_conversation(request.user, form.cleaned_data["content"])
        return redirect(action.url(message))
    exchange = send_message(request.user, form.cleaned_data["content"])
    return redirect(exchange.message.conversation)


def _render_home(request: HtmxHttpRequest, form: MessageForm, status: int = 200) -> HttpResponse:
    recent = list(pin_and_archive.listed(request.user)[: RECENT + 1])
    # Only for new learners: the others have seen who answers. Two queries, and perhaps a probe.
    tutor = provider_for(request.user) if not recent else None
    context = {
        "form": form,
        # What waits in the field from another day is not overwritten by a question that came along.
        "draft_key": "asked" if form.initial.get("content") else "",
        "recent": recent[:RECENT],
        "has_more": len(recent) > RECENT,
        "suggestions": SUGGESTIONS,
        "tutor": tutor,
    }
    return render(request, "chat/home.html", context, status=status)
