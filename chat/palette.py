"""Conversations for the palette."""

import uuid

from django.urls import reverse

from chat.models import Conversation
from memoryloop.palette import PaletteItem


def find_conversations(*, owner_id: uuid.UUID, text: str, limit: int) -> list[PaletteItem]:
    """Return this owner's conversations whose titles have all the words, the newest first."""
    conversations = Conversation.objects.filter(owner_id=owner_id, deleted_at=None)
    for word in text.split():
        conversations = conversations.filter(title__icontains=word)
    return [
        PaletteItem(
            "Conversations",
            conversation.title,
            reverse("chat:conversation", args=[conversation.id]),
            "chat",
        )
        for conversation in conversations.order_by("-updated_at", "id")[:limit]
    ]
