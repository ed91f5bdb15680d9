"""The state of the store in the admin: its tables, the journal, and a checkpoint on demand."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from flashcards import store
from flashcards.admin.one_page import OnePageAdmin
from flashcards.models import JournalEntry, StoreVersions
from flashcards.store import Checkpoint, StoreError

PANEL = "admin:flashcards_storeversions_changelist"


@admin.register(StoreVersions)
class StorePanel(OnePageAdmin[StoreVersions]):
    page_title = "Card store"
    page_template = "admin/flashcards/store.html"

    def page(self) -> Mapping[str, Any]:
        return {"status": store.status()}

    def buttons(self) -> Mapping[str, Callable[..., HttpResponse]]:
        return {"checkpoint": self.checkpoint_view}

    @method_decorator(require_POST)
    def checkpoint_view(self, request: HttpRequest) -> HttpResponse:
        """Move one batch of the journal at an administrator's request, who waits for it."""
        if not request.user.is_superuser:
            raise PermissionDenied
        try:
            done = store.checkpoint()
        except StoreError as error:
            messages.error(request, str(error))
        else:
            _say(request, done)
        return HttpResponseRedirect(reverse(PANEL))


def _say(request: HttpRequest, done: Checkpoint) -> None:
    if done.busy:
        messages.warning(request, "Another process is making a checkpoint; nothing was done here.")
    elif not done.entries:
        messages.info(request, "Nothing was pending.")
    else:
        messages.success(
            request,
            f"{done.entries:,} changes moved in {done.seconds:.2f} seconds: {done.cards:,} cards, "
            f"{done.logs:,} reviews, {done.erased_owners:,} owners erased.",
        )


@admin.register(JournalEntry)
class JournalEntryAdmin(admin.ModelAdmin[JournalEntry]):
    """Pending changes, for superusers only: they show what learners wrote."""

    list_display = ("id", "kind", "owner_id", "card_id", "with_review", "created_at")
    list_filter = ("kind", "created_at")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("=owner_id", "=card_id")
    search_help_text = "The id of an owner or of a card"
    ordering = ("-id",)
    fields = readonly_fields = ("id", "kind", "owner_id", "card_id", "created_at", "card", "log")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("vector")

    @admin.display(description="with a review", boolean=True)
    def with_review(self, entry: JournalEntry) -> bool:
        return entry.log is not None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
