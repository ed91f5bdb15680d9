"""The review log in the admin, read-only."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from flashcards.admin import filters
from flashcards.admin.display import beginning, link
from flashcards.admin.rows import SEARCH_WORDS, RowQuery, StoreAdmin, parsed_id
from flashcards.models import StoredReviewLog
from flashcards.store import cards, review_logs

# The most cards whose reviews a search by words shows.
CARDS_AT_MOST = 500


@admin.register(StoredReviewLog)
class StoredReviewLogAdmin(StoreAdmin[StoredReviewLog]):
    list_display = (
        "reviewed_at", "owner", "card", "kind", "rating", "state_before", "state_after",
        "interval", "seconds",
    )  # fmt: skip
    list_filter = (
        filters.OwnerFilter,
        filters.CardFilter,
        filters.LogKindFilter,
        filters.RatingFilter,
        filters.ReviewedFilter,
    )
    # Declared so that the admin shows a search box; get_search_results asks the repository.
    search_fields = ("flashcard_id",)
    search_help_text = "Words of a card, or the id of a card or a review"
    ordering = ("-reviewed_at",)
    fieldsets = (
        (None, {"fields": ("owner", "card", "reviewed_at", "kind", "rating", "seconds", "undoes")}),
        ("Before", {"fields": ("state_before", "stability_before", "difficulty_before")}),
        ("After", {"fields": ("state_after", "stability_after", "difficulty_after")}),
        ("Interval", {"fields": ("elapsed_days", "scheduled_days")}),
        ("Kept by the store", {"fields": ("id", "flashcard_id", "sequence")}),
    )
    readonly_fields = (
        "owner", "card", "reviewed_at", "kind", "rating", "seconds", "undoes", "state_before",
        "stability_before", "difficulty_before", "state_after", "stability_after",
        "difficulty_after", "elapsed_days", "scheduled_days", "id", "flashcard_id", "sequence",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> RowQuery[StoredReviewLog]:  # type: ignore[override] # the repository stands where a QuerySet would
        complete = _add_questions if _may_see_cards(request) else None
        return RowQuery(review_logs.all_owners(), StoredReviewLog, complete)

    def get_search_results(  # type: ignore[override] # as above
        self, request: HttpRequest, queryset: RowQuery[StoredReviewLog], search_term: str
    ) -> tuple[RowQuery[StoredReviewLog], bool]:
        words = search_term.split()[:SEARCH_WORDS]
        if not words:
            return queryset, False
        wanted = parsed_id(search_term)
        if wanted is not None:
            one = queryset.filter(id=wanted)
            return (one if one.count() else queryset.filter(flashcard_id=wanted)), False
        if not _may_see_cards(request):
            # Who may not see cards may not find out their words by a search either.
            return queryset.none(), False
        chosen = cards.all_owners().with_deleted().containing(words)
        found = [card.id for card in chosen[: CARDS_AT_MOST + 1]]
        if len(found) > CARDS_AT_MOST:
            self.message_user(
                request,
                f"More than {CARDS_AT_MOST} cards have these words: the reviews of the first "
                f"{CARDS_AT_MOST} are shown. Add a word for fewer.",
                messages.WARNING,
            )
        return queryset.filter(flashcard_id__in=found[:CARDS_AT_MOST]), False

    @admin.display(description="owner")
    def owner(self, log: StoredReviewLog) -> str:
        if not log.owner_email:
            return "(deleted)"
        return link(log.owner_email, "admin:accounts_user_change", log.owner_id)

    @admin.display(description="flashcard")
    def card(self, log: StoredReviewLog) -> str:
        text = beginning(log.question) or str(log.flashcard_id)
        return link(text, "admin:flashcards_storedflashcard_change", log.flashcard_id)

    @admin.display(description="seconds", ordering="duration_ms")
    def seconds(self, log: StoredReviewLog) -> str:
        return f"{log.duration_ms / 1000:.1f}"

    @admin.display(description="interval", ordering="scheduled_days")
    def interval(self, log: StoredReviewLog) -> str:
        days = log.scheduled_days
        return f"{days:.0f} days" if days >= 1.5 else f"{days * 24 * 60:.0f} minutes"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _may_see_cards(request: HttpRequest) -> bool:
    return request.user.has_perm("flashcards.view_storedflashcard") or request.user.has_perm(
        "flashcards.change_storedflashcard"
    )


def _add_questions(rows: Sequence[StoredReviewLog]) -> None:
    """Add the card's question to each row: one read for all of them."""
    found = cards.all_owners().with_deleted()
    questions = {
        card.id: card.question for card in found.filter(id__in=list({r.flashcard_id for r in rows}))
    }
    for row in rows:
        row.question = questions.get(row.flashcard_id, "")
