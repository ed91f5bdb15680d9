"""The admin of users, keys, endpoints and throttling. No key is shown, not even encrypted."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest

from accounts.models import ApiKey, EmailChange, Endpoint, LogInAttempts, User
from accounts.web.forms.accounts import AdminLogInForm, UserAddForm, UserEditForm

admin.site.site_header = "MemoryLoop"
admin.site.site_title = "MemoryLoop"
admin.site.index_title = "Administration"
admin.site.login_form = AdminLogInForm


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User]):
    form = UserEditForm
    add_form = UserAddForm
    list_display = ("email", "name", "time_zone", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "date_joined")
    search_fields = ("email", "name")
    ordering = ("email",)
    date_hierarchy = "date_joined"
    readonly_fields = ("date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Profile", {"fields": ("name", "time_zone")}),
        (
            "Permissions",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "name", "usable_password", "password1", "password2"),
            },
        ),
    )


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin[ApiKey]):
    """Shows a key's hint and status. A key can only be deleted."""

    fields = readonly_fields = (
        "owner",
        "provider",
        "hint",
        "model",
        "status",
        "tested_at",
        "created_at",
        "updated_at",
    )
    list_display = ("hint", "owner", "provider", "status", "tested_at", "updated_at")
    list_filter = ("provider", "status")
    list_select_related = ("owner",)
    search_fields = ("owner__email", "hint")
    ordering = ("owner__email",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Endpoint)
class EndpointAdmin(admin.ModelAdmin[Endpoint]):
    """Shows the address and status of a learner's server. An endpoint can only be deleted."""

    fields = readonly_fields = (
        "owner",
        "label",
        "base_url",
        "hint",
        "model",
        "comes_first",
        "status",
        "tested_at",
        "created_at",
        "updated_at",
    )
    list_display = ("label", "owner", "base_url", "hint", "model", "status", "updated_at")
    list_filter = ("status",)
    list_select_related = ("owner",)
    search_fields = ("owner__email", "base_url", "label")
    ordering = ("owner__email",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(EmailChange)
class EmailChangeAdmin(admin.ModelAdmin[EmailChange]):
    """Shows the pending changes of address. Deleting one makes its links invalid."""

    fields = readonly_fields = (
        "owner",
        "old_email",
        "new_email",
        "old_confirmed_at",
        "new_confirmed_at",
        "created_at",
        "expires_at",
    )
    list_display = ("old_email", "new_email", "created_at", "expires_at")
    list_select_related = ("owner",)
    search_fields = ("old_email", "new_email")
    ordering = ("-created_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(LogInAttempts)
class LogInAttemptsAdmin(admin.ModelAdmin[LogInAttempts]):
    list_display = ("key", "failures", "window_started_at")
    ordering = ("-window_started_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
