"""Toasts: short messages that may carry an Undo. They travel as Django's messages."""

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest

_UNDO = "undo:"


def toast(
    request: HttpRequest, text: str, *, undo_url: str = "", level: int = messages.SUCCESS
) -> None:
    """Show `text` on the page this request leads to; `undo_url` gets a POST from its Undo."""
    messages.add_message(request, level, text, extra_tags=f"{_UNDO}{undo_url}" if undo_url else "")


def undo_url(message: Message) -> str:
    """Return the Undo address of a message; empty if it has none."""
    tags = message.extra_tags or ""
    return tags.removeprefix(_UNDO) if tags.startswith(_UNDO) else ""
