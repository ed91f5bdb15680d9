"""Draft batches in the admin, to view and to delete."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from flashcards.admin.display import link
from flashcards.models import DraftBatch


@admin.register(DraftBatch)
class DraftBatchAdmin(admin.ModelAdmin[DraftBatch]):
    list_display = (
        "created_at",
        "owner",
        "status",
        "drafts_count",
        "provider",
        "model",
        "updated_at",
    )
    list_filter = ("status", "provider", "created_at")
    list_select_related = ("owner",)
    list_per_page = 50
    search_fields = ("owner__email", "=id", "=message__id")
    search_help_text = "A part of the owner's email address, or the id of a batch or a message"
    ordering = ("-created_at", "id")
    fields = readonly_fields = (
        "owner", "origin_link", "status", "error", "note", "sections_done", "sections",
        "provider", "model", "created_at", "updated_at", "proposed",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> "QuerySet[DraftBatch]":
        return super().get_queryset(request).annotate(counted=Count("drafts"))

    @admin.display(description="drafts", ordering="counted")
    def drafts_count(self, batch: DraftBatch) -> int:
        return batch.counted  # type: ignore[attr-defined, no-any-return] # annotated above

    @admin.display(description="made from")
    def origin_link(self, batch: DraftBatch) -> str:
        if batch.message_id is None:
            return f"{'document' if batch.document_id else 'card'} {batch.origin_id}"
        return link(str(batch.message_id), "admin:chat_message_change", batch.message_id)

    @admin.display(description="drafts")
    def proposed(self, batch: DraftBatch) -> str:
        """Return the drafts as text. The admin escapes it and breaks the lines."""
        return "\n\n".join(
            f"{d.position + 1}. {d.get_decision_display()}: {d.question}\n{d.answer}"
            for d in batch.drafts.all()
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
