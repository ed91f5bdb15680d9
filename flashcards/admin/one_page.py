"""A page of the admin in place of a list, for a model with one row that nobody edits."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

Row = TypeVar("Row", bound=Model)


class OnePageAdmin(admin.ModelAdmin[Row]):
    """Shows `page_template` with what `page` returns, and has a view for each of its buttons."""

    page_title: ClassVar[str]
    page_template: ClassVar[str]

    def page(self) -> Mapping[str, Any]:
        """Return what the template shows."""
        return {}

    def buttons(self) -> Mapping[str, Callable[..., HttpResponse]]:
        """Return the views of the buttons, by what their addresses end in."""
        return {}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        names = f"{self.opts.app_label}_{self.opts.model_name}"
        guarded = self.admin_site.admin_view
        return [
            path("", guarded(self.changelist_view), name=f"{names}_changelist"),
            *(
                path(f"{name}/", guarded(view), name=f"{names}_{name}")
                for name, view in self.buttons().items()
            ),
        ]

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": self.page_title,
            "opts": self.opts,
            **self.page(),
        }
        return TemplateResponse(request, self.page_template, context)
