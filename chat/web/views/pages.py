"""Contexts of the templates that show conversations and messages."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.template.loader import get_template, render_to_string

from accounts.http import HtmxHttpRequest
from accounts.models import User
from chat.answers import failures
from chat.conversations import branches, pin_and_archive
from chat.conversations.conversations import mark_interrupted
from chat.models import Conversation, Message
from chat.web.forms import MessageForm
from memoryloop import markdown

# A page of some 140 KB.
MESSAGES_PER_PAGE = 40
# How many later messages a link to an old message shows.
SHOWN_AFTER = 10
# How many conversations the side column lists.
IN_SIDE_COLUMN = 30


def load() -> None:
    """Load templates and the Markdown parser, so that the first request need not."""
    for name in (
        "chat/home.html",
        "chat/conversation.html",
        "chat/_exchange.html",
        "chat/_edit.html",
    ):
        get_template(name)
    markdown.render("**Ready**: `x = 1` and $x^2$\n\n```python\nx = 1\n```\n")


def conversation_context(
    request: HtmxHttpRequest, conversation: Conversation, form: MessageForm
) -> dict[str, Any]:
    """Return the context of chat/conversation.html: the open branch, or the one with the message
    `?at=`. Four SQL queries, however long it is; two more for another branch.
    """
    leaf = branches.leaf_through(conversation, _message_id(request.GET))
    last = leaf.position if leaf else 0
    upto = min(_position(request.GET, default=last), last)
    return {
        **branch_context(request.user, conversation, leaf, upto=upto),
        "form": form,
        "conversations": pin_and_archive.listed(request.user)[:IN_SIDE_COLUMN],
    }


def branch_context(
    owner: User, conversation: Conversation, leaf: Message | None, *, upto: int | None = None
) -> dict[str, Any]:
    """Return the context of chat/_branch.html: the messages up to a position, or the newest.

    Three SQL queries.
    """
    mark_interrupted(conversation.messages.all())
    last = leaf.position if leaf else 0
    upto = last if upto is None else upto
    messages = list(
        branches.path(leaf.id if leaf else None, down_to=upto - MESSAGES_PER_PAGE + 1)
        .filter(position__lte=upto)
        .defer("earlier_content")
        .order_by("position")
    )
    for message in messages:
        message.conversation = conversation
    branches.number_versions(messages)
    failures.offer_fallback(owner, messages, leaf.id if leaf else None)
    first = messages[0].position if messages else 0
    return {
        "conversation": conversation,
        "chat_messages": messages,
        "leaf_id": leaf.id if leaf else None,
        # The query of links within a branch that is not the open one.
        "branch": f"at={leaf.id}&" if leaf and leaf.id != conversation.leaf_id else "",
        "streaming": messages[-1] if messages and messages[-1].is_being_written else None,
        "earlier_upto": first - 1 if first > 0 else None,
        "later_upto": upto + MESSAGES_PER_PAGE if upto < last else None,
    }


def exchange_context(conversation: Conversation, messages: list[Message]) -> dict[str, Any]:
    """Return the context of chat/_exchange.html: new messages and an empty composer."""
    return {
        "conversation": conversation,
        "chat_messages": messages,
        "leaf_id": messages[-1].id,
        "streaming": messages[-1] if messages[-1].is_being_written else None,
        "form": MessageForm(),
    }


def message_context(owner: User, message: Message) -> dict[str, Any]:
    """Return the context of chat/_message.html. One SQL query, more for one that failed."""
    branches.number_versions([message])
    failures.offer_fallback(owner, [message], message.conversation.leaf_id)
    return {
        "message": message,
        "conversation": message.conversation,
        "leaf_id": message.conversation.leaf_id,
    }


def final_data(request: HtmxHttpRequest, answer: Message) -> dict[str, str]:
    """Return the HTML that replaces an answer being written, and the composer's buttons."""
    context = {**message_context(request.user, answer), "leaf_id": answer.id, "streaming": None}
    return {
        "html": render_to_string("chat/_message.html", context, request),
        "actions": render_to_string("chat/_composer_actions.html", context, request),
    }


def address(message: Message) -> str:
    """Return the address of a message, on whichever branch it is. One SQL query, or three."""
    conversation = message.conversation
    query = {}
    leaf = conversation.leaf
    if leaf is None or not branches.is_on(leaf.id, message):
        leaf = branches.newest_leaf(message)
        query["at"] = str(message.id)
    if message.position <= leaf.position - MESSAGES_PER_PAGE:
        query["upto"] = str(message.position + SHOWN_AFTER)
    asked = f"?{urlencode(query)}" if query else ""
    return f"{conversation.get_absolute_url()}{asked}#message-{message.id}"


def _message_id(query: QueryDict) -> UUID | None:
    try:
        return UUID(query.get("at", ""))
    except ValueError:
        return None


def _position(query: QueryDict, *, default: int) -> int:
    """Return the position in the query; the default if there is none."""
    value = query.get("upto", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 9 else default
