"""The admin's change list over the store's repository, in place of a QuerySet."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, cast, overload

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.models import User
from flashcards.models.admin_rows import StoreRow
from flashcards.store import OwnerGone, Query, StoreError

Row = TypeVar("Row", bound=StoreRow)
# More words in one search hardly narrow it, and each costs a pass over the texts.
SEARCH_WORDS = 20


class RowQuery(Generic[Row]):
    """A query of the repository that returns the admin's rows.

    It has what Django's change list, paginator and actions ask of a QuerySet, and no more.
    Reading it costs what the query costs, and one SQL query for the owners' addresses.
    """

    # The repository always ends in a declared order; the paginator asks.
    ordered = True

    def __init__(
        self,
        query: Query[Any],
        row: type[Row],
        complete: Callable[[Sequence[Row]], None] | None = None,
    ) -> None:
        self.query = query
        self._row = row
        self._complete = complete
        self._rows: list[Row] | None = None

    def with_query(self, query: Query[Any]) -> "RowQuery[Row]":
        return RowQuery(query, self._row, self._complete)

    def filter(self, **conditions: Any) -> "RowQuery[Row]":
        """Return the rows for which all conditions hold; `pk__in` takes ids as text."""
        if "pk__in" in conditions:
            ids = (parsed_id(value) for value in conditions.pop("pk__in"))
            conditions["id__in"] = [value for value in ids if value is not None]
        return self.with_query(self.query.filter(**conditions))

    def order_by(self, *fields: str) -> "RowQuery[Row]":
        names = ("id" if f == "pk" else "-id" if f == "-pk" else f for f in fields)
        return self.with_query(self.query.order_by(*names))

    def none(self) -> "RowQuery[Row]":
        return self.with_query(self.query.none())

    def _clone(self) -> "RowQuery[Row]":
        return self.with_query(self.query.all())

    def count(self) -> int:
        return self.query.count()

    def get(self, object_id: uuid.UUID) -> Row:
        """Return the row with this id. Raises DoesNotExist."""
        return self._made([self.query.get(id=object_id)])[0]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    @overload
    def __getitem__(self, key: int) -> Row: ...
    @overload
    def __getitem__(self, key: slice) -> "RowQuery[Row]": ...
    def __getitem__(self, key: int | slice) -> "Row | RowQuery[Row]":
        if isinstance(key, slice):
            return self.with_query(self.query[key])
        return self._read()[key]

    def _read(self) -> list[Row]:
        if self._rows is None:
            self._rows = self._made(list(self.query))
        return self._rows

    def _made(self, records: Sequence[Any]) -> list[Row]:
        rows = [self._row.of(record) for record in records]
        owners = User.objects.filter(pk__in={row.owner_id for row in rows})
        emails = dict(owners.values_list("pk", "email")) if rows else {}
        for row in rows:
            row.owner_email = emails.get(row.owner_id, "")
        if self._complete is not None and rows:
            self._complete(rows)
        return rows


class RowChangeList(ChangeList):
    """A change list whose queryset is a RowQuery: filters and search narrow the repository's."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        self.filter_specs, self.has_filters, rest, _, self.has_active_filters = self.get_filters(
            request
        )
        if rest:
            # Only declared filters narrow the list.
            raise IncorrectLookupParameters(f"Nothing is filtered by {', '.join(sorted(rest))}.")
        rows = self.root_queryset
        for spec in self.filter_specs:
            narrowed = spec.queryset(request, rows)
            rows = rows if narrowed is None else narrowed
        rows = rows.order_by(*self.get_ordering(request, rows))
        rows, _ = self.model_admin.get_search_results(request, rows, self.query)
        self.clear_all_filters_qs = self.get_query_string(remove=list(self.get_filters_params()))
        return rows

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        return super().get_ordering(request, QuerySet(self.model))

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if request.method != "POST":
            # Read now, not in the template: `_answer` handles errors of the store.
            len(cast("Any", self.result_list))


class StoreAdmin(admin.ModelAdmin[Row], Generic[Row]):
    """Rows of the store, read-only. Subclasses allow changes."""

    list_per_page = 50
    list_max_show_all = 200
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RowChangeList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Row | None:
        row_id = parsed_id(object_id)
        if row_id is None:
            return None
        try:
            return cast("RowQuery[Row]", self.get_queryset(request)).get(row_id)
        except ObjectDoesNotExist:
            return None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._answer(request, super().changelist_view, request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return self._answer(
            request, super().changeform_view, request, object_id, form_url, extra_context
        )

    def _answer(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *arguments: Any
    ) -> HttpResponse:
        """Return the view's response, or a page that explains why the store cannot be read."""
        try:
            return view(*arguments)
        except (ObjectDoesNotExist, OwnerGone):
            self.message_user(
                request, "It was deleted in the meantime. Nothing was changed.", messages.WARNING
            )
            return HttpResponseRedirect(self.changelist_url())
        except StoreError as error:
            context = {
                **self.admin_site.each_context(request),
                "title": "The card store cannot be read",
                "opts": self.opts,
                "sentence": str(error),
            }
            template = "admin/flashcards/unreadable.html"
            return TemplateResponse(request, template, context, status=503)

    def changelist_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")


def parsed_id(value: object) -> uuid.UUID | None:
    """Return an id that came as text; None for an invalid one."""
    try:
        return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
    except ValueError:
        return None
