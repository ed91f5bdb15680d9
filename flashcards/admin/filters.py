"""Filters of the admin's lists of cards and reviews."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from flashcards.admin.rows import parsed_id
from flashcards.domain.records import Kind, LogKind, Rating
from flashcards.models.admin_rows import STATES

# The most owners that a part of an address may match.
OWNERS_AT_MOST = 1_000


class TextFilter(admin.SimpleListFilter):
    """A filter with a text field instead of choices."""

    template = "admin/flashcards/text_filter.html"
    placeholder = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        # Not shown; the admin hides a filter without choices.
        return [("", "")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Yield what the template needs: the other parameters of the query."""
        yield {
            "name": self.parameter_name,
            "value": self.value() or "",
            "placeholder": self.placeholder,
            "kept": [
                (name, value)
                for name, values in changelist.filter_params.items()
                if name != self.parameter_name
                for value in values
            ],
            "clear": changelist.get_query_string(remove=[str(self.parameter_name)]),
        }

    def value(self) -> str | None:
        text = super().value()
        return text.strip() if text else None


class OwnerFilter(TextFilter):
    title = "owner"
    parameter_name = "owner"
    placeholder = "Email address, or part of it"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        text = self.value()
        if not text:
            return None
        users = User.objects.order_by("email")
        exactly = users.filter(email__iexact=text).values_list("pk", flat=True)
        owners = list(
            exactly
            or users.filter(email__icontains=text).values_list("pk", flat=True)[
                : OWNERS_AT_MOST + 1
            ]
        )
        if len(owners) > OWNERS_AT_MOST:
            messages.warning(
                request,
                f"More than {OWNERS_AT_MOST:,} owners have “{text}” in their address: "
                "write more of it.",
            )
            return queryset.none()
        return queryset.filter(owner_id__in=owners)


class IdFilter(TextFilter):
    """A filter by an id in a column."""

    placeholder = "Id"
    column = ""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return None
        wanted = parsed_id(self.value())
        return queryset.none() if wanted is None else queryset.filter(**{self.column: wanted})


class MessageFilter(IdFilter):
    title = "source message"
    parameter_name = "message"
    column = "message_id"


class CardFilter(IdFilter):
    title = "flashcard"
    parameter_name = "card"
    column = "flashcard_id"


class ValueFilter(admin.SimpleListFilter):
    """A choice among the values of a column."""

    values: ClassVar[list[tuple[Any, str]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), label) for value, label in self.values]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        for value, _ in self.values:
            if str(value) == self.value():
                return queryset.filter(**{str(self.parameter_name): value})
        return None


class KindFilter(ValueFilter):
    title = "kind"
    parameter_name = "kind"
    values = [(kind.value, kind.name.title()) for kind in Kind]


class StateFilter(ValueFilter):
    title = "state"
    parameter_name = "state"
    values = STATES


class LogKindFilter(ValueFilter):
    title = "kind"
    parameter_name = "kind"
    values = [(kind.value, kind.name.title()) for kind in LogKind]


class RatingFilter(ValueFilter):
    title = "rating"
    parameter_name = "rating"
    values = [(rating.value, rating.name.title()) for rating in Rating]


class YesNoFilter(admin.SimpleListFilter):
    """Yes or no; `conditions` are the store's for each."""

    conditions: ClassVar[dict[str, dict[str, Any]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        wanted = self.conditions.get(self.value() or "")
        return None if wanted is None else queryset.filter(**wanted)


class SuspendedFilter(YesNoFilter):
    title = "suspended"
    parameter_name = "suspended"
    conditions = {"yes": {"suspended": True}, "no": {"suspended": False}}


class BinFilter(YesNoFilter):
    title = "in the trash"
    parameter_name = "deleted"
    conditions = {"yes": {"deleted_at__isnull": False}, "no": {"deleted_at__isnull": True}}


class EmbeddedFilter(YesNoFilter):
    title = "has an embedding"
    parameter_name = "embedded"
    conditions = {"yes": {"embedding_model__gt": ""}, "no": {"embedding_model": ""}}


class DueFilter(admin.SimpleListFilter):
    title = "due"
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("now", "Now"),
            ("day", "Within the next 24 hours"),
            ("week", "Within the next 7 days"),
            ("later", "Later than that"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        now = timezone.now()
        week = now + timedelta(days=7)
        conditions: dict[str | None, dict[str, Any]] = {
            "now": {"due__lte": now},
            "day": {"due__gt": now, "due__lte": now + timedelta(days=1)},
            "week": {"due__gt": now, "due__lte": week},
            "later": {"due__gt": week},
        }
        wanted = conditions.get(self.value())
        return None if wanted is None else queryset.filter(**wanted)


class PastFilter(admin.SimpleListFilter):
    """A filter by the greatest age of a time."""

    column = ""
    DAYS: ClassVar[dict[str, tuple[int, str]]] = {
        "day": (1, "Past 24 hours"),
        "week": (7, "Past 7 days"),
        "month": (30, "Past 30 days"),
        "year": (365, "Past 365 days"),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, label) for key, (_, label) in self.DAYS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in self.DAYS:
            return None
        days, _ = self.DAYS[str(self.value())]
        return queryset.filter(**{f"{self.column}__gte": timezone.now() - timedelta(days=days)})


class CreatedFilter(PastFilter):
    title = "created"
    parameter_name = "created"
    column = "created_at"


class ReviewedFilter(PastFilter):
    title = "reviewed"
    parameter_name = "reviewed"
    column = "reviewed_at"
