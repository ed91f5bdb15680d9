"""Flashcards in the admin. Every change goes through the services and the journal."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from flashcards.admin import filters
from flashcards.admin.display import beginning, link
from flashcards.admin.forms import StoredFlashcardForm
from flashcards.admin.rows import SEARCH_WORDS, RowQuery, StoreAdmin, parsed_id
from flashcards.cards import batch, notes
from flashcards.cards.cards import delete_card, restore_card, set_suspended, set_tags
from flashcards.domain.records import Flashcard
from flashcards.models import StoredFlashcard
from flashcards.store import cards

WORDS = ("question", "answer", "extra")


@admin.register(StoredFlashcard)
class StoredFlashcardAdmin(StoreAdmin[StoredFlashcard]):
    form = StoredFlashcardForm
    change_form_template = "admin/flashcards/card.html"
    delete_confirmation_template = "admin/flashcards/delete_card.html"
    list_display = (
        "beginning", "owner", "kind", "state", "due", "reps", "lapses", "suspended", "deleted_at",
    )  # fmt: skip
    list_filter = (
        filters.OwnerFilter,
        filters.MessageFilter,
        filters.StateFilter,
        filters.KindFilter,
        filters.DueFilter,
        filters.CreatedFilter,
        filters.SuspendedFilter,
        filters.BinFilter,
        filters.EmbeddedFilter,
    )
    # Declared so that the admin shows a search box; get_search_results asks the repository.
    search_fields = ("question", "answer", "extra")
    search_help_text = "Words of the question, answer or note, or the id of a card"
    ordering = ("-created_at",)
    actions = ("suspend_cards", "resume_cards", "delete_cards", "restore_cards")
    fieldsets = (
        (None, {"fields": (*WORDS, "tags", "suspended")}),
        ("Origin", {"fields": ("owner", "message", "created_at", "edited_at", "deleted_at")}),
        (
            "Schedule",
            {
                "fields": (
                    "state", "step", "due", "buried_until", "last_review", "stability",
                    "difficulty", "reps", "lapses", "reviews",
                )
            },
        ),
        ("Kept by the store", {"fields": ("id", "note_id", "kind", "ordinal", "embedding_model")}),
    )  # fmt: skip
    readonly_fields = (
        "owner", "message", "created_at", "edited_at", "deleted_at", "state", "step", "due",
        "buried_until", "last_review", "stability", "difficulty", "reps", "lapses", "reviews",
        "id", "note_id", "kind", "ordinal", "embedding_model",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> RowQuery[StoredFlashcard]:  # type: ignore[override] # the repository stands where a QuerySet would
        return RowQuery(cards.all_owners().with_deleted(), StoredFlashcard)

    def get_search_results(  # type: ignore[override] # as above
        self, request: HttpRequest, queryset: RowQuery[StoredFlashcard], search_term: str
    ) -> tuple[RowQuery[StoredFlashcard], bool]:
        card_id = parsed_id(search_term)
        if card_id is not None:
            return queryset.filter(id=card_id), False
        words = search_term.split()
        if len(words) > SEARCH_WORDS:
            self.message_user(
                request, f"Only the first {SEARCH_WORDS} words were searched for.", messages.WARNING
            )
        return queryset.with_query(queryset.query.containing(words[:SEARCH_WORDS])), False

    # Columns and fields

    @admin.display(description="question", ordering="question")
    def beginning(self, card: StoredFlashcard) -> str:
        return beginning(card.question) or "(nothing)"

    @admin.display(description="owner")
    def owner(self, card: StoredFlashcard) -> str:
        if not card.owner_email:
            return "(deleted)"
        return link(card.owner_email, "admin:accounts_user_change", card.owner_id)

    @admin.display(description="source message")
    def message(self, card: StoredFlashcard) -> str:
        if card.message_id is None:
            return "None"
        place = "the message"
        if card.source_start is not None:
            place = f"characters {card.source_start} to {card.source_end} of the message"
        return link(place, "admin:chat_message_change", card.message_id)

    @admin.display(description="reviews")
    def reviews(self, card: StoredFlashcard) -> str:
        count = "one row" if card.sequence == 1 else f"{card.sequence} rows"
        return link(
            f"{count} in the log", "admin:flashcards_storedreviewlog_changelist", card=card.pk
        )

    # Changing one card

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A card in the trash must be restored before it is edited.
        return super().has_change_permission(request, obj) and not _in_trash(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not _in_trash(obj)

    def save_model(
        self, request: HttpRequest, obj: StoredFlashcard, form: Any, change: bool
    ) -> None:
        """Save the changed fields by the services, in the admin's transaction."""
        owner_id, card_id, now = obj.owner_id, obj.pk, timezone.now()
        changed = set(form.changed_data)
        if set(WORDS) & changed:
            notes.edit_note(
                owner_id=owner_id,
                note_id=obj.note_id,
                question=obj.question,
                answer=obj.answer,
                extra=obj.extra,
                tags=obj.tags if "tags" in changed else None,
                now=now,
            )
        elif "tags" in changed:
            set_tags(owner_id=owner_id, card_id=card_id, tags=obj.tags, now=now)
        if "suspended" in changed:
            set_suspended(owner_id=owner_id, card_id=card_id, suspended=obj.suspended)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._answer(request, super().delete_view, request, object_id, extra_context)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Return the cards themselves: nothing else is deleted with them."""
        names = [str(card) for card in objs]
        return names, {str(self.opts.verbose_name_plural): len(names)}, set(), []

    def delete_model(self, request: HttpRequest, obj: StoredFlashcard) -> None:
        delete_card(owner_id=obj.owner_id, card_id=obj.pk, now=timezone.now())

    def get_urls(self) -> list[URLPattern]:
        restore = self.admin_site.admin_view(self.restore_view)
        name = "flashcards_storedflashcard_restore"
        return [path("<path:object_id>/restore/", restore, name=name), *super().get_urls()]

    @method_decorator(require_POST)
    def restore_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._answer(request, self._restore, request, object_id)

    def _restore(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not super().has_delete_permission(request):
            raise PermissionDenied
        card = self.get_object(request, object_id)
        if card is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined, no-any-return] # Django's own answer to an unknown id
        if _in_trash(card):
            restore_card(owner_id=card.owner_id, card_id=card.pk)
            self.log_change(request, card, "Restored from the trash.")
            self.message_user(request, "The flashcard is restored from the trash.")
        return HttpResponseRedirect(
            reverse("admin:flashcards_storedflashcard_change", args=[card.pk])
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        may_delete = super().has_delete_permission(request)
        context["can_restore"] = may_delete and _in_trash(context.get("original"))
        return super().render_change_form(request, context, *args, **kwargs)

    # Changing many cards

    @admin.action(description="Suspend the selected flashcards", permissions=["change"])
    def suspend_cards(self, request: HttpRequest, rows: RowQuery[StoredFlashcard]) -> None:
        self._report(request, batch.suspend_cards(rows.query), "suspended", CHANGE)

    @admin.action(
        description="Let the selected flashcards back into review", permissions=["change"]
    )
    def resume_cards(self, request: HttpRequest, rows: RowQuery[StoredFlashcard]) -> None:
        self._report(request, batch.resume_cards(rows.query), "let back into review", CHANGE)

    @admin.action(description="Move the selected flashcards to the trash", permissions=["delete"])
    def delete_cards(self, request: HttpRequest, rows: RowQuery[StoredFlashcard]) -> None:
        deleted = batch.delete_cards(rows.query, now=timezone.now())
        self._report(request, deleted, "moved to the trash", DELETION)

    @admin.action(description="Restore the selected flashcards", permissions=["delete"])
    def restore_cards(self, request: HttpRequest, rows: RowQuery[StoredFlashcard]) -> None:
        self._report(request, batch.restore_cards(rows.query), "restored from the trash", CHANGE)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        # Django's own action deletes with the ORM.
        actions.pop("delete_selected", None)
        return actions

    def _report(self, request: HttpRequest, changed: list[Flashcard], done: str, flag: int) -> None:
        """Show how many cards were changed, and write it to the admin's log."""
        if not changed:
            self.message_user(request, "That changed nothing.", messages.WARNING)
            return
        rows = [StoredFlashcard.of(card) for card in changed]
        LogEntry.objects.log_actions(str(request.user.pk), rows, flag, f"{done.capitalize()}.")
        count = "One flashcard was" if len(rows) == 1 else f"{len(rows):,} flashcards were"
        self.message_user(request, f"{count} {done}.")


def _in_trash(card: StoredFlashcard | None) -> bool:
    return card is not None and card.deleted_at is not None
