"""Pinning and archiving conversations: pinned ones are listed first, archived ones not at all."""

from datetime import datetime

from django.db.models import F, QuerySet

from accounts.models import User
from chat.conversations.conversations import conversations_for_owner
from chat.models import Conversation


def listed(owner: User) -> "QuerySet[Conversation]":
    """Return the owner's conversations as lists show them: pinned, then the most recent."""
    return (
        conversations_for_owner(owner)
        .filter(archived_at=None)
        .order_by(F("pinned_at").desc(nulls_last=True), "-updated_at", "id")
    )


def archived(owner: User) -> "QuerySet[Conversation]":
    """Return the owner's archived conversations, the last archived first."""
    conversations = conversations_for_owner(owner).filter(archived_at__isnull=False)
    return conversations.order_by("-archived_at", "id")


def pin(conversation: Conversation, *, now: datetime) -> None:
    """List a conversation first. An archived one is taken out of the archive."""
    conversation.pinned_at, conversation.archived_at = now, None
    conversation.save(update_fields=["pinned_at", "archived_at"])


def unpin(conversation: Conversation) -> None:
    conversation.pinned_at = None
    conversation.save(update_fields=["pinned_at"])


def archive(conversation: Conversation, *, now: datetime) -> None:
    """Take a conversation out of the lists. Search finds it; a new message unarchives it."""
    conversation.archived_at, conversation.pinned_at = now, None
    conversation.save(update_fields=["archived_at", "pinned_at"])


def unarchive(conversation: Conversation) -> None:
    conversation.archived_at = None
    conversation.save(update_fields=["archived_at"])
