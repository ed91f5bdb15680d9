"""What the templates of a conversation are given."""

from typing import Any

from django.db.models import Max
from django.http import QueryDict
from django.template.loader import get_template, render_to_string

from chat import services
from chat.forms import MessageForm
from chat.models import Conversation, Message
from memoryloop import markdown
from memoryloop.http import HtmxHttpRequest

MESSAGES_PER_PAGE = 50
# How many conversations the side column lists.
IN_SIDE_COLUMN = 30


def load() -> None:
    """Load what the first answer would otherwise wait for: templates, and Markdown's parser."""
    for name in ("chat/home.html", "chat/conversation.html", "chat/_exchange.html"):
        get_template(name)
    markdown.render("**Ready**: `x = 1` and $x^2$\n\n```python\nx = 1\n```\n")


def conversation_context(
    request: HtmxHttpRequest, conversation: Conversation, form: MessageForm
) -> dict[str, Any]:
    """Return what chat/conversation.html shows. Four SQL queries, however long it is."""
    services.mark_interrupted(conversation.messages.all())
    last = conversation.messages.aggregate(last=Max("position"))["last"] or 0
    upto = min(_position(request.GET, default=last), last)
    newest_first = list(
        conversation.messages.filter(position__lte=upto)
        .defer("embedding", "earlier_content")
        .order_by("-position")[:MESSAGES_PER_PAGE]
    )
    messages = newest_first[::-1]
    for message in messages:
        message.conversation = conversation
    first = messages[0].position if messages else 0
    return {
        "conversation": conversation,
        "chat_messages": messages,
        "last_position": last,
        "streaming": messages[-1] if messages and messages[-1].is_being_written else None,
        "earlier_upto": first - 1 if first > 0 else None,
        "later_upto": upto + MESSAGES_PER_PAGE if upto < last else None,
        "form": form,
        "conversations": services.conversations_for_owner(request.user)[:IN_SIDE_COLUMN],
    }


def exchange_context(conversation: Conversation, messages: list[Message]) -> dict[str, Any]:
    """Return what chat/_exchange.html shows: messages just added, and the composer emptied."""
    return {
        "conversation": conversation,
        "chat_messages": messages,
        "last_position": messages[-1].position,
        "streaming": messages[-1] if messages[-1].is_being_written else None,
        "form": MessageForm(),
    }


def final_data(request: HtmxHttpRequest, answer: Message) -> dict[str, str]:
    """Return the HTML that replaces an answer being written, and the composer's buttons."""
    context = {
        "message": answer,
        "conversation": answer.conversation,
        "last_position": answer.position,
        "streaming": None,
    }
    return {
        "html": render_to_string("chat/_message.html", context, request),
        "actions": render_to_string("chat/_composer_actions.html", context, request),
    }


def _position(query: QueryDict, *, default: int) -> int:
    """Return the position asked for; anything that is none means the newest."""
    value = query.get("upto", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 9 else default
