"""Export of a conversation: Markdown to read, JSON to import elsewhere."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.utils.text import slugify

from chat.conversations import branches
from chat.models import Conversation, Message, Seed

FORMAT = "memoryloop-conversation"
VERSION = 1


def file_name(conversation: Conversation, suffix: str) -> str:
    """Return a name for the file, made of the title in ASCII."""
    return f"{slugify(conversation.title) or 'conversation'}.{suffix}"


def as_markdown(conversation: Conversation) -> str:
    """Return the open branch of a conversation, every message as it was written.

    Two or three SQL queries.
    """
    leaf = branches.leaf_through(conversation, None)
    messages = (
        branches.path(leaf.id if leaf else None)
        .filter(conversation=conversation)
        .defer("earlier_content")
        .order_by("position")
    )
    parts = [f"# {' '.join(conversation.title.split())}", f"*{_moment(conversation.created_at)}*"]
    seed = Seed.objects.filter(conversation=conversation).first()
    if seed is not None:
        parts.append(
            "\n".join(f"> {line}" for line in [f"**{seed.title}**", "", *seed.text.splitlines()])
        )
    for message in messages:
        who = f"Tutor ({_who(message)})" if message.is_answer else "You"
        parts.append(f"## {who}, {_moment(message.created_at)}")
        parts += [text for text in (message.content.strip(), _note(message)) if text]
    return "\n\n".join(parts) + "\n"


def as_data(conversation: Conversation) -> dict[str, Any]:
    """Return everything of a conversation, all branches, as JSON values. Two SQL queries.

    `parent` is the message that one follows; `leaf` ends the branch that was open. Times are ISO
    8601 in UTC.
    """
    messages = conversation.messages.defer("earlier_content")
    seed = Seed.objects.filter(conversation=conversation).first()
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": str(conversation.id),
        "title": conversation.title,
        "created_at": _iso(conversation.created_at),
        "updated_at": _iso(conversation.updated_at),
        "pinned": conversation.pinned_at is not None,
        "archived": conversation.archived_at is not None,
        "about": {"title": seed.title, "text": seed.text} if seed else None,
        "leaf": str(conversation.leaf_id) if conversation.leaf_id else None,
        "messages": _messages(messages.order_by("position", "version", "created_at", "id")),
    }


def as_json(conversation: Conversation) -> str:
    return json.dumps(as_data(conversation), ensure_ascii=False, indent=2) + "\n"


def _messages(messages: Iterable[Message]) -> list[dict[str, Any]]:
    return [
        {
            "id": str(message.id),
            "parent": str(message.parent_id) if message.parent_id else None,
            "role": message.role,
            "content": message.content,
            "status": message.status,
            "error": message.error,
            "provider": message.provider,
            "model": message.model,
            "created_at": _iso(message.created_at),
            "cards_made_at": _iso(message.cards_made_at) if message.cards_made_at else None,
        }
        for message in messages
    ]


def _who(message: Message) -> str:
    return " · ".join(part for part in (message.provider, message.model) if part) or "nobody"


def _note(message: Message) -> str:
    """Return how an answer ended where it did not end well."""
    if message.error:
        return f"*{message.error}*"
    return "*Stopped.*" if message.status == Message.Status.STOPPED else ""


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
