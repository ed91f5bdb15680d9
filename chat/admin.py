"""Conversations and messages in the admin site: to read and to delete, not to edit."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from chat.models import Conversation, Message

# How many messages are shown on the page of a conversation.
INLINE_MESSAGES = 20


class ReadOnly:
    def has_add_permission(self, *_args: object) -> bool:
        return False

    def has_change_permission(self, *_args: object) -> bool:
        return False


@admin.register(Conversation)
class ConversationAdmin(ReadOnly, admin.ModelAdmin[Conversation]):
    list_display = ("title", "owner", "messages_count", "updated_at", "deleted_at")
    list_filter = ("updated_at", ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("owner",)
    list_per_page = 50
    search_fields = ("title", "owner__email")
    search_help_text = "A word of the title, or the owner's email address"
    fields = ("title", "owner", "created_at", "updated_at", "deleted_at", "newest_messages")
    readonly_fields: ClassVar[tuple[str, ...]] = ("newest_messages",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Conversation]":
        return super().get_queryset(request).annotate(counted=Count("messages"))

    @admin.display(description="messages", ordering="counted")
    def messages_count(self, conversation: Conversation) -> int:
        return conversation.counted  # type: ignore[attr-defined, no-any-return] # annotated above

    @admin.display(description="newest messages")
    def newest_messages(self, conversation: Conversation) -> str:
        """Return the newest messages, the newest first. The admin escapes and breaks the lines."""
        newest = conversation.messages.order_by("-position")[:INLINE_MESSAGES]
        return "\n\n".join(
            f"{message.get_role_display()}, {message.created_at:%Y-%m-%d %H:%M}"
            f" ({message.get_status_display()}): {message.content}"
            for message in newest
        )


@admin.register(Message)
class MessageAdmin(ReadOnly, admin.ModelAdmin[Message]):
    list_display = ("beginning", "role", "status", "provider", "owner", "created_at")
    list_filter = ("role", "status", "provider", "created_at", "error_kind")
    list_select_related = ("conversation__owner",)
    list_per_page = 50
    search_fields = ("content", "conversation__title", "conversation__owner__email")
    fields = (
        "conversation", "position", "role", "status", "error", "content", "provider", "model",
        "created_at", "updated_at", "cards_made_at", "embedding_model",
    )  # fmt: skip
    readonly_fields: ClassVar[tuple[str, ...]] = ("embedding_model",)
    ordering = ("-created_at", "id")

    @admin.display(description="content")
    def beginning(self, message: Message) -> str:
        return message.content[:80] or "(nothing)"

    @admin.display(ordering="conversation__owner__email")
    def owner(self, message: Message) -> str:
        return message.conversation.owner.email
